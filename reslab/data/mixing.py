"""mixup (arXiv 1710.09412) and CutMix (arXiv 1905.04899): every image of a batch is mixed with the one before it.

A batch has one mixing, as in torchvision and timm. Its images are in random order, so that its neighbours are random
pairs; the first is mixed with the last. Drawing is apart from doing, as in `augment`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reslab.data.randomness import generator


@dataclass(frozen=True)
class Mixing:
    """How much of each image, and of its label, stays its own, and where the other one is."""

    own: float  # lambda of the papers, in [0, 1]
    box: tuple[int, int, int, int] | None = None  # top, left, bottom, right in the crop; None: mixup, all over it

    def blend(self, own: Tensor, others: Tensor) -> Tensor:
        """What is `own` and what is the others', by their parts; of any shape."""
        return self.own * own + (1 - self.own) * others


def draw_mixing(mixup: float, cutmix: float, size: int, seed: int, step: int) -> Mixing:
    """The mixing of the batch at `step`, of crops of size x size pixels; lambda is of Beta(alpha, alpha).

    `mixup` and `cutmix` are their alphas, 0 for none; where both are above 0, each batch takes one of them with
    probability one half.
    """
    assert mixup or cutmix
    random = generator(seed, "mixing", step)
    cut = bool(cutmix) and (not mixup or random.random() < 0.5)
    alpha = cutmix if cut else mixup
    own = float(random.beta(alpha, alpha))
    return cut_mixing(own, random.integers(size, size=2), size) if cut else Mixing(own)


def cut_mixing(own: float, centre: NDArray[np.int64], size: int) -> Mixing:
    """CutMix with a square of 1 - `own` of the crop's area about `centre` (row, column).

    What reaches beyond the crop is cut off, and lambda is corrected to the area that is left.
    """
    half = int(0.5 * np.sqrt(1 - own) * size)
    top, left = (max(0, int(place) - half) for place in centre)
    bottom, right = (min(size, int(place) + half) for place in centre)
    return Mixing(1 - (bottom - top) * (right - left) / size**2, (top, left, bottom, right))


def mixed(images: Tensor, mixing: Mixing) -> Tensor:
    """Images (B, H, W, C), each mixed with the one before it; where it is cut out, in the same memory."""
    if mixing.box is None:
        return mixing.blend(images, images.roll(1, 0))
    top, left, bottom, right = mixing.box
    images[:, top:bottom, left:right] = images[:, top:bottom, left:right].roll(1, 0)
    return images


def before(values: NDArray) -> NDArray:
    """Of each image of a batch what the one has that it is mixed with, (B, ...)."""
    return np.roll(values, 1, axis=0)
