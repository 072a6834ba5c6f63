"""Random erasing (Zhong et al., arXiv 1708.04896): a rectangle of the crop takes the colour that is subtracted.

Drawing is apart from doing, as in `augment`.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from reslab.data.areas import sides
from reslab.data.randomness import generator

PARTS = (0.02, 0.33)  # of the crop's area
ASPECT = (0.3, 3.3)  # width to height


def draw_erased(batch: int, probability: float, size: int, seed: int, step: int) -> NDArray[np.int64]:
    """Top, left, bottom and right edge of each image's rectangle, (batch, 4), in its crop of size x size pixels.

    With `probability` there is one, else all are 0. Parts of the area are uniform, shapes as `sides` says.
    """
    random = generator(seed, "erase", step)
    chosen = random.random(batch) < probability
    across, down = sides(random.uniform(*PARTS, batch), random.random(batch), ASPECT, 1.0)
    extents = np.maximum(np.rint(size * np.stack([down, across], axis=1)), 1).astype(np.int64)
    begins = (random.random((batch, 2)) * (size - extents + 1)).astype(np.int64)
    return np.concatenate([begins, begins + extents], axis=1) * chosen[:, None]


def erased(
    images: NDArray[np.uint8], rectangles: NDArray[np.int64], origins: NDArray[np.int64], mean: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """A copy of the images (B, H, W, 3) in which each's rectangle (B, 4) is `mean`, (H, W, 3) or (1, 1, 3), rounded.

    `origins` (B, 2): top and left edge of the crop in the image; negative where it begins in the padding, which has the
    mean colour itself. After normalisation a rectangle is zero to half a level of 256.
    """
    fill = np.broadcast_to(np.rint(mean).astype(np.uint8), images.shape[1:])
    found = images.copy()
    for number, rows, columns in _places(rectangles, origins, images.shape[1:3]):
        found[number, rows, columns] = fill[rows, columns]
    return found


def not_erased(rectangles: NDArray[np.int64], origins: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels of images (height, width) `erased` leaves as they are, (B, H, W)."""
    kept = np.ones((len(rectangles), *shape), np.bool_)
    for number, rows, columns in _places(rectangles, origins, shape):
        kept[number, rows, columns] = False
    return kept


def _places(
    rectangles: NDArray[np.int64], origins: NDArray[np.int64], shape: tuple[int, ...]
) -> Iterator[tuple[int, slice, slice]]:
    """Rows and columns of every image in which something is erased."""
    chosen = np.flatnonzero(rectangles[:, 2])
    edges = (rectangles + np.tile(origins, 2))[chosen].clip(0, shape * 2)
    for number, (top, left, bottom, right) in zip(chosen.tolist(), edges.tolist(), strict=True):
        yield number, slice(top, bottom), slice(left, right)
