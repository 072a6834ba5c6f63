"""Global contrast normalisation (GCN) and ZCA whitening: what Maxout, NIN, DSN, FitNets and highway nets saw.

After pylearn2 (make_cifar10_gcn_whitened.py): its `CIFAR10(gcn=55.)` and `ZCA()`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reslab.data.dataset import ENOUGH_PIXELS, Images
from reslab.errors import UsageError

LENGTH = 55 / 3072**0.5  # root of the mean square of an image's values: 3,072 of CIFAR have the length 55
SMALLEST = 1e-3  # of that root before, in 0-255: what rounding leaves of an image of one grey is not blown up
FILTER_BIAS = 0.1  # added to every variance: directions in which images hardly differ are not blown up
LARGEST_WHITENED = 32  # pixels: the matrix has (3 size^2)^2 numbers, 9.4 million at 32, 151 million at 64


@dataclass(frozen=True)
class Contrast:
    """What training images are like once each has the same contrast."""

    centre: NDArray[np.float32]  # their mean, (H, W, 3), or (1, 1, 3) of each colour
    whitening: NDArray[np.float32] | None = None  # (D, D), symmetric, D = H * W * 3 in that order; None: not whitened


class ContrastNormalisation(nn.Module):
    """uint8 images (B, H, W, 3) -> fp32: each of one contrast, less the centre, and whitened where there is a matrix.

    It moves with a net from device to device, and stays in fp32 whatever that computes in.

    Global contrast normalisation: of all of an image's values, their own mean is subtracted, and what is left is
    brought to one length. ZCA whitening: times (C + 0.1 I)^(-1/2), C the covariance of such images.
    """

    def __init__(self, contrast: Contrast) -> None:
        super().__init__()
        self.centre: Tensor
        self.whitening: Tensor | None
        self.register_buffer("centre", torch.from_numpy(contrast.centre.copy()), persistent=False)
        matrix = None if contrast.whitening is None else torch.from_numpy(contrast.whitening.copy())
        self.register_buffer("whitening", matrix, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        centred = to_one_contrast(pixels.float()) - self.centre.to(pixels.device)
        if self.whitening is None:
            return centred
        return (centred.flatten(1) @ self.whitening.to(pixels.device)).view(centred.shape)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        return super()._apply(lambda tensor: tensor.to(fn(tensor).device), recurse)


def to_one_contrast(images: Tensor) -> Tensor:
    """Images (B, H, W, 3) of floats, each less the mean of all its values, and of one root mean square."""
    centred = images - images.mean(dim=(1, 2, 3), keepdim=True)
    length = centred.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return centred * (LENGTH / length.clamp(min=SMALLEST))


def can_whiten(size: int, images: int) -> bool:
    """Is the matrix not too large, and are there enough images of `size` pixels to find it?

    By fewer images than numbers in one, those that it was not found by come out larger than those that it was.
    """
    return size <= LARGEST_WHITENED and images >= 3 * size**2


def measure_contrast(images: Images, mean: str, whiten: bool) -> Contrast:
    """The contrast of these training images; `mean` is "pixel" or "channel", and "pixel" of what is whitened."""
    assert not whiten or (mean == "pixel" and images.size <= LARGEST_WHITENED)
    images = images.thinned(ENOUGH_PIXELS)
    values = images.size**2 * 3
    total = torch.zeros(values, dtype=torch.double)
    products = torch.zeros(values, values) if whiten else None
    for block in images.blocks():
        normalised = to_one_contrast(torch.from_numpy(block)).flatten(1)
        total += normalised.sum(dim=0, dtype=torch.double)
        if products is not None:
            products.addmm_(normalised.T, normalised)
    centre = (total / len(images)).view(images.size, images.size, 3)
    if mean == "channel":
        centre = centre.mean(dim=(0, 1), keepdim=True)
    matrix = None if products is None else _whitening(products.double() / len(images), total / len(images))
    return Contrast(centre.float().numpy(), matrix)


def _whitening(second_moment: Tensor, centre: Tensor) -> NDArray[np.float32]:
    """(C + bias)^(-1/2) of the covariance C about the mean image, fp64 (D, D) -> fp32."""
    covariance = second_moment - torch.outer(centre, centre)
    variances, directions = torch.linalg.eigh(covariance)
    scale = (variances.clamp(min=0) + FILTER_BIAS).rsqrt()
    return (directions * scale @ directions.T).float().contiguous().numpy()


def colour_of(contrast: Contrast) -> Contrast:
    """The same with the mean colour, for images of any size. Raises UsageError where it whitens."""
    if contrast.whitening is not None:
        raise UsageError(
            "whole images at several scales need a net of any size, and images that are whitened have one: give "
            "--views 10 or centre beside --scales"
        )
    return replace(contrast, centre=contrast.centre.mean(axis=(0, 1), keepdims=True, dtype=np.float32))
