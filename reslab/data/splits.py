"""Stratified splits that stay the same on every machine and with every version of NumPy."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

SPLIT_SEED = 2015  # of splits only: runs of different seeds train and are judged on the same images


def stratified(labels: ArrayLike, shares: Sequence[float], seed: int = SPLIT_SEED) -> list[NDArray[np.int64]]:
    """Ascending indices of each part; `shares` are fractions or counts, in proportion to each other.

    Each class is divided in these proportions to within one image, and so is the whole. Only a class that is too
    small for its proportions differs: it has an image in each part as far as they go, beginning with the first.
    """
    wanted = np.asarray(labels, dtype=np.int64)
    grouped = _grouped(wanted, seed)
    edges = [0, *(np.flatnonzero(np.diff(wanted[grouped])) + 1).tolist(), len(wanted)]
    parts: list[list[NDArray[np.int64]]] = [[] for _ in shares]
    for start, end in pairwise(edges):
        cuts = np.cumsum(_quotas(start, end, shares))[:-1]
        for part, members in zip(parts, np.split(grouped[start:end], cuts), strict=True):
            part.append(members)
    return [np.sort(np.concatenate(part)) for part in parts]


def folds(labels: ArrayLike, count: int, seed: int = SPLIT_SEED) -> list[NDArray[np.int64]]:
    """Ascending indices of each of `count` parts, disjoint and together everything.

    Their sizes differ by one at most, and so do the sizes of each class in them.
    """
    grouped = _grouped(np.asarray(labels, dtype=np.int64), seed)
    return [np.sort(grouped[first::count]) for first in range(count)]


def chosen_part(labels: ArrayLike, images: int) -> NDArray[np.int64]:
    """Ascending indices of so many images, of each class its part, the same ones every time."""
    return stratified(labels, (images, len(np.asarray(labels)) - images))[0]


def _grouped(labels: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """All indices, class after class, those of a class in a random order."""
    order = _shuffled(len(labels), seed)
    return order[np.argsort(labels[order], kind="stable")]


def _shuffled(n: int, seed: int) -> NDArray[np.int64]:
    # Ranks of the generator's raw stream: NumPy promises that to be stable, and not its `permutation`.
    return np.argsort(np.random.Philox(key=seed).random_raw(n), kind="stable").astype(np.int64)


def _quotas(start: int, end: int, shares: Sequence[float]) -> list[int]:
    """How many of the images at positions start..end of the class-sorted order each part gets."""
    whole = sum(shares)
    counts = [0, *(round(end * share / whole) - round(start * share / whole) for share in shares[1:])]
    counts[0] = end - start - sum(counts)
    for part in range(min(len(counts), end - start)):
        while counts[part] < 1:
            counts[max(range(len(counts)), key=lambda other: (counts[other], other))] -= 1
            counts[part] += 1
    return counts
