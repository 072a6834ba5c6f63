"""Random directions for trained weights, which move each filter as far as it is long (arXiv 1712.09913, sec. 4)."""

import numpy as np
import torch
from torch import Tensor

from reslab.data.randomness import generator
from reslab.engine import Layout


def random_direction(layout: Layout, weights: Tensor, seed: int, number: int = 0) -> Tensor:
    """A direction like the flat `weights`, which lie by `layout`: Gaussian, a function of seed and number alone.

    Each filter of it (of a fully connected layer, what makes one score) is scaled to the norm of the filter that it
    moves: nets compute the same when a filter is larger and what follows it smaller, and equal steps would be large
    ones for small filters. Biases, and the scales and shifts of batch normalisation, are not moved, as in the authors'
    code. A filter of zeros stays where it is.
    """
    drawn = generator(seed, "direction", number).standard_normal(layout.total, dtype=np.float32)
    found = torch.from_numpy(drawn)
    for direction, trained in zip(layout.views(found).values(), layout.views(weights).values(), strict=True):
        if trained.dim() < 2:
            direction.zero_()
        else:
            filters = direction.flatten(1)
            filters *= trained.flatten(1).norm(dim=1, keepdim=True) / filters.norm(dim=1, keepdim=True)
    return found
