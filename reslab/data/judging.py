"""Folders that are called as those for validation and testing are: what is in them judges, nothing is fitted to it."""

from collections.abc import Collection, Iterable
from pathlib import Path

from reslab.data.contents import SPLIT_FOLDERS, folders


def in_judging_folders(photos: Iterable[Path], folder: Path, classes: Collection[str] = ()) -> set[Path]:
    """Which of the `photos` below `folder` lie in such a folder, at any depth; `folder` itself may be one.

    A folder with the name of one of the `classes` is that class, unless there are folders in it.
    """
    known: dict[Path, bool] = {}

    def judges(place: Path) -> bool:
        if place not in known:
            inside = place != folder and judges(place.parent)
            known[place] = inside or _is_split(place, classes)
        return known[place]

    return {photo for photo in photos if judges(photo.parent)}


def _is_split(place: Path, classes: Collection[str]) -> bool:
    name = place.resolve().name if place.name in ("", "..") else place.name
    if SPLIT_FOLDERS.get(name.lower()) not in ("val", "test"):
        return False
    return name not in classes or bool(folders(place))
