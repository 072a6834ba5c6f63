"""What is found in a data set: problems, which make training or its numbers wrong, and notes, which one should know."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from reslab.data.class_names import hardly_differ
from reslab.data.copies import across

PROBLEMS = (
    "unreadable",  # files
    "missing",  # files that a table names and that are not there
    "refused",  # why training refuses the folder, in a sentence
    "empty_classes",  # classes without a photograph
    "strangers",  # classes that have photographs, but none for training
    "empty_splits",  # splits without a photograph
    "lacking",  # a split, and a class that it lacks
    "copies_in_splits",  # groups of files, as all below that are copied or similar; the first two lie apart
    "copies_in_classes",
    "similar_in_splits",
    "similar_in_classes",
)
NOTES = (
    "columns",  # which of a table's are which, where their names do not tell, in a sentence
    "short",  # how much of a named data set there is, in a sentence
    "hardly_differ",  # classes whose names differ in case, spaces around them or composed letters alone, in groups
    "imbalance",  # the largest class, and the smallest
    "few",  # classes with few training photographs
    "copies_within",  # of one split and class, as the next
    "similar_within",
    "unlabelled",  # files that a table names without a class, as all below
    "broken",  # links
    "special",
    "ignored",
    "hidden",
    "loose",
    "unused",  # folders beside those of the splits
    "turned",
    "deep",
    "cmyk",
    "transparent",
    "animated",
    "strip",
    "grey",
)
IMBALANCE = 3  # times as many photographs of one class as of another are worth a note
FEW = 10  # training photographs of a class: with fewer its errors are mostly chance

Counts = Mapping[str, Mapping[str, int]]  # of each split, of each class, how many photographs can be read
Clusters = Sequence[Sequence[str]]  # what is similar: of each photograph, the files that are copies of it


class Finding(NamedTuple):
    """One kind of trouble (of PROBLEMS or NOTES), and everything that it is true of."""

    kind: str
    items: tuple[str | tuple[str, ...], ...]

    @property
    def problem(self) -> bool:
        return self.kind in PROBLEMS


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that hold of something, in the order of PROBLEMS and NOTES."""
    order = (*PROBLEMS, *NOTES)
    return tuple(sorted((found for found in findings if found.items), key=lambda found: order.index(found.kind)))


def of_classes(counts: Counts) -> list[Finding]:
    """What the numbers of photographs tell."""
    train = counts["train"]
    known = {name: count for name, count in train.items() if count}
    others = {split: count for split, count in counts.items() if split != "train"}
    seen = {name for count in counts.values() for name, photos in count.items() if photos}
    lacking = [(s, name) for s, count in others.items() if any(count.values()) for name in known if not count[name]]
    return [
        Finding("empty_classes", tuple(name for name in train if name not in seen)),
        Finding("strangers", tuple(name for name in train if name in seen and name not in known)),
        Finding("empty_splits", tuple(split for split, count in counts.items() if not any(count.values()))),
        Finding("lacking", tuple(lacking)),
        Finding("hardly_differ", tuple(hardly_differ(train))),
        Finding("imbalance", _imbalance(known)),
        Finding("few", tuple(name for name, count in known.items() if count < FEW)),
    ]


def _imbalance(known: Mapping[str, int]) -> tuple[str, ...]:
    if not known:
        return ()
    largest, smallest = max(known, key=known.__getitem__), min(known, key=known.__getitem__)
    return (largest, smallest) if known[largest] >= IMBALANCE * known[smallest] else ()


def of_copies(
    kind: str, groups: Iterable[Clusters], splits: Mapping[str, str], labels: Mapping[str, str]
) -> list[Finding]:
    """Which groups lie in several `splits` or several classes (`labels`, of each file), and which in one of each."""
    found: dict[str, list[tuple[str, ...]]] = {"splits": [], "classes": [], "within": []}
    for group in groups:
        places = {"splits": across(group, splits), "classes": across(group, labels)}
        for where, pair in places.items():
            if pair:
                found[where].append(_beginning_with(pair, group))
        if not any(places.values()):
            found["within"].append(_beginning_with((), group))
    return [
        Finding(f"{kind}_in_splits", tuple(found["splits"])),
        Finding(f"{kind}_in_classes", tuple(found["classes"])),
        Finding(f"{kind}_within", tuple(found["within"])),
    ]


def _beginning_with(pair: tuple[str, ...], group: Clusters) -> tuple[str, ...]:
    """All files of a group, these first."""
    return (*pair, *(file for files in group for file in files if file not in pair))
