"""A folder of class folders, or a table, as a data set: which photographs it holds, of which class, in which split."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

from reslab.data.contents import (
    SPLIT_FOLDERS,
    Contents,
    SplitFolder,
    folders,
    is_photo,
    legible,
    unused_beside,
)
from reslab.data.folds import Fold, read_fold, refuse_unfoldable
from reslab.data.index import FolderIndex, scan
from reslab.data.places import is_table
from reslab.data.splits import stratified
from reslab.data.suffixes import suffixes_in_words
from reslab.errors import DataError, and_more, as_typed

SHARES = (80, 20)  # per cent for train and val, where the folder has no splits of its own

Part = TypeVar("Part")
Files = dict[str, tuple[str, ...]]  # of each split, paths relative to the folder
Labels = dict[str, tuple[int, ...]]  # of each split, index into the classes, one a file


def index_folder(folder: Path, skip_empty: bool = False, split: str | None = None) -> FolderIndex:
    """Classes, files and splits of a folder, or of a table; without splits 80 % train and 20 % val, always the same.

    The `split` "fold2/5" holds out the second of five folds instead: UsageError where it names none, or cannot.
    DataError if there are fewer than two classes, an empty one or photographs of a table that are not there (unless
    those are skipped), a class that is not among the training classes, or classes that look like splits.
    """
    fold = None if split is None else read_fold(split)
    return index_found(folder, scan(folder), skip_empty, fold)


def index_found(folder: Path, contents: Contents, skip_empty: bool = False, fold: Fold | None = None) -> FolderIndex:
    """The index of what `scan` found in `folder`, or in a table; errors as of `index_folder`."""
    if not skip_empty:
        refuse_missing(folder, contents)
    with legible():
        empty = _empty(contents["train"]) if skip_empty else []
        if len(empty) < len(contents["train"].photos):  # else all of its folders are empty, and the error says so
            contents = {name: split.without(empty) for name, split in contents.items()}
        classes = _classes(contents["train"])
        _refuse_splits(folder, contents)
        for split in contents.values():
            _refuse_strangers(split, classes)
        if fold:
            refuse_unfoldable(folder, contents, fold)
        files, labels = placed(contents, classes, fold)
        notes = notes_of(folder, contents)
        if empty:
            notes.append(f"left out, since no image that Pillow reads is in them: {', '.join(empty)}")
        lacking = no_split(folder, "val or test" if len(contents) == 1 else "val")
        if fold:
            sizes = fold.sizes(len(files["train"]) + len(files["val"]))
            notes.append(f"{lacking}: one of {fold.of} folds, {sizes}, is held out as val")
        elif len(contents) == 1:
            files, labels, told = _held_out(files, labels)
            notes.append(f"{lacking}: {told}")
        notes += [note for split in files if (note := _lacking(split, classes, labels[split]))]
        return FolderIndex.of(folder, contents, classes, files, labels, notes, str(fold or ""))


def placed(contents: Contents, classes: Sequence[str], fold: Fold | None = None) -> tuple[Files, Labels]:
    """Which photographs are in which split, and of which of the `classes`; without split folders some are held out.

    These are a `fold` of the training photographs where one is given.
    """
    numbers = {name: number for number, name in enumerate(classes)}
    files: Files = {}
    labels: Labels = {}
    for name, split in contents.items():
        files[name] = tuple(path for paths in split.photos.values() for path in paths)
        labels[name] = tuple(numbers[label] for label, paths in split.photos.items() for _ in paths)
    if fold:
        held_files, held_labels = _parted(files["train"], labels["train"], fold.held_out(labels["train"]))
        return held_files | _but_train(files), held_labels | _but_train(labels)
    if len(contents) > 1:
        return files, labels
    return _parted(files["train"], labels["train"], stratified(labels["train"], SHARES))


def refuse_without_classes(split: SplitFolder) -> NoReturn:
    """DataError for a folder that has no class folder."""
    what = f"has images ({len(split.loose):,}) but no class folder" if split.loose else "has no class folder"
    raise DataError(f"{split.place}: {what}; put the images of each class into a folder of their own")


def refuse_missing(place: Path, contents: Contents) -> None:
    """DataError where a table names photographs that are not there."""
    if missing := [path for split in contents.values() for path in split.missing]:
        what = "a photograph that is" if len(missing) == 1 else f"{len(missing):,} photographs that are"
        raise DataError(
            f"{place}: names {what} not there ({_named(missing)}; paths are relative to the table's folder); "
            "use --on-bad skip to go on without"
        )


def _classes(train: SplitFolder) -> tuple[str, ...]:
    if not train.photos:
        refuse_without_classes(train)
    if (empty := _empty(train)) and is_table(train.place):
        raise DataError(
            f"{train.place}: of the class {empty[0]} no photograph to learn from is there; give its rows some"
        )
    if empty:
        raise DataError(
            f"{train.place / empty[0]}: class folder without an image that Pillow reads"
            f"{_instead(train, empty[0])}{and_more(empty, such='such')}; "
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
    if contents["train"].named or is_table(folder):
        return  # who made a train/, or a table, has said what is a class
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
    if is_table(train.place):
        return ""
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
    if strangers and is_table(split.place):
        raise DataError(
            f"{split.place}: the class {strangers[0]} is not among the training classes{and_more(strangers)}"
        )
    if strangers:
        more = and_more(strangers, such="such")
        raise DataError(f"{split.place / strangers[0]}: this class is not among the training classes{more}")
    if split.missing and not any(split.photos.values()):  # of a table
        raise DataError(f"{split.place}: of a split's photographs none is there, such as {split.missing[0]}")
    if not any(split.photos.values()):
        raise DataError(f"{split.place}: holds no image that Pillow reads")


def no_split(place: Path, splits: str) -> str:
    """That there is none of these `splits`, in words."""
    return f"{place.name} names no {splits}" if is_table(place) else f"no folder for {splits}"


def _parted(files: tuple[str, ...], labels: tuple[int, ...], indices: Iterable[Iterable[int]]) -> tuple[Files, Labels]:
    """As train and val, by their `indices`."""
    parts = dict(zip(("train", "val"), map(tuple, indices), strict=True))
    chosen = {split: tuple(files[i] for i in part) for split, part in parts.items()}
    return chosen, {split: tuple(labels[i] for i in part) for split, part in parts.items()}


def _but_train(splits: dict[str, Part]) -> dict[str, Part]:
    return {split: part for split, part in splits.items() if split != "train"}


def _held_out(files: Files, labels: Labels) -> tuple[Files, Labels, str]:
    """What was held out, in words; where that is nothing, there is no such split."""
    if files["val"]:
        return files, labels, f"{len(files['val']):,} of the images are held out as val"
    told = "no class has two photographs, so that none is held out, and nothing tests what is learned"
    return {"train": files["train"]}, {"train": labels["train"]}, told


def notes_of(folder: Path, contents: Contents) -> list[str]:
    """What to say of all that lies in the folder and is not used, and of columns that were guessed."""
    notes = [split.taken for split in contents.values() if split.taken]
    ignored = sum(len(split.ignored) for split in contents.values())
    if ignored:
        endings = suffixes_in_words(file for split in contents.values() for file in split.ignored)
        notes.append(f"{ignored:,} {'file' if ignored == 1 else 'files'} without an image's suffix ignored: {endings}")
    if loose := [path for split in contents.values() for path in split.loose]:
        count = "1 image is" if len(loose) == 1 else f"{len(loose):,} images are"
        notes.append(f"{count} in no class folder, and not used, such as {loose[0]}")
    if broken := sum(len(split.broken) for split in contents.values()):
        notes.append(f"{broken:,} {'link that leads' if broken == 1 else 'links that lead'} nowhere ignored")
    if special := sum(len(split.special) for split in contents.values()):
        notes.append(f"{special:,} {'pipe, socket or device' if special == 1 else 'pipes, sockets or devices'} ignored")
    if missing := [path for split in contents.values() for path in split.missing]:
        which = "1 photograph is" if len(missing) == 1 else f"{len(missing):,} photographs are"
        notes.append(f"{which} not there, and left out, such as {missing[0]}")
    if unlabelled := [path for split in contents.values() for path in split.unlabelled]:
        which = "1 row has" if len(unlabelled) == 1 else f"{len(unlabelled):,} rows have"
        notes.append(f"{which} no class, and not used, such as {unlabelled[0]}")
    if unused := unused_beside(folder, contents):
        beside = next(iter(contents.values())).place.name
        notes.append(f"not used, since they lie beside {beside}/: {', '.join(unused)}")
    return notes
