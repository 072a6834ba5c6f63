"""Nearly the same photograph twice: scaled, encoded anew, a little brighter; not mirrored, turned or cropped.

Each photograph is a small grey picture here, and 64 bits of it: is a cell brighter than its neighbour (a "difference
hash")? Pairs that share enough of the bits are found by sorting, in time that grows little faster than their number;
whether they are alike is said by the pictures and the shapes.
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

SIDE = 16  # cells of a small picture, each way
CELLS = 8  # of its hash, each way
FLAT = 3.0  # levels of standard deviation: a picture with less has nothing to compare
MARGIN = 1 / 32  # of the standard deviation, by which a cell must be brighter: even areas are not to flicker
BLOCKS, SHARED = 8, 3  # of the 8 bytes of two hashes 3 must be the same: so pairs that differ in 5 bits are all found
MOST_BITS = 8  # that two hashes may differ in
LONGEST_RUN = 64  # of pictures that share those bytes each is compared with so many, or all-white scans took for ever
FIRST = 4  # of pictures with one hash, so many are compared with those of other hashes
ALIKE = 0.975  # correlation of two small pictures
SHAPE = 0.04  # by which width / height may differ: a shorter side of 32 pixels is rounded by 3 %
PORTION = 50_000  # pictures or pairs at a time


def alike(smalls: NDArray[np.uint8], shapes: NDArray[np.float64]) -> list[list[int]]:
    """Groups of the `smalls` (N, SIDE, SIDE) that show nearly the same; `shapes` (N,) are widths / heights."""
    hashes, even = _hashes(smalls)
    rows = np.flatnonzero(~even)
    pairs = rows[_candidates(hashes[rows])]
    return _groups(pairs[_same(smalls, shapes, pairs)])


def _hashes(smalls: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The hash of each picture as bytes (N, BLOCKS), and whether it is too even to have one (N,)."""
    hashes = np.empty((len(smalls), BLOCKS), np.uint8)
    even = np.empty(len(smalls), bool)
    for start in range(0, len(smalls), PORTION):
        part = smalls[start : start + PORTION].astype(np.float32)
        spread = part.std(axis=(1, 2))
        cells = part.reshape(len(part), CELLS, SIDE // CELLS, CELLS, SIDE // CELLS).mean(axis=(2, 4))
        # The last cell of a row has the first as its neighbour: 64 bits.
        bits = cells - np.roll(cells, -1, axis=2) > MARGIN * spread[:, None, None]
        # A byte is a diagonal, not a row: a white margin shall not make bytes the same.
        diagonals = np.stack([np.roll(bits[:, row], row, axis=1) for row in range(CELLS)], axis=2)
        hashes[start : start + PORTION] = np.packbits(diagonals, axis=2)[:, :, 0]
        even[start : start + PORTION] = spread < FLAT
    return hashes, even


def _candidates(hashes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Pairs (n, 2) of rows whose hashes differ in few bits, each once, in order."""
    whole = hashes.view(np.uint64).reshape(-1)
    by_hash = np.argsort(whole, kind="stable")  # so that in a run that is too long neighbours are compared
    equal = _numbered(_pairs_of_runs(whole[by_hash], by_hash), len(whole))
    near = np.empty(0, np.int64)
    by_hash = by_hash[_places_in_runs(whole[by_hash]) < FIRST]
    for chosen in combinations(range(BLOCKS), SHARED):
        key = np.zeros(len(by_hash), np.uint64)
        for block in chosen:
            key = key << np.uint64(8) | hashes[by_hash, block]
        order = np.argsort(key, kind="stable")
        found = (pairs[_nearly(whole, pairs)] for pairs in _pairs_of_runs(key[order], by_hash[order]))
        near = np.sort(np.concatenate([near, _numbered(found, len(whole))]))
        near = near[_places_in_runs(near) == 0]
    return np.stack(np.divmod(np.sort(np.concatenate([equal, near])), max(len(whole), 1)), axis=1)


def _places_in_runs(keys: NDArray[np.integer]) -> NDArray[np.int64]:
    """How many before each one of the sorted `keys` are the same."""
    places = np.arange(len(keys))
    begins = np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)]
    return places - np.maximum.accumulate(np.where(begins, places, 0))


def _nearly(whole: NDArray[np.uint64], pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pairs have other hashes, but not very."""
    bits = np.bitwise_count(whole[pairs[:, 0]] ^ whole[pairs[:, 1]])
    return (bits > 0) & (bits <= MOST_BITS)


def _numbered(portions: Iterable[NDArray[np.int64]], rows: int) -> NDArray[np.int64]:
    """One number for each pair of so many rows."""
    pairs = np.concatenate([np.empty((0, 2), np.int64), *portions])
    return pairs.min(axis=1) * rows + pairs.max(axis=1)


def _pairs_of_runs(keys: NDArray[np.uint64], rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Pairs (n, 2) of the `rows` with the same key, at most LONGEST_RUN places apart; `keys` are sorted."""
    first = np.arange(len(keys))
    for step in range(1, LONGEST_RUN + 1):
        first = first[first + step < len(keys)]
        first = first[keys[first] == keys[first + step]]  # who is no match at one step is none at the next
        if not len(first):
            return
        yield np.stack([rows[first], rows[first + step]], axis=1)


def _same(smalls: NDArray[np.uint8], shapes: NDArray[np.float64], pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the pairs (n, 2) have the same shape, and pictures that differ in brightness and contrast alone."""
    same = np.empty(len(pairs), bool)
    for start in range(0, len(pairs), PORTION):
        first, second = pairs[start : start + PORTION].T
        correlation = np.einsum("nc,nc->n", _standardised(smalls[first]), _standardised(smalls[second])) / SIDE**2
        stretched = np.abs(np.log(shapes[first] / shapes[second]))
        same[start : start + PORTION] = (correlation >= ALIKE) & (stretched <= SHAPE)
    return same


def _standardised(smalls: NDArray[np.uint8]) -> NDArray[np.float32]:
    cells = smalls.reshape(len(smalls), -1).astype(np.float32)
    cells -= cells.mean(axis=1, keepdims=True)
    return cells / cells.std(axis=1, keepdims=True)


def _groups(pairs: NDArray[np.int64]) -> list[list[int]]:
    """What hangs together by pairs, sorted."""
    leader: dict[int, int] = {}

    def find(row: int) -> int:
        while leader.setdefault(row, row) != row:
            leader[row] = leader[leader[row]]
            row = leader[row]
        return row

    for one, other in pairs.tolist():
        low, high = sorted((find(one), find(other)))
        leader[high] = low
    groups: dict[int, list[int]] = {}
    for row in sorted(leader):
        groups.setdefault(find(row), []).append(row)
    return list(groups.values())
