"""A data set looked through before training: how many images of which class and size, and what is wrong with them."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reslab.data.catalog import NAMES, PHOTO_SIZE, find_folder, list_datasets, load_dataset
from reslab.data.contents import Contents, unused_beside
from reslab.data.copies import Comparison
from reslab.data.dataset import Dataset
from reslab.data.findings import Clusters, Finding, in_order, of_classes, of_copies
from reslab.data.folder import index_found, placed
from reslab.data.index import scan
from reslab.data.likeness import SIDE, alike
from reslab.data.photo import reason
from reslab.data.places import is_table, root_of
from reslab.data.threads import in_threads
from reslab.data.traits import TRAITS, Look, look_at
from reslab.errors import DataError, UsageError
from reslab.progress import Progress, unseen


class Sizes(NamedTuple):
    """Width and height in pixels, upright; in the order of the shorter side, which training scales."""

    smallest: tuple[int, int]
    median: tuple[int, int]
    largest: tuple[int, int]
    training: int  # pixels that training scales the shorter side to
    smaller: int  # photographs whose shorter side has fewer


@dataclass(frozen=True)
class Survey:
    """What is known of a data set once everything in it has been read."""

    name: str
    counts: Mapping[str, Mapping[str, int]]  # of each split, of each class, how many images can be used
    findings: tuple[Finding, ...]
    unreadable: Mapping[str, str] = field(default_factory=dict)  # path and reason
    sizes: Sizes | None = None  # of a folder's photographs, if one can be read
    folder: Path | None = None  # of photographs, or the table that names them
    held_out: bool = False  # is val a part of the folder that training will hold out?
    whole: int | None = None  # images that the named data set has where nothing is missing

    @property
    def images(self) -> int:
        return sum(sum(count.values()) for count in self.counts.values())

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.counts["train"])

    @property
    def problems(self) -> tuple[Finding, ...]:
        return tuple(found for found in self.findings if found.problem)

    @property
    def notes(self) -> tuple[Finding, ...]:
        return tuple(found for found in self.findings if not found.problem)


def survey_dataset(
    name: str | Path, size: int | None = None, root: Path | None = None, progress: Progress = unseen
) -> Survey:
    """The data set `name`, one of NAMES or a folder; `size` is that of training. Nothing is written.

    UsageError for what does not exist; DataError for what is missing, and for a folder whose splits cannot be told.
    """
    if size is not None and size < 1:
        raise UsageError(f"size must be at least 1 pixel, not {size}")
    if name not in NAMES:
        return survey_folder(find_folder(name, root), size or PHOTO_SIZE, progress)
    if size is not None:
        raise UsageError(f"{name} has images of one size: leave --size out")
    whole = {known["name"]: int(known["images"]) for known in list_datasets(root)}
    return survey_images(load_dataset(name, root=root), whole[str(name)])


def survey_images(dataset: Dataset, whole: int) -> Survey:
    """Images in memory, of which those are copies that are the same in every pixel; `whole`: how many there should be.

    An image is called by its split, its place there and its class: "train 17 (frog)".
    """
    counts: dict[str, dict[str, int]] = {}
    splits: dict[str, str] = {}
    labels: dict[str, str] = {}
    same: defaultdict[bytes, list[str]] = defaultdict(list)
    for split, images in dataset.splits.items():
        of_class = Counter(images.labels.tolist())
        counts[split] = {name: of_class[number] for number, name in enumerate(dataset.classes)}
        for row, label in enumerate(images.labels.tolist()):
            image = f"{split} {row} ({dataset.classes[label]})"
            splits[image], labels[image] = split, dataset.classes[label]
            same[hashlib.blake2b(np.asarray(images.pixels[row]).tobytes()).digest()].append(image)
    copies = [[[image] for image in group] for group in same.values() if len(group) > 1]
    findings = [*of_classes(counts), *of_copies("copies", copies, splits, labels), Finding("short", dataset.notes)]
    return Survey(dataset.name, counts, in_order(findings), whole=whole)


def survey_folder(folder: Path, size: int = PHOTO_SIZE, progress: Progress = unseen) -> Survey:
    """A folder of class folders, or a table, of which every photograph is read once; `size` is that of training.

    What training refuses is a finding. DataError where there is nothing to look at, or splits cannot be told.
    """
    contents = scan(folder)
    refused = _refusal(folder, contents)
    classes = tuple(dict.fromkeys(name for split in contents.values() for name in split.photos))
    files, numbers = placed(contents, classes)
    splits = {file: split for split, of_split in files.items() for file in of_split}
    if not splits:
        raise DataError(refused)
    labels = {f: classes[n] for split in files for f, n in zip(files[split], numbers[split], strict=True)}
    seen = _look_through(root_of(folder), list(splits), progress)
    counts = {split: _count(classes, [labels[f] for f in files[split] if f not in seen.bad]) for split in files}
    findings = [
        Finding("unreadable", tuple(seen.bad)),
        *of_classes(counts),
        *of_copies("copies", [[[file] for file in group] for group in seen.copies], splits, labels),
        *of_copies("similar", _similar(seen), splits, labels),
        *_of_files(folder, contents),
        *_of_traits(seen),
    ]
    return Survey(
        folder.name if is_table(folder) else folder.resolve().name,
        counts,
        in_order([*findings, *_unless_explained(refused, findings)]),
        seen.bad,
        _sizes(seen.sizes, size),
        folder,
        held_out=len(contents) == 1,
    )


class _Seen(NamedTuple):
    """What reading every photograph has shown."""

    files: list[str]  # those that can be read, N
    smalls: NDArray[np.uint8]  # (N, SIDE, SIDE)
    sizes: NDArray[np.int64]  # (N, 2), width and height
    odd: dict[str, list[str]]  # of each trait, the files that have it
    bad: dict[str, str]  # path -> reason
    copies: list[list[str]]  # of the same bytes


def _look_through(folder: Path, files: Sequence[str], progress: Progress) -> _Seen:
    comparison = Comparison(folder, files)

    def look(file: str) -> Look | str:
        comparison.look(file)
        try:
            return look_at(folder / file)
        except DataError as error:
            return reason(error.__cause__ or error)

    good: list[str] = []
    smalls, sizes = np.empty((len(files), SIDE, SIDE), np.uint8), np.empty((len(files), 2), np.int64)
    odd: dict[str, list[str]] = {trait: [] for trait in TRAITS}
    bad: dict[str, str] = {}
    for file, found in zip(files, in_threads(look, files, progress), strict=True):
        if isinstance(found, str):
            bad[file] = found
            continue
        smalls[len(good)], sizes[len(good)] = found.small, found.size
        good.append(file)
        for trait in found.traits:
            odd[trait].append(file)
    groups = ([file for file in group if file not in bad] for group in comparison.found())
    return _Seen(good, smalls[: len(good)], sizes[: len(good)], odd, bad, [group for group in groups if len(group) > 1])


def _similar(seen: _Seen) -> list[Clusters]:
    """Groups of photographs that show nearly the same: copies count as one, and are no news here."""
    copies = {group[0]: group for group in seen.copies}
    again = {file for group in seen.copies for file in group[1:]}
    rows = [row for row, file in enumerate(seen.files) if file not in again]
    shapes = seen.sizes[rows, 0] / seen.sizes[rows, 1]
    groups = [[seen.files[rows[number]] for number in group] for group in alike(seen.smalls[rows], shapes)]
    return [[copies.get(file, [file]) for file in group] for group in groups]


def _refusal(folder: Path, contents: Contents) -> str:
    """Why training refuses the folder, but for what is missing; empty where it does not."""
    try:
        index_found(folder, {name: split._replace(missing=()) for name, split in contents.items()})
    except DataError as error:
        return str(error)
    return ""


def _unless_explained(refused: str, findings: Sequence[Finding]) -> list[Finding]:
    """The refusal, where no finding names all that it is about."""
    explained = any(found.items for found in findings if found.kind in ("empty_classes", "strangers", "empty_splits"))
    return [Finding("refused", (refused,))] if refused and not explained else []


def _of_files(folder: Path, contents: Contents) -> list[Finding]:
    """What lies in the folder and is not used."""
    return [
        Finding("missing", tuple(file for split in contents.values() for file in split.missing)),
        Finding("columns", tuple(split.taken for split in contents.values() if split.taken)),
        Finding("unlabelled", tuple(file for split in contents.values() for file in split.unlabelled)),
        Finding("broken", tuple(link for split in contents.values() for link in split.broken)),
        Finding("special", tuple(file for split in contents.values() for file in split.special)),
        Finding("ignored", tuple(file for split in contents.values() for file in split.ignored)),
        Finding("hidden", tuple(file for split in contents.values() for file in split.hidden)),
        Finding("loose", tuple(file for split in contents.values() for file in split.loose)),
        Finding("unused", tuple(unused_beside(folder, contents))),
    ]


def _of_traits(seen: _Seen) -> list[Finding]:
    """What is odd about some files. That all are grey is not."""
    found = [Finding(trait, tuple(files)) for trait, files in seen.odd.items()]
    return [finding for finding in found if finding.kind != "grey" or len(finding.items) < len(seen.files)]


def _count(classes: Sequence[str], labels: Sequence[str]) -> dict[str, int]:
    of_class = Counter(labels)
    return {name: of_class[name] for name in classes}


def _sizes(sizes: NDArray[np.int64], training: int) -> Sizes | None:
    if not len(sizes):
        return None
    order = np.lexsort((sizes.max(axis=1), sizes.min(axis=1)))
    smallest, median, largest = ((int(w), int(h)) for w, h in sizes[order[[0, (len(order) - 1) // 2, -1]]])
    return Sizes(smallest, median, largest, training, int((sizes.min(axis=1) < training).sum()))
