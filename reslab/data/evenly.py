"""Some of many images, at equal distances: folders are sorted by class, and the first ones would be one class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reslab.data.below import files_below, only_photos
from reslab.data.photo import read_photo
from reslab.data.places import is_table
from reslab.data.table import listed
from reslab.errors import DataError


def evenly(there: int, wanted: int) -> NDArray[np.int64]:
    """Places of `wanted` of them, or of all where there are fewer."""
    return np.linspace(0, there - 1, min(there, wanted)).round().astype(np.int64)


def photographs_below(folder: Path, size: int, count: int) -> NDArray[np.uint8]:
    """`count` of the photographs below a folder, or of those that a table names, (N, size, size, 3).

    DataError where there is none, or one that cannot be read.
    """
    return read_evenly(photos_below(folder), size, count)


def photos_below(folder: Path) -> list[Path]:
    """All photographs below a folder, or in a table, that is named with --images, sorted.

    DataError where there is none.
    """
    if is_table(folder) and folder.is_file():
        return sorted(listed(folder))
    if not folder.is_dir():
        raise DataError(f"no folder {folder}: --images names a folder of photographs, or a .csv table of them")
    found = only_photos(files_below(folder))
    if not found:
        raise DataError(f"no photograph in {folder}")
    return found


def read_evenly(photos: Sequence[Path], size: int, count: int) -> NDArray[np.uint8]:
    """`count` of the photographs, (N, size, size, 3). DataError for one that cannot be read."""
    try:
        return np.stack([read_photo(photos[place], size) for place in evenly(len(photos), count)])
    except DataError as error:
        raise DataError(f"{error}; take it away, or name other photographs with --images") from error
