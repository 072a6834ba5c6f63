"""How the first convolution starts, where the recipe lets the training images decide it."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from reslab.data import ContrastNormalisation, Images, Preprocessing
from reslab.engine import Engine
from reslab.nets import whitening_filters
from reslab.training.recipe import Recipe

SAMPLE = 5_000_000  # pixels of training images that are looked at: about 5,000 images of CIFAR
PORTION = 200_000  # pixels at a time


def stem_filters(recipe: Recipe, engine: Engine, train: Images, preprocessing: Preprocessing) -> Tensor | None:
    """The filters that the first convolution starts with, on the CPU; None where they are drawn as all others are."""
    if recipe.model.stem_init == "he":
        return None
    shape = next(shape for shape in engine.parameters.shapes if len(shape) == 4)
    return whitening_filters(_portions(train, preprocessing), shape)


def _portions(train: Images, preprocessing: Preprocessing) -> Iterator[Tensor]:
    """Training images as the net sees them, (N, 3, H, W): spread evenly over the set, the same for every seed."""
    count = min(len(train), max(1, SAMPLE // train.size**2))
    chosen = np.arange(count) * len(train) // count
    contrast = ContrastNormalisation(preprocessing.contrast) if preprocessing.contrast else None
    for indices in np.array_split(chosen, -(-count * train.size**2 // PORTION)):
        pixels = train.pixels[indices]
        if contrast is None:
            normalised = torch.from_numpy((pixels - preprocessing.mean) / np.float32(preprocessing.std))
        else:
            normalised = contrast(torch.from_numpy(pixels))
        yield normalised.permute(0, 3, 1, 2)
