"""What images of one contrast have in common, as tensors of a file of ours."""

import torch
from torch import Tensor

from reslab.data import Contrast

CENTRE, WHITENING = "preprocessing.centre", "preprocessing.whitening"


def contrast_tensors(contrast: Contrast) -> dict[str, Tensor]:
    """By name, on the CPU."""
    centre = {CENTRE: torch.from_numpy(contrast.centre.copy())}
    if contrast.whitening is None:
        return centre
    return centre | {WHITENING: torch.from_numpy(contrast.whitening.copy())}


def contrast_from(tensors: dict[str, Tensor]) -> Contrast | None:
    """Back from such tensors, which are taken out of `tensors`; None where they are not among them."""
    if CENTRE not in tensors:
        return None
    matrix = tensors.pop(WHITENING, None)
    return Contrast(tensors.pop(CENTRE).numpy(), None if matrix is None else matrix.numpy())
