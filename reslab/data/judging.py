"""Folders that are called as those for validation and testing are, and such rows of tables: what is in them judges.

Nothing is fitted to it.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from reslab.data.contents import SPLIT_FOLDERS, folders
from reslab.data.places import is_table
from reslab.data.table import scan_table


def for_judging(photos: Iterable[Path], place: Path, classes: Collection[str] = ()) -> set[Path]:
    """Which of the `photos` below the folder `place`, or of those `listed` in the table `place`, judge.

    DataError for a table whose columns of classes and splits are not clear.
    """
    if not is_table(place):
        return _in_folders(photos, place, classes)
    contents = scan_table(place, training=False)
    said = {
        place.parent / path
        for split in ("val", "test")
        if split in contents
        for paths in contents[split].photos.values()
        for path in paths
    }
    return _in_folders(photos, place.parent, classes) | said.intersection(photos)


def _in_folders(photos: Iterable[Path], folder: Path, classes: Collection[str] = ()) -> set[Path]:
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
