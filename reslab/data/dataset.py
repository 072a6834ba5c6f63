"""What a data set is: uint8 images, integer labels and class names, in splits."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reslab.data.lazy import LazyPixels, Rows, chosen
from reslab.data.photo import one_of_many, open_photo
from reslab.data.splits import chosen_part
from reslab.errors import UsageError

if TYPE_CHECKING:
    from reslab.data.index import FolderIndex

# For a mean image and a training error: 10,000 photographs of 224 pixels, and all images of CIFAR. A pixel's mean has a
# standard error of less than a level of 256 then, an error rate of half a point at most.
ENOUGH_PIXELS = 500_000_000
BLOCK_PIXELS = 4096 * 32 * 32  # of `Images.blocks`


@dataclass(frozen=True)
class Photos:
    """The files that images were made from, so that they can be looked at whole and at other scales."""

    folder: Path
    files: tuple[str, ...]  # paths relative to the folder, with /

    def only(self, rows: Rows) -> "Photos":
        return Photos(self.folder, chosen(self.files, rows))


@dataclass(frozen=True)
class Images:
    """Labelled images of one size. `pixels` may be a read-only memory map, or lazy; nothing writes to it."""

    pixels: NDArray[np.uint8] | LazyPixels  # (N, H, W, 3), RGB
    labels: NDArray[np.int64]  # (N,), index into the data set's classes
    photos: Photos | None = None  # the files of a folder's images, in the order of the pixels

    def __post_init__(self) -> None:
        assert self.pixels.dtype == np.uint8 and self.pixels.ndim == 4 and self.pixels.shape[3] == 3
        assert self.labels.dtype == np.int64 and self.labels.shape == self.pixels.shape[:1]

        assert self.photos is None or len(self.photos.files) == len(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def picture(self, index: int, enough: int) -> Image.Image:
        """One image, whole where there is a photograph of it; its shorter side at least `enough` pixels if it can.

        DataError, naming the file, if the photograph cannot be read any more.
        """
        if self.photos is None:
            return Image.fromarray(np.asarray(self.pixels[index]))
        with one_of_many():
            return open_photo(self.photos.folder / self.photos.files[index], enough)

    @property
    def size(self) -> int:
        """Height (= width) in pixels."""
        return int(self.pixels.shape[1])

    def only(self, rows: Rows) -> "Images":
        """Those of a slice, or of indices, in that order."""
        pixels = self.pixels.only(rows) if isinstance(self.pixels, LazyPixels) else self.pixels[rows]
        return Images(pixels, self.labels[rows], self.photos.only(rows) if self.photos else None)

    def shared(self, part: Callable[[int], slice]) -> "Images":
        """For a process that looks at `part(n)` of n images that are taken: no others are read from files."""
        return replace(self, pixels=self.pixels.shared(part)) if isinstance(self.pixels, LazyPixels) else self

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """All images as fp32 (B, H, W, 3), from 0 to 255, so many at a time that a set never has to fit in memory."""
        portion = max(1, BLOCK_PIXELS // self.size**2)
        return (self.pixels[at : at + portion].astype(np.float32) for at in range(0, len(self), portion))

    def thinned(self, pixels: int) -> "Images":
        """All of them; where they have more than so many pixels together every k-th, with the smallest k that will do.

        A function of their number and size alone: what is measured on them is the same wherever they are read from.
        """
        most = max(1, pixels // self.size**2)
        return self if len(self) <= most else self.only(slice(None, None, -(-len(self) // most)))


@dataclass(frozen=True)
class Dataset:
    """A named set of images. Splits are among "train", "val", "test"; "train" is there, but for testing alone.

    Of a folder that is tested, the only split may be "all", everything in it.
    """

    name: str
    classes: tuple[str, ...]
    splits: Mapping[str, Images]
    mirror: bool = True  # does a mirrored image keep its class? (photographs yes, digits no)
    fingerprint: str = ""  # identifies the files that a folder held; empty for the official sets
    notes: tuple[str, ...] = ()  # what a user should be told, such as a short test batch
    index: "FolderIndex | None" = None  # of a folder: which files are in which split
    folder: Path | None = None  # where it lies, absolute
    table: Path | None = None  # that says classes and splits of the folder's files, absolute

    @property
    def size(self) -> int:
        return next(iter(self.splits.values())).size

    @property
    def place(self) -> str | Path:
        """How another process finds it: the table, the folder, or a name."""
        return self.table or self.folder or self.name

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
        return replace(self, splits={**self.splits, "train": train.only(chosen_part(train.labels, images))})
