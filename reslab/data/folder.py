"""A folder of class folders as a data set: which photographs it holds, of which class, in which split."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from reslab.data.contents import (
    SPLIT_FOLDERS,
    Contents,
    SplitFolder,
    folders,
    is_photo,
    legible,
    scan_folder,
    unused_beside,
)
from reslab.data.samples import Samples, agree, differing, samples_of
from reslab.data.splits import chosen_part, stratified
from reslab.errors import DataError, as_typed

SHARES = (80, 20)  # per cent for train and val, where the folder has no splits of its own

Files = dict[str, tuple[str, ...]]  # of each split, paths relative to the folder
Labels = dict[str, tuple[int, ...]]  # of each split, index into the classes, one a file


@dataclass(frozen=True)
class FolderIndex:
    """Which files a folder data set consists of; a run writes it down to be judged on the same files for ever."""

    classes: tuple[str, ...]
    files: Mapping[str, tuple[str, ...]]  # of each split, paths relative to the folder, with /
    labels: Mapping[str, tuple[int, ...]]  # of each split, index into classes, one a file
    fingerprint: str  # of all paths and lengths in bytes, wherever the folder lies
    notes: tuple[str, ...] = ()
    samples: Samples = field(default_factory=dict)  # of the files' bytes; {}: an earlier version wrote none down

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON or TOML. Notes belong to the moment and are left out."""
        return {
            "classes": list(self.classes),
            "files": {split: list(files) for split, files in self.files.items()},
            "labels": {split: list(labels) for split, labels in self.labels.items()},
            "fingerprint": self.fingerprint,
            **({"samples": dict(self.samples)} if self.samples else {}),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "FolderIndex":
        """Back from `to_dict`. DataError if it is no whole index."""
        try:
            files = {str(split): tuple(map(str, paths)) for split, paths in plain["files"].items()}
            labels = {str(split): tuple(map(int, numbers)) for split, numbers in plain["labels"].items()}
            samples = {str(path): str(digest) for path, digest in plain.get("samples", {}).items()}
            classes = tuple(map(str, plain["classes"]))
            index = cls(classes, files, labels, str(plain["fingerprint"]), samples=samples)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(
                f"the written-down split of a folder is damaged ({type(error).__name__}: {error})"
            ) from error
        if {split: len(part) for split, part in files.items()} != {split: len(part) for split, part in labels.items()}:
            raise DataError("the written-down split of a folder is damaged (files and labels do not match)")
        return index

    def trained_on(self, images: int | None) -> tuple[str, ...]:
        """Paths of the training photographs; where so many `images` were learned alone, of these."""
        files = self.files["train"]
        if images is None or images >= len(files):
            return files
        return tuple(files[row] for row in chosen_part(self.labels["train"], images))

    def sampled(self, folder: Path) -> "FolderIndex":
        """The same with samples of the bytes that the files have in `folder`."""
        files = [path for paths in self.files.values() for path in paths]
        return replace(self, samples=samples_of(folder, files))

    def looks_as_in(self, folder: Path) -> bool:
        """Have most of the files that were sampled the same bytes in `folder`? True where none was."""
        return agree(folder, self.samples)

    def changes_in(self, folder: Path) -> str | None:
        """What to say of files in `folder` that are not as they were when this was written down; None for nothing.

        DataError, naming one, where files are gone.
        """
        if not self.looks_as_in(folder):
            return "most images have changed since their split was written down: they may be other photographs"
        if fingerprint(folder, self.files) != self.fingerprint or differing(folder, self.samples):
            return "some images have changed since their split was written down"
        return None

    def lies_in(self, folder: Path) -> bool:
        """Are all of these files in `folder`, in the lengths that were written down, and do they look as they did?"""
        try:
            return fingerprint(folder, self.files) == self.fingerprint and self.looks_as_in(folder)
        except DataError:
            return False


def index_folder(folder: Path, skip_empty: bool = False) -> FolderIndex:
    """Classes, files and splits of `folder`; without split folders, 80 % train and 20 % val, the same every time.

    DataError if there are fewer than two classes, an empty one (unless those are skipped), a class that is not among
    the training classes, or classes that look like splits.
    """
    return index_found(folder, scan_folder(folder), skip_empty)


def index_found(folder: Path, contents: Contents, skip_empty: bool = False) -> FolderIndex:
    """The index of what `scan_folder` found; DataError as `index_folder`."""
    with legible():
        empty = _empty(contents["train"]) if skip_empty else []
        if len(empty) < len(contents["train"].photos):  # else all of its folders are empty, and the error says so
            contents = {name: split.without(empty) for name, split in contents.items()}
        classes = _classes(contents["train"])
        _refuse_splits(folder, contents)
        for split in contents.values():
            _refuse_strangers(split, classes)
        files, labels = placed(contents, classes)
        notes = notes_of(folder, contents)
        if empty:
            notes.append(f"left out, since no image that Pillow reads is in them: {', '.join(empty)}")
        if len(contents) == 1:
            files, labels, told = _held_out(files, labels)
            notes.append(f"no folder for val or test: {told}")
        notes += [note for split in files if (note := _lacking(split, classes, labels[split]))]
        return FolderIndex(classes, files, labels, fingerprint(folder, files), tuple(notes))


def placed(contents: Contents, classes: Sequence[str]) -> tuple[Files, Labels]:
    """Which photographs are in which split, and of which of the `classes`; without split folders some are held out."""
    numbers = {name: number for number, name in enumerate(classes)}
    files: Files = {}
    labels: Labels = {}
    for name, split in contents.items():
        files[name] = tuple(path for paths in split.photos.values() for path in paths)
        labels[name] = tuple(numbers[label] for label, paths in split.photos.items() for _ in paths)
    return _hold_out(files["train"], labels["train"]) if len(contents) == 1 else (files, labels)


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


def refuse_without_classes(split: SplitFolder) -> NoReturn:
    """DataError for a folder that has no class folder."""
    what = f"has images ({len(split.loose):,}) but no class folder" if split.loose else "has no class folder"
    raise DataError(f"{split.place}: {what}; put the images of each class into a folder of their own")


def _classes(train: SplitFolder) -> tuple[str, ...]:
    if not train.photos:
        refuse_without_classes(train)
    if empty := _empty(train):
        raise DataError(
            f"{train.place / empty[0]}: class folder without an image that Pillow reads"
            f"{_instead(train, empty[0])}{_more(empty)}; "
            f"put images into it, take it away, or leave it out with --on-bad skip"
        )
    if len(train.photos) < 2:
        name = next(iter(train.photos))
        raise DataError(f"{train.place}: holds one class only ({name}); a classifier needs two{_deeper(train, name)}")
    return tuple(train.photos)


def _refuse_splits(folder: Path, contents: Contents) -> None:
    """DataError for class folders that hold the same folders each, and no photograph beside these.

    One folder of the same name in each ("images") says nothing: a split has two classes, or more.
    """
    if contents["train"].place != folder:
        return  # who made a train/ has said what is a class
    photos = contents["train"].photos
    first, *others = (_inner(name, paths) for name, paths in photos.items())
    if "" in first or len(first) < 2 or any(names != first for names in others):
        return
    within, around = _named(sorted(first)), _named(list(photos))
    if all(name.lower() in SPLIT_FOLDERS for name in first):
        one, name = min(first), next(iter(photos))
        raise DataError(
            f"{folder}: the classes ({around}) have splits inside ({within}), which belong around them: "
            f"{one}/{name} in place of {name}/{one}"
        )
    raise DataError(
        f"{folder}: {around} look like splits, not classes: each holds the same folders ({within}) and no image beside "
        "them; call them train/, val/ and test/, or, if they are classes, put their images into them directly"
    )


def _inner(name: str, paths: list[str]) -> set[str]:
    """The folders in the class folder `name` that hold its photographs; "" for those that lie in itself."""
    inside = (path.removeprefix(f"{name}/") for path in paths)
    return {path.partition("/")[0] if "/" in path else "" for path in inside}


def _named(names: list[str]) -> str:
    """The first few."""
    return ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")


def _empty(split: SplitFolder) -> list[str]:
    """Classes without a photograph."""
    return [name for name, photos in split.photos.items() if not photos]


def _instead(train: SplitFolder, name: str) -> str:
    """How the files in the class folder `name` end that are no photographs to Pillow: they may be of another format."""
    inside = (f"{name}/", f"{train.place.name}/{name}/")
    endings = Counter(Path(path).suffix.lower() for path in train.ignored if path.startswith(inside))
    endings.pop("", None)
    return f" (what is in it ends in {endings.most_common(1)[0][0]})" if endings else ""


def _deeper(train: SplitFolder, name: str) -> str:
    """The way out where the only class folder is a folder of class folders, as archives unpack."""
    place = train.place / name
    loose = any(is_photo(path.name) for path in place.iterdir() if path.is_file())
    return f"; it holds folders itself: reslab train {as_typed(place)}" if not loose and folders(place) else ""


def _lacking(split: str, classes: tuple[str, ...], labels: tuple[int, ...]) -> str | None:
    """What to say where a split has no image of some classes."""
    there = set(labels)
    missing = [name for number, name in enumerate(classes) if number not in there]
    if not missing:
        return None
    return f"{split} has no image of {len(missing):,} of the {len(classes):,} classes: {_named(missing)}"


def _refuse_strangers(split: SplitFolder, classes: tuple[str, ...]) -> None:
    strangers = [name for name in split.photos if name not in classes]
    if strangers:
        raise DataError(f"{split.place / strangers[0]}: this class is not among the training classes{_more(strangers)}")
    if not any(split.photos.values()):
        raise DataError(f"{split.place}: holds no image that Pillow reads")


def _more(names: list[str]) -> str:
    more = len(names) - 1
    return f" (and {more:,} more such folder{'' if more == 1 else 's'})" if more else ""


def _hold_out(files: tuple[str, ...], labels: tuple[int, ...]) -> tuple[Files, Labels]:
    parts = dict(zip(("train", "val"), stratified(labels, SHARES), strict=True))
    chosen = {split: tuple(files[i] for i in part) for split, part in parts.items()}
    return chosen, {split: tuple(labels[i] for i in part) for split, part in parts.items()}


def _held_out(files: Files, labels: Labels) -> tuple[Files, Labels, str]:
    """What was held out, in words; where that is nothing, there is no such split."""
    if files["val"]:
        return files, labels, f"{len(files['val']):,} of the images are held out as val"
    told = "no class has two photographs, so that none is held out, and nothing tests what is learned"
    return {"train": files["train"]}, {"train": labels["train"]}, told


def notes_of(folder: Path, contents: Contents) -> list[str]:
    """What to say of all that lies in the folder and is not used."""
    notes = []
    ignored = sum(len(split.ignored) for split in contents.values())
    if ignored:
        notes.append(f"{ignored:,} {'file' if ignored == 1 else 'files'} without an image's suffix ignored")
    if loose := [path for split in contents.values() for path in split.loose]:
        count = "1 image is" if len(loose) == 1 else f"{len(loose):,} images are"
        notes.append(f"{count} in no class folder, and not used, such as {loose[0]}")
    if broken := sum(len(split.broken) for split in contents.values()):
        notes.append(f"{broken:,} {'link that leads' if broken == 1 else 'links that lead'} nowhere ignored")
    if special := sum(len(split.special) for split in contents.values()):
        notes.append(f"{special:,} {'pipe, socket or device' if special == 1 else 'pipes, sockets or devices'} ignored")
    if unused := unused_beside(folder, contents):
        beside = next(iter(contents.values())).place.name
        notes.append(f"not used, since they lie beside {beside}/: {', '.join(unused)}")
    return notes
