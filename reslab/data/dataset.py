"""What a data set is: uint8 images, integer labels and class names, in splits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reslab.data.splits import stratified
from reslab.errors import UsageError

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

    def with_train(self, images: int | None) -> "Dataset":
        """The same with so many of its training images, of each class its part, the same ones every time; None: all.

        Raises UsageError where there are fewer.
        """
        train = self.splits["train"]
        if images in (None, len(train)):
            return self
        assert images is not None
        if images > len(train):
            raise UsageError(f"{self.name} has {len(train):,} training images; data.images={images} are not there")
        kept, _ = stratified(train.labels, (images, len(train) - images))
        return replace(self, splits={**self.splits, "train": Images(train.pixels[kept], train.labels[kept])})
