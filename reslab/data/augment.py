"""The augmentation of sec. 4.2 as batch functions: pad, crop at random, mirror at random.

Drawing is apart from doing: what is drawn depends on (seed, step) alone, and any engine can do it in its own way.
"""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import pad as zero_pad

from reslab.data.randomness import generator


def draw_crops(batch: int, pad: int, seed: int, step: int, spare: int = 0) -> NDArray[np.int64]:
    """Top and left edge of each image's crop in the padded image, (batch, 2), each in 0 ... 2*pad + spare.

    `spare` is by how many pixels the crop is smaller than the image.
    """
    return generator(seed, "crop", step).integers(0, 2 * pad + spare + 1, size=(batch, 2))


def draw_flips(batch: int, seed: int, step: int) -> NDArray[np.bool_]:
    """Which images are mirrored left to right, (batch,), each with probability one half."""
    return generator(seed, "flip", step).random(batch) < 0.5


def alternate_flips(indices: NDArray[np.int64], epochs: NDArray[np.int64], images: int, seed: int) -> NDArray[np.bool_]:
    """Which images are mirrored, (batch,): each at random in its first epoch, and from then on in every other one.

    `indices` (batch,) are those of a batch's images, `epochs` how often each was drawn before (see `batch_epochs`). Two
    epochs in a row so show both forms of every image, where random mirroring shows half of them twice
    (alternating flip of cifar10-airbench, arXiv 2404.00498).
    """
    return _mirrored_first(images, seed)[indices] ^ (epochs % 2 == 1)


@lru_cache(maxsize=4)
def _mirrored_first(images: int, seed: int) -> NDArray[np.bool_]:
    """Which images are mirrored in their first epoch."""
    return generator(seed, "first flip").random(images) < 0.5


def crop_and_flip(images: Tensor, crops: Tensor, flips: Tensor, pad: int, size: int = 0) -> Tensor:
    """(B, H, W, C) -> (B, H, W, C): pad by zeros on every side, cut out the crop, mirror it where asked.

    With a `size`, crops are (B, size, size, C).

    Zeros are added after normalisation, so that the border has the mean colour (as fb.resnet.torch does).
    """
    batch, height, width, channels = images.shape
    device, crop_height, crop_width = images.device, size or height, size or width
    padded = zero_pad(images, (0, 0, pad, pad, pad, pad))
    columns = torch.arange(crop_width, device=device).expand(batch, crop_width)
    columns = torch.where(flips[:, None], crop_width - 1 - columns, columns) + crops[:, 1:]
    rows = torch.arange(crop_height, device=device) + crops[:, :1]
    places = rows[:, :, None] * (width + 2 * pad) + columns[:, None, :]
    places += torch.arange(batch, device=device)[:, None, None] * ((height + 2 * pad) * (width + 2 * pad))
    return padded.flatten(0, 2)[places.flatten()].view(batch, crop_height, crop_width, channels)
