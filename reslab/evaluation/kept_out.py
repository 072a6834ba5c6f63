"""Photographs of a folder that a net may be fitted to: none that judge it, whatever folder they lie in."""

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reslab.data import (
    Dataset,
    FolderIndex,
    among,
    for_judging,
    is_table,
    photos_below,
    read_evenly,
    replaced,
)
from reslab.errors import DataError
from reslab.evaluation.source import Tested, run_of
from reslab.store import SPLIT, Classifier


class HeldOut(NamedTuple):
    """What a net held out for validation and testing."""

    files: tuple[Path, ...] = ()  # photographs that can be compared with
    gone: frozenset[str] = frozenset()  # paths of others, relative to a folder where they are not any more
    images: frozenset[bytes] = frozenset()  # digests of images that are no files, in the net's size
    known: bool = True


def photographs_to_fit(
    net: Classifier, folder: Path, own: Dataset | None, judges: Tested | None, count: int
) -> tuple[NDArray[np.uint8], str]:
    """`count` of those below `folder`, or in a table, (N, size, size, 3); and, in words, what was left out of them.

    These are photographs in folders that are called as those for validation and testing are, or in such rows, and
    copies of what the net held out: of `own`, its data set, if that is at hand, and of `judges`. DataError where
    none is left.
    """
    photos, held = photos_below(folder), _held_out(net, own, judges)
    named = for_judging(photos, folder, net.classes)
    others = [photo for photo in photos if photo not in named]
    same = among(others, held.files) | {photo for photo in others if _called_as(photo, held.gone)}
    left = [photo for photo in others if photo not in same]
    pixels = read_evenly(left, net.size, count) if left else np.zeros((0, net.size, net.size, 3), np.uint8)
    shown = np.array([_digest(image) not in held.images for image in pixels], bool)
    words = _words(net, held, _count(folder, len(named)), len(same) + int((~shown).sum()))
    if not shown.any():
        raise DataError(
            f"no photograph in {folder} may set ranges: {words}; --images names a folder of photographs for training"
        )
    return pixels[shown], words


def _count(folder: Path, named: int) -> str:
    """So many photographs for judging, and where they are; "" for none."""
    where = "rows or folders" if is_table(folder) else "folders"
    return f"{named:,} in {where} for validation or testing" if named else ""


def _words(net: Classifier, held: HeldOut, named: str, same: int) -> str:
    """What was left out of how many, and what could not be; "" for nothing."""
    out = [named] if named else []
    out += [f"{same:,} that {net.identity.model} held out"] if same else []
    said = [f"photographs that are left out, since they judge: {' and '.join(out)}"] if out else []
    if not held.known:
        said.append(
            f"which photographs {net.identity.model} held out is not known, and copies of them are not left out"
        )
    elif held.gone:
        said.append(f"{len(held.gone):,} that {net.identity.model} held out are gone, and known by their names alone")
    return "; ".join(said)


def _held_out(net: Classifier, own: Dataset | None, judges: Tested | None) -> HeldOut:
    beside = _files(judges.dataset.folder, judges.dataset.index) if judges else ((), frozenset())
    written, where = _written_down(net)
    if written is None and own and own.index:
        written, where = own.index, own.folder
    if written:
        if where and replaced(where, written.samples):  # others have their names by now
            where = None
        files, gone = _files(where, written)
        return HeldOut((*files, *beside[0]), gone)
    if own:
        images = frozenset(_digest(image) for split in _judging(own.splits) for image in own.splits[split].pixels[:])
        return HeldOut(beside[0], images=images)
    return HeldOut(beside[0], known=False)


def _written_down(net: Classifier) -> tuple[FolderIndex | None, Path | None]:
    """The splits that the net's run wrote down, and where its photographs lay."""
    run = run_of(net)
    written = run.read(SPLIT) if run else None
    return (FolderIndex.from_dict(written), run.photographs()) if run and written else (None, None)


def _files(where: Path | None, index: FolderIndex | None) -> tuple[tuple[Path, ...], frozenset[str]]:
    """Those of its validation and test files that lie in `where`, and the names of the others."""
    names = [file for split in _judging(index.files) for file in index.files[split]] if index else []
    there = [file for file in names if where and (where / file).is_file()]
    return tuple(where / file for file in there if where), frozenset(names) - set(there)


def _judging(splits: Collection[str]) -> list[str]:
    return [split for split in ("val", "test") if split in splits]


def _called_as(photo: Path, gone: frozenset[str]) -> bool:
    """Does its path end with one of these?"""
    parts = photo.absolute().parts
    return bool(gone) and any("/".join(parts[start:]) in gone for start in range(1, len(parts)))


def _digest(image: NDArray[np.uint8]) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(image).tobytes(), digest_size=16).digest()
