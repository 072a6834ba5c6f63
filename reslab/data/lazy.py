"""Pixels of photographs that are not kept: read from the files whenever they are asked for."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reslab.data.photo import one_of_many, read_photo
from reslab.data.threads import in_threads

Rows = slice | NDArray[np.int64]  # which of many images


class LazyPixels:
    """uint8 (N, size, size, 3) as an array of decoded photographs has them, row by row the same; nothing is kept.

    Taking rows decodes them, in threads. DataError, naming the file, for a photograph that cannot be read.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(
        self, folder: Path, files: Sequence[str], size: int, part: Callable[[int], slice] | None = None
    ) -> None:
        """`files` are relative to `folder`, `size` is the height = width in pixels; `part` see `shared`."""
        self.shape = (len(files), size, size, 3)
        self._folder, self._files, self._part = folder, files, part

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, rows: int | np.integer | Rows) -> NDArray[np.uint8]:
        """One image (size, size, 3), or those of a slice or of indices (n, size, size, 3)."""
        if isinstance(rows, int | np.integer):
            return self._read(self._files[int(rows)])
        wanted = chosen(self._files, rows)
        pixels = np.zeros((len(wanted), *self.shape[1:]), np.uint8)
        own = self._part(len(wanted)) if self._part else slice(0, len(wanted))
        for row, image in enumerate(in_threads(self._read, wanted[own]), own.start):
            pixels[row] = image
        return pixels

    def only(self, rows: Rows) -> "LazyPixels":
        """These rows, still to be read."""
        return LazyPixels(self._folder, chosen(self._files, rows), self.shape[1], self._part)

    def shared(self, part: Callable[[int], slice]) -> "LazyPixels":
        """The same for a process that looks at a part of what is taken: of n rows `part(n)`; the others are zeros."""
        return LazyPixels(self._folder, self._files, self.shape[1], part)

    def _read(self, file: str) -> NDArray[np.uint8]:
        with one_of_many():
            return read_photo(self._folder / file, self.shape[1])


def chosen(files: Sequence[str], rows: Rows) -> tuple[str, ...]:
    """Those of a slice, or of indices."""
    return tuple(files[rows] if isinstance(rows, slice) else (files[row] for row in rows))
