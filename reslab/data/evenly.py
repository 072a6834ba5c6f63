"""Some of many images, at equal distances: folders are sorted by class, and the first ones would be one class."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reslab.data.below import files_below, only_photos
from reslab.data.contents import SPLIT_FOLDERS, folders
from reslab.data.photo import read_photo
from reslab.errors import DataError


def evenly(there: int, wanted: int) -> NDArray[np.int64]:
    """Places of `wanted` of them, or of all where there are fewer."""
    return np.linspace(0, there - 1, min(there, wanted)).round().astype(np.int64)


def photographs_below(folder: Path, size: int, count: int, training: bool = False) -> NDArray[np.uint8]:
    """`count` of the photographs below a folder, (N, size, size, 3); for `training` none of its val/ and test/.

    DataError where there is none, or one that cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"no folder {folder}: --images names a folder of photographs")
    left = _held_out(folder) if training else []
    found = [path for path in only_photos(files_below(folder)) if not any(path.is_relative_to(own) for own in left)]
    if not found:
        raise DataError(
            f"no photograph in {folder}" + "".join(f", but for {own.name}/, which is to judge" for own in left)
        )
    return np.stack([read_photo(found[place], size) for place in evenly(len(found), count)])


def _held_out(folder: Path) -> list[Path]:
    """Its folders of class folders that are for validation or testing."""
    return [
        place
        for place in folders(folder)
        if SPLIT_FOLDERS.get(place.name.lower()) in ("val", "test") and folders(place)
    ]
