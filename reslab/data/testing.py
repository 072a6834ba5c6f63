"""A folder of class folders, or a table, as it is tested: a split, or everything; with one class, or no train, too."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from reslab.data.checked import unreadable
from reslab.data.class_names import places_among
from reslab.data.contents import SplitFolder
from reslab.data.folder import no_split, notes_of, refuse_missing, refuse_without_classes
from reslab.data.index import ALL, FolderIndex, fingerprint, scan
from reslab.errors import DataError, and_more, as_typed, unknown


def chosen_split(asked: str | None, splits: Collection[str], name: str) -> str:
    """The split of the data set `name` that is tested: what is asked for, else test, val or train, or everything.

    UsageError for one that is not among the `splits`.
    """
    if asked is None:
        return next(split for split in ("test", "val", "train", ALL) if split in splits)
    if asked not in splits:
        raise unknown(f"split of {name}", asked, splits)
    return asked


def everything(index: FolderIndex, folder: Path) -> FolderIndex:
    """All photographs of an index as one split, and those that lie in its `folder` besides; a note says how many.

    Of those besides, what cannot be read is left out, as it may have been in training. DataError, naming one, where
    photographs of the index are gone, and for a class folder that came since, which has no number in the index.
    Besides those that a table names there are none: nobody says what they show.
    """
    files, labels = (list(chain(*parts.values())) for parts in (index.files, index.labels))
    if index.table:
        return replace(index, files={ALL: tuple(files)}, labels={ALL: tuple(labels)})
    there, more = _others(index, folder)
    bad = unreadable(folder, [file for file, _ in more], whole=True) if more else {}
    more = [(file, label) for file, label in more if file not in bad]
    notes = [*index.notes, *_besides(folder, len(more), bad)]
    if not more:  # the fingerprint knows no splits, and stays
        return replace(index, files={ALL: tuple(files)}, labels={ALL: tuple(labels)}, notes=tuple(notes))
    numbers = _numbers(folder, there.classes, index.classes, {label for _, label in more})
    files += [file for file, _ in more]
    labels += [numbers[label] for _, label in more]
    if changed := index.changes_in(folder):
        notes.append(changed)
    every = {ALL: tuple(files)}
    return FolderIndex(index.classes, every, {ALL: tuple(labels)}, fingerprint(folder, every), tuple(notes))


def others_note(index: FolderIndex, folder: Path) -> str | None:
    """What to say of photographs that lie in the `folder` of an index and are not of it, where no split has them.

    None where there are none, and of a table's folder, where nobody says what they show.
    """
    count = 0 if index.table else len(_others(index, folder)[1])
    return f"{_photographs(count)} {_where(folder)}: not tested; --split {ALL} tests them, if it can" if count else None


def _others(index: FolderIndex, folder: Path) -> tuple[FolderIndex, list[tuple[str, int]]]:
    """Everything that lies in `folder`, and of that each photograph, with its label there, that is not in the index."""
    known = set(chain(*index.files.values()))
    there = index_tested(folder, ALL)
    pairs = zip(there.files[ALL], there.labels[ALL], strict=True)
    return there, [pair for pair in pairs if pair[0] not in known]


def _numbers(folder: Path, names: Sequence[str], classes: Sequence[str], used: Collection[int]) -> dict[int, int]:
    """Of the labels that are used of `names`, their number among the `classes`."""
    found = {label: place for label, place in enumerate(places_among(names, classes)) if label in used}
    new = sorted(names[label] for label, place in found.items() if place is None)
    if new:
        more = and_more(new, such="such")
        raise DataError(
            f"{folder}: the class folder {new[0]}{more} came after the training, and the net does not know it; take it "
            f"away, or train on it, too (reslab train {as_typed(folder)})"
        )
    return {label: place for label, place in found.items() if place is not None}


def _besides(folder: Path, count: int, bad: Mapping[str, str]) -> list[str]:
    """What to say of photographs that are in no split: so many that are tested, and those that cannot be read."""
    said = [f"{_photographs(count)} {_where(folder)}: tested"] if count else []
    if bad:
        first = next(iter(bad.values()))
        said.append(f"{_photographs(len(bad))} {_where(folder)} and cannot be read: left out, the first: {first}")
    return said


def _where(folder: Path) -> str:
    return f"in no split that was written down of {folder} (new, or left out in training)"


def _photographs(count: int) -> str:
    return "1 photograph is" if count == 1 else f"{count:,} photographs are"


def index_tested(folder: Path, split: str | None = None, skip_missing: bool = False) -> FolderIndex:
    """One split of a folder or a table, by default test, val or train; everything where it has no splits.

    Its classes are those that have photographs there. UsageError for a split that is not there, DataError for a folder
    without class folders or photographs, and for photographs of a table that are not there, unless those are skipped.
    """
    contents = scan(folder, training=False)
    divided = any(part.named for part in contents.values())
    chosen = chosen_split(split, [*(contents if divided else ()), ALL], folder.resolve().name)
    asked = contents if chosen == ALL else {chosen: contents[chosen]}
    if not skip_missing:
        refuse_missing(folder, asked)
    parts = list(asked.values())
    photos = _merged(parts)
    if not photos:
        refuse_without_classes(parts[0])
    classes = tuple(sorted(name for name, paths in photos.items() if paths))
    if not classes:
        raise DataError(f"{folder if chosen == ALL else contents[chosen].place}: holds no image that Pillow reads")
    files = {chosen: tuple(path for name in classes for path in photos[name])}
    labels = {chosen: tuple(number for number, name in enumerate(classes) for _ in photos[name])}
    notes = notes_of(folder, contents)
    if empty := sorted(photos.keys() - set(classes)):
        notes.append(f"no image that Pillow reads is in {', '.join(empty)}")
    if not divided:
        notes.append(f"{no_split(folder, 'train, val or test')}: everything is tested")
    return FolderIndex.of(folder, contents, classes, files, labels, notes)


def _merged(parts: Sequence[SplitFolder]) -> dict[str, list[str]]:
    """The photographs of each class in all of these."""
    photos: dict[str, list[str]] = {}
    for part in parts:
        for name, paths in part.photos.items():
            photos.setdefault(name, []).extend(paths)
    return photos
