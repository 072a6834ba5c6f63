"""The same photograph twice, byte for byte: looked for while photographs are read anyway, or in two folders."""

import hashlib
import stat
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path

from reslab.data.index import FolderIndex
from reslab.data.threads import in_threads

BEGINNING = 4096  # bytes that are read at once anyway

Copies = tuple[tuple[str, ...], ...]  # paths of the same bytes, two or more in each


class Comparison:
    """Of photographs, by their lengths first: only those that share one are read to the end for it."""

    def __init__(self, folder: Path, files: Sequence[str]) -> None:
        """`files` are relative to `folder`."""
        self._folder = folder
        lengths: dict[str, int] = {}
        for file in files:
            with suppress(OSError):
                if (length := _length(folder / file)) is not None:
                    lengths[file] = length
        often = Counter(lengths.values())
        self._suspects = {file for file, length in lengths.items() if often[length] > 1}
        self._digests: dict[str, bytes] = {}

    def look(self, file: str) -> None:
        """Take in the bytes of a photograph that is about to be decoded: from then on the system has them at hand."""
        if file in self._suspects:
            with suppress(OSError):
                self._digests[file] = _digest(self._folder / file)

    def found(self) -> Copies:
        """Those of the same bytes, sorted."""
        groups: defaultdict[bytes, list[str]] = defaultdict(list)
        for file in sorted(self._digests):
            groups[self._digests[file]].append(file)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def among(files: Sequence[Path], others: Sequence[Path]) -> set[Path]:
    """Which of the `files` have the very bytes of one of the `others`; what cannot be read has none.

    Lengths tell most apart, the first bytes nearly all of the rest: little is read whole.
    """
    for look in (_length, _beginning, _digest):
        ours, theirs = _by(look, files), _by(look, others)
        both = ours.keys() & theirs.keys()
        files, others = ([path for key in both for path in found[key]] for found in (ours, theirs))
    return set(files)


def _by(look: Callable[[Path], Hashable], files: Sequence[Path]) -> dict[Hashable, list[Path]]:
    """The files by what they look like; those that cannot be looked at are left out."""

    def seen(path: Path) -> Hashable:
        try:
            return look(path)
        except OSError:
            return None

    groups: defaultdict[Hashable, list[Path]] = defaultdict(list)
    for path, found in zip(files, in_threads(seen, files), strict=True):
        if found is not None:
            groups[found].append(path)
    return groups


def _length(path: Path) -> int | None:
    """None of what is no file: a pipe has a length, too, and nothing to read."""
    found = path.stat()
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _beginning(path: Path) -> bytes:
    with path.open("rb") as bytes_:
        return bytes_.read(BEGINNING)


def _digest(path: Path) -> bytes:
    with path.open("rb") as bytes_:
        return hashlib.file_digest(bytes_, "blake2b").digest()


def copies_note(index: FolderIndex, copies: Iterable[Sequence[str]]) -> str | None:
    """What to say of copies in two splits, which judge by what was learned, and in two classes: how many, and one."""
    splits = {file: split for split, files in index.files.items() for file in files}
    labels = {
        file: label
        for split, files in index.files.items()
        for file, label in zip(files, index.labels[split], strict=True)
    }
    groups = [[file for file in group if file in splits] for group in copies]
    found = {"splits": _apart(groups, splits), "classes": _apart(groups, labels)}
    if not any(found.values()):
        return None
    count = ", ".join(f"{len(pairs):,} in two {kind}" for kind, pairs in found.items() if pairs)
    one, other = next(pair for pairs in found.values() for pair in pairs)
    return f"the same photograph twice, byte for byte: {count}, such as {one} and {other}"


def _apart(groups: Iterable[Sequence[str]], places: Mapping[str, object]) -> list[tuple[str, str]]:
    """Of each group that lies in more than one place, its first and the first that is elsewhere."""
    pairs = (across([[file] for file in group], places) for group in groups)
    return [pair for pair in pairs if pair]


def across(clusters: Sequence[Sequence[str]], places: Mapping[str, object]) -> tuple[str, str] | None:
    """The first two files of different clusters that lie in different places; None if all lie in one."""
    if len({places[file] for cluster in clusters for file in cluster}) < 2:
        return None
    pairs = ((one, other) for first, second in combinations(clusters, 2) for one in first for other in second)
    return next((pair for pair in pairs if places[pair[0]] != places[pair[1]]), None)
