"""Folds: photographs in K parts alike, of which a run holds out one for validation; K runs judge each of them once."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reslab.data.contents import Contents
from reslab.data.splits import folds
from reslab.errors import DataError, UsageError, and_more

_FOLD = re.compile(r"fold(\d+)/(\d+)")


class Fold(NamedTuple):
    """One of so many; written as a split, "fold2/5"."""

    number: int  # from 1
    of: int

    def __str__(self) -> str:
        return f"fold{self.number}/{self.of}"

    def held_out(self, labels: Sequence[int]) -> tuple[list[int], list[int]]:
        """Ascending indices of what is left for training, and of what is held out."""
        held = folds(labels, self.of)[self.number - 1].tolist()
        return np.delete(np.arange(len(labels)), held).tolist(), held

    def sizes(self, images: int) -> str:
        """How many of so many images are in a fold, in words."""
        least, most = images // self.of, -(-images // self.of)
        return f"{least:,} images each" if least == most else f"{least:,} or {most:,} images each"


def read_fold(split: str) -> Fold:
    """The fold that "fold2/5" names. UsageError for anything else."""
    found = _FOLD.fullmatch(split)
    if found is None:
        raise UsageError(
            f"split {split!r}: only cifar10 and cifar100 have named splits; of a folder or a table it is a fold, as "
            "fold2/5, the second of five (--folds 5 makes all five runs)"
        )
    fold = Fold(*(int(digits) for digits in found.groups()))
    if fold.of < 2:
        raise UsageError(f"{fold}: photographs are divided into 2 folds or more")
    if not 1 <= fold.number <= fold.of:
        raise UsageError(f"{fold}: folds are numbered from 1 to {fold.of}")
    return fold


def refuse_unfoldable(place: Path, contents: Contents, fold: Fold) -> None:
    """UsageError for photographs that say themselves which are for validation, and for fewer than there are folds.

    DataError for a class of one photograph, of which nothing would be left to learn from.
    """
    if "val" in contents:
        raise UsageError(
            f"{fold}: {place} has photographs for validation already; leave the fold out, or put these among those "
            "that are learned"
        )
    photos = contents["train"].photos
    if (images := sum(map(len, photos.values()))) < fold.of:
        raise UsageError(f"{fold}: {place} has {images:,} photographs; {images:,} folds at most")
    if single := [name for name, paths in photos.items() if len(paths) == 1]:
        more = and_more(single, such="such")
        raise DataError(
            f"{fold}: {place}: the class {single[0]}{more} has one photograph, and none to learn from where that is "
            "held out; add another, or take the class away"
        )
