"""What a data set is: uint8 images, integer labels and class names, in splits."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from reslab.data.folder import FolderIndex


@dataclass(frozen=True)
class Images:
    """Labelled images of one size. `pixels` may be a read-only memory map; nothing writes to it."""

    pixels: NDArray[np.uint8]  # (N, H, W, 3), RGB
    labels: NDArray[np.int64]  # (N,), index into the data set's classes

    def __post_init__(self) -> None:
        assert self.pixels.dtype == np.uint8 and self.pixels.ndim == 4 and self.pixels.shape[3] == 3
        assert self.labels.dtype == np.int64 and self.labels.shape == self.pixels.shape[:1]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def size(self) -> int:
        """Height (= width) in pixels."""
        return int(self.pixels.shape[1])


@dataclass(frozen=True)
class Dataset:
    """A named set of images. Splits are among "train", "val", "test"; "train" is always there."""

    name: str
    classes: tuple[str, ...]
    splits: Mapping[str, Images]
    mirror: bool = True  # does a mirrored image keep its class? (photographs yes, digits no)
    fingerprint: str = ""  # identifies the files that a folder held; empty for the official sets
    notes: tuple[str, ...] = ()  # what a user should be told, such as a short test batch
    index: "FolderIndex | None" = None  # of a folder: which files are in which split
    folder: Path | None = None  # where it lies, absolute

    @property
    def size(self) -> int:
        return self.splits["train"].size
