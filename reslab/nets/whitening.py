"""Whitening initialisation of a first convolution: its filters see the images' patches in uncorrelated parts.

After cifar10-airbench (arXiv 2404.00498), whose first layer is another one, 2x2 and frozen; here the paper's own stem
only starts so.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from reslab.errors import UsageError

SMALLEST_VARIANCE = 5e-4  # of a component that is scaled to 1: what hardly varies is not blown up


def whitening_filters(images: Iterable[Tensor], shape: tuple[int, ...]) -> Tensor:
    """Filters of `shape` (filters, C, k, k): the strongest principal components of the k x k patches, each with both
    signs, scaled so that their responses have a mean square of 1.

    `images` are normalised, in portions (N, C, H, W). Both signs, because ReLU cuts off the half of a response. The
    same filters at every call. Raises UsageError where the patches have too few components.
    """
    count, channels, kernel, _ = shape
    components = -(-count // 2)
    if components > channels * kernel * kernel:
        raise UsageError(
            f"model.stem_init=whitening: {count} filters need {components} components, and patches of "
            f"{channels}x{kernel}x{kernel} have {channels * kernel * kernel}; use model.stem_init=he"
        )
    variances, vectors = torch.linalg.eigh(_second_moment(images, kernel))  # ascending
    strongest = vectors.flip(1)[:, :components].T
    # A component has no sign of its own: the largest number is made the positive one.
    largest = strongest.gather(1, strongest.abs().argmax(1, keepdim=True))
    scale = variances.flip(0)[:components].clamp(min=SMALLEST_VARIANCE).rsqrt()
    filters = strongest * largest.sign() * scale[:, None]
    return torch.cat([filters, -filters])[:count].float().view(shape)


def _second_moment(images: Iterable[Tensor], kernel: int) -> Tensor:
    """The mean of x x^T over all patches x that lie whole inside the images, fp64 (C*k*k, C*k*k)."""
    total, patches = torch.zeros((), dtype=torch.double), 0
    for portion in images:
        windows = portion.unfold(2, kernel, 1).unfold(3, kernel, 1)  # (N, C, H', W', k, k)
        flat = windows.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(0, 2)
        total = total + (flat.T @ flat).double()
        patches += len(flat)
    return total / patches
