"""What lies in a folder of class folders: splits, classes, photographs, and what is none; nothing is opened."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from reslab.data.photo import PHOTO_SUFFIXES
from reslab.errors import DataError, no_text

SPLITS = {  # what their folders may be called, in any case
    "train": ("train", "training", "training_set", "trainset", "train_set"),
    "val": ("val", "valid", "validation", "validation_set", "valset", "val_set"),
    "test": ("test", "testing", "test_set", "testset"),
}
SPLIT_FOLDERS = {name: split for split, names in SPLITS.items() for name in names}
_SYSTEM = {"__MACOSX"}  # written by other programs and no class; hidden folders are left out too


class SplitFolder(NamedTuple):
    """What lies in the folder of one split, or in the data set's own where it has none; or what a table says of it."""

    place: Path  # the folder, or the table
    photos: dict[str, list[str]]  # class name -> paths relative to the data set's folder, sorted
    ignored: list[str]  # files in class folders that are no photographs, relative to the data set's folder, as below
    hidden: list[str]  # files and folders that are hidden, or written by other programs
    loose: list[str]  # photographs in no class folder
    broken: list[str]  # links that lead nowhere, or to themselves
    special: list[str]  # pipes, sockets and devices: opening one may wait for ever
    named: bool  # does a folder of its own, or a column of a table, say which split this is?
    missing: tuple[str, ...] = ()  # what a table names and is not there, as it says
    unlabelled: tuple[str, ...] = ()  # what a table names without a class
    taken: str = ""  # which of its columns were taken, where their names did not tell

    def without(self, classes: list[str]) -> "SplitFolder":
        """The same but for folders of these classes that hold no photograph."""
        return self._replace(photos={name: p for name, p in self.photos.items() if p or name not in classes})


Contents = Mapping[str, SplitFolder]  # of each split; without split folders, everything is in "train"


def scan_folder(folder: Path, training: bool = True) -> Contents:
    """What lies in `folder`, of which `index_folder` may refuse a part. DataError if its splits cannot be told.

    A folder that is only tested on (not `training`) may have test/ or val/ without train/.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    with legible():
        return {split: _scan(folder, place) for split, place in _split_places(folder, training).items()}


def unused_beside(folder: Path, contents: Contents) -> list[str]:
    """Names of the folders beside those of the splits, of which nothing is used."""
    places = {split.place for split in contents.values()}
    return [] if folder in places else sorted(place.name for place in folders(folder) if place not in places)


@contextmanager
def legible() -> Iterator[None]:
    """DataError, naming the place, where one may not be looked into."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from error


def _scan(root: Path, place: Path) -> SplitFolder:
    split = SplitFolder(place, {}, [], [], [], [], [], place != root)
    for path in sorted(place.iterdir()):
        if not is_seen(path.name):
            split.hidden.append(path.relative_to(root).as_posix())
        elif is_photo(path.name) and path.is_file():
            split.loose.append(path.relative_to(root).as_posix())
        elif _leads_nowhere(path):
            split.broken.append(path.relative_to(root).as_posix())
        elif not path.is_file() and not path.is_dir():
            split.special.append(path.relative_to(root).as_posix())
    above = frozenset({root.resolve(), place.resolve()})  # a link back to these leads to the other classes
    for name in sorted(folder.name for folder in folders(place)):
        broken: list[Path] = []
        special: list[Path] = []
        files = sorted(path.relative_to(root).as_posix() for path in walk(place / name, broken, special, above))
        seen = [path for path in files if is_seen(_name(path))]
        split.photos[name] = [path for path in seen if is_photo(path)]
        split.ignored.extend(path for path in seen if not is_photo(path))
        split.hidden.extend(path for path in files if not is_seen(_name(path)))
        split.broken.extend(sorted(path.relative_to(root).as_posix() for path in broken))
        split.special.extend(sorted(path.relative_to(root).as_posix() for path in special))
        _refuse_unwritable([name, *split.photos[name]], place)
    return split


def _refuse_unwritable(names: list[str], place: Path) -> None:
    """A name that is no text (Latin-1 bytes on Linux) can be written into no JSON and no model file."""
    for name in names:
        if shown := no_text(name):
            raise DataError(f"{place}: the name {shown} is not UTF-8; rename it")


def _split_places(folder: Path, training: bool) -> dict[str, Path]:
    """Split name -> its folder. A class may be called "train": what makes a split folder is folders in it."""
    places: dict[str, Path] = {}
    for place in sorted(folders(folder)):
        split = SPLIT_FOLDERS.get(place.name.lower())
        if split is None or not folders(place):
            continue
        if split in places:
            raise DataError(
                f"{folder}: has both {places[split].name}/ and {place.name}/ for the {split} split; "
                "put their photographs into one of them, or take one away"
            )
        places[split] = place
    beside = _beside(folder)
    lonely = [p for p in places.values() if not beside or beside & {inner.name for inner in folders(p)}]
    if training and lonely and "train" not in places:
        raise DataError(
            f"{folder}: has {lonely[0].name}/ but no train/; put the class folders to learn from into train/"
        )
    if "train" in places or lonely:
        return {split: places[split] for split in SPLITS if split in places}
    return {"train": folder}


def _beside(folder: Path) -> set[str]:
    """Names of the folders that are not called like a split."""
    return {place.name for place in folders(folder) if place.name.lower() not in SPLIT_FOLDERS}


def is_photo(name: str) -> bool:
    """Has it the suffix of a picture that Pillow reads, in whatever case?"""
    return os.path.splitext(name)[1].lower() in PHOTO_SUFFIXES  # noqa: PTH122 - a path object a file is slow


def folders(place: Path) -> list[Path]:
    """Those in `place` that are not hidden, in no order."""
    return [path for path in place.iterdir() if is_seen(path.name) and path.is_dir()]


def walk(place: Path, broken: list[Path], special: list[Path], above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """Every file below `place`, and hidden folders, unopened; links are followed, but not in circles nor `above`.

    Links that lead nowhere are added to `broken`; what is neither file nor folder to `special`. Folders `above` are
    real paths.
    """
    here = place.resolve()
    if here in above:
        return
    with os.scandir(place) as entries:
        for entry in entries:
            if not is_seen(entry.name):
                yield Path(entry.path)
            elif entry.is_symlink() and _leads_nowhere(Path(entry.path)):
                broken.append(Path(entry.path))
            elif entry.is_file():
                yield Path(entry.path)
            elif entry.is_dir():
                yield from walk(Path(entry.path), broken, special, above | {here})
            else:
                special.append(Path(entry.path))


def _leads_nowhere(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def is_seen(name: str) -> bool:
    """Is it neither hidden nor written by another program?"""
    return not name.startswith(".") and name not in _SYSTEM
