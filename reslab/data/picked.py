"""Rows of pixels that lie decoded together, in whatever order: several divisions of a folder share them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from reslab.data.lazy import LazyPixels, Rows


class PickedPixels(LazyPixels):
    """uint8 (N, size, size, 3): so many rows of a memory map, copied when they are taken and not before."""

    def __init__(self, decoded: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
        self.shape = (len(rows), *decoded.shape[1:])
        self._decoded, self._rows = decoded, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows: int | np.integer | Rows) -> NDArray[np.uint8]:
        """One image (size, size, 3), or those of a slice or of indices (n, size, size, 3)."""
        return self._decoded[self._rows[rows]]

    def only(self, rows: Rows) -> "PickedPixels":
        """These rows of the rows."""
        return PickedPixels(self._decoded, self._rows[rows])

    def shared(self, part: Callable[[int], slice]) -> "PickedPixels":
        """The same: to take what lies in memory costs a process nothing that is worth dividing."""
        return self
