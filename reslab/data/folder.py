"""A folder of class folders as a data set: which photographs it holds, of which class, in which split."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from reslab.data.photo import PHOTO_SUFFIXES
from reslab.data.splits import stratified
from reslab.errors import DataError

SPLIT_FOLDERS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
SHARES = (80, 20)  # per cent for train and val, where the folder has no splits of its own
_SYSTEM = {"__MACOSX"}  # written by other programs and no class; hidden folders are left out too


@dataclass(frozen=True)
class FolderIndex:
    """Which files a folder data set consists of; a run writes it down to be judged on the same files for ever."""

    classes: tuple[str, ...]
    files: Mapping[str, tuple[str, ...]]  # of each split, paths relative to the folder, with /
    labels: Mapping[str, tuple[int, ...]]  # of each split, index into classes, one a file
    fingerprint: str  # of all paths and lengths in bytes, wherever the folder lies
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON or TOML. Notes belong to the moment and are left out."""
        return {
            "classes": list(self.classes),
            "files": {split: list(files) for split, files in self.files.items()},
            "labels": {split: list(labels) for split, labels in self.labels.items()},
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "FolderIndex":
        """Back from `to_dict`. DataError if it is no whole index."""
        try:
            files = {str(split): tuple(map(str, paths)) for split, paths in plain["files"].items()}
            labels = {str(split): tuple(map(int, numbers)) for split, numbers in plain["labels"].items()}
            index = cls(tuple(map(str, plain["classes"])), files, labels, str(plain["fingerprint"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(
                f"the written-down split of a folder is damaged ({type(error).__name__}: {error})"
            ) from error
        if {split: len(part) for split, part in files.items()} != {split: len(part) for split, part in labels.items()}:
            raise DataError("the written-down split of a folder is damaged (files and labels do not match)")
        return index


def index_folder(folder: Path, skip_empty: bool = False) -> FolderIndex:
    """Classes, files and splits of `folder`; without split folders, 80 % train and 20 % val, the same every time.

    DataError if there are fewer than two classes, an empty one (unless those are skipped), or a class that is not among
    the training classes.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    try:
        return _index(folder, skip_empty)
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from error


def _index(folder: Path, skip_empty: bool) -> FolderIndex:
    found = {split: _scan(folder, place) for split, place in _split_places(folder).items()}
    empty = _empty(found["train"]) if skip_empty else []
    if len(empty) < len(found["train"].photos):  # else there is nothing but empty folders, and the error says so
        found = {name: split.without(empty) for name, split in found.items()}
    classes = _classes(found["train"])
    numbers = {name: number for number, name in enumerate(classes)}
    files: dict[str, tuple[str, ...]] = {}
    labels: dict[str, tuple[int, ...]] = {}
    for name, split in found.items():
        _refuse_strangers(split, classes)
        files[name] = tuple(path for paths in split.photos.values() for path in paths)
        labels[name] = tuple(numbers[label] for label, paths in split.photos.items() for _ in paths)
    notes = _notes(folder, found)
    if empty:
        notes.append(f"left out, since no image that Pillow reads is in them: {', '.join(empty)}")
    if len(found) == 1:
        files, labels = _hold_out(files["train"], labels["train"])
        notes.append(f"no folder for val or test: {len(files['val']):,} of the images are held out as val")
    notes += [note for split in files if (note := _lacking(split, classes, labels[split]))]
    return FolderIndex(classes, files, labels, fingerprint(folder, files), tuple(notes))


def fingerprint(folder: Path, files: Mapping[str, tuple[str, ...]]) -> str:
    """12 hex digits that change when a file comes, goes, is renamed or changes its length. DataError if one is gone."""
    lines = []
    missing = []
    for path in sorted(path for paths in files.values() for path in paths):
        try:
            lines.append(f"{path}\0{(folder / path).stat().st_size}\n")
        except OSError:
            missing.append(path)
    if missing:
        raise DataError(f"{folder}: images of the data set are gone ({len(missing):,}), the first is {missing[0]}")
    return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest()[:12]


class _Split(NamedTuple):
    """What lies in the folder of one split (or in the data set's own, where it has none)."""

    place: Path
    photos: dict[str, list[str]]  # class name -> paths relative to the data set's folder, sorted
    ignored: int  # files that are no photographs

    def without(self, classes: list[str]) -> "_Split":
        """The same but for folders of these classes that hold no photograph."""
        return self._replace(photos={name: p for name, p in self.photos.items() if p or name not in classes})


def _scan(root: Path, place: Path) -> _Split:
    photos: dict[str, list[str]] = {}
    ignored = 0
    for name in sorted(folder.name for folder in _folders(place)):
        files = [path.relative_to(root).as_posix() for path in _files(place / name)]
        photos[name] = sorted(path for path in files if _is_photo(path))
        _refuse_unwritable([name, *photos[name]], place)
        ignored += len(files) - len(photos[name])
    return _Split(place, photos, ignored)


def _refuse_unwritable(names: list[str], place: Path) -> None:
    """A name that is no text (Latin-1 bytes on Linux) can be written into no JSON and no model file."""
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            readable = name.encode(errors="backslashreplace").decode()
            raise DataError(f"{place}: the name {readable} is not UTF-8; rename it") from error


def _split_places(folder: Path) -> dict[str, Path]:
    """Split name -> its folder. A class may be called "train": what makes a split folder is folders in it."""
    places: dict[str, Path] = {}
    for place in sorted(_folders(folder)):
        split = SPLIT_FOLDERS.get(place.name.lower())
        if split is None or not _folders(place):
            continue
        if split in places:
            raise DataError(f"{folder}: has both {places[split].name}/ and {place.name}/ for the {split} split")
        places[split] = place
    if "train" in places:
        return {split: places[split] for split in ("train", "val", "test") if split in places}
    beside = _beside(folder)
    for place in places.values():
        if not beside or beside & {inner.name for inner in _folders(place)}:
            raise DataError(
                f"{folder}: has {place.name}/ but no train/; put the class folders to learn from into train/"
            )
    return {"train": folder}


def _beside(folder: Path) -> set[str]:
    """Names of the folders that are not called like a split."""
    return {place.name for place in _folders(folder) if place.name.lower() not in SPLIT_FOLDERS}


def _classes(train: _Split) -> tuple[str, ...]:
    if not train.photos:
        loose = sum(_is_photo(path.name) for path in train.place.iterdir())
        what = f"has images ({loose:,}) but no class folder" if loose else "has no class folder"
        raise DataError(f"{train.place}: {what}; put the images of each class into a folder of their own")
    if empty := _empty(train):
        raise DataError(
            f"{train.place / empty[0]}: class folder without an image that Pillow reads{_more(empty)}; "
            f"put images into it, take it away, or leave it out with --on-bad skip"
        )
    if len(train.photos) < 2:
        name = next(iter(train.photos))
        raise DataError(f"{train.place}: holds one class only ({name}); a classifier needs two{_deeper(train, name)}")
    return tuple(train.photos)


def _empty(split: _Split) -> list[str]:
    """Classes without a photograph."""
    return [name for name, photos in split.photos.items() if not photos]


def _deeper(train: _Split, name: str) -> str:
    """The way out where the only class folder is a folder of class folders, as archives unpack."""
    place = train.place / name
    loose = any(_is_photo(path.name) for path in place.iterdir() if path.is_file())
    return f"; it holds folders itself: reslab train {place}" if not loose and _folders(place) else ""


def _lacking(split: str, classes: tuple[str, ...], labels: tuple[int, ...]) -> str | None:
    """What to say where a split has no image of some classes."""
    there = set(labels)
    missing = [name for number, name in enumerate(classes) if number not in there]
    if not missing:
        return None
    named = ", ".join(missing[:3]) + (" ..." if len(missing) > 3 else "")
    return f"{split} has no image of {len(missing):,} of the {len(classes):,} classes: {named}"


def _refuse_strangers(split: _Split, classes: tuple[str, ...]) -> None:
    strangers = [name for name in split.photos if name not in classes]
    if strangers:
        raise DataError(f"{split.place / strangers[0]}: this class is not among the training classes{_more(strangers)}")
    if not any(split.photos.values()):
        raise DataError(f"{split.place}: holds no image that Pillow reads")


def _more(names: list[str]) -> str:
    return f" (and {len(names) - 1:,} more such folders)" if len(names) > 1 else ""


def _hold_out(
    files: tuple[str, ...], labels: tuple[int, ...]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[int, ...]]]:
    parts = dict(zip(("train", "val"), stratified(labels, SHARES), strict=True))
    chosen = {split: tuple(files[i] for i in part) for split, part in parts.items()}
    return chosen, {split: tuple(labels[i] for i in part) for split, part in parts.items()}


def _notes(folder: Path, found: Mapping[str, _Split]) -> list[str]:
    notes = []
    ignored = sum(split.ignored for split in found.values())
    if ignored:
        notes.append(f"{ignored:,} {'file' if ignored == 1 else 'files'} without an image's suffix ignored")
    unused = sorted(_beside(folder)) if found["train"].place != folder else []
    if unused:
        notes.append(f"not used, since they lie beside {found['train'].place.name}/: {', '.join(unused)}")
    return notes


def _is_photo(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in PHOTO_SUFFIXES  # noqa: PTH122 - a path object a file is slow


def _folders(place: Path) -> list[Path]:
    return [path for path in place.iterdir() if _seen(path.name) and path.is_dir()]


def _files(place: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    """Every visible file below `place`; links are followed, but not in circles."""
    here = place.resolve()
    if here in above:
        return
    with os.scandir(place) as entries:
        for entry in entries:
            if _seen(entry.name):
                if entry.is_dir():
                    yield from _files(Path(entry.path), above | {here})
                elif entry.is_file():
                    yield Path(entry.path)


def _seen(name: str) -> bool:
    return not name.startswith(".") and name not in _SYSTEM
