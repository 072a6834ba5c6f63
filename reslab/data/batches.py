"""Which images are in a batch: a function of (seed, step).

The training set is shuffled anew every epoch and the epochs run on into each other, so batches are always full.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reslab.data.randomness import generator


def batch_indices(images: int, batch: int, seed: int, step: int) -> NDArray[np.int64]:
    """Indices of the images of the batch at `step`, shape (batch,); needs batch <= images."""
    assert 0 < batch <= images
    start = step * batch
    epoch, offset = divmod(start, images)
    indices = epoch_order(images, seed, epoch)[offset : offset + batch]
    if len(indices) < batch:
        rest = epoch_order(images, seed, epoch + 1)[: batch - len(indices)]
        indices = np.concatenate([indices, rest])
    return indices


def batch_epochs(images: int, batch: int, step: int) -> NDArray[np.int64]:
    """In which epoch each image of the batch at `step` is, shape (batch,): how often it was drawn before."""
    return np.arange(step * batch, (step + 1) * batch) // images


@lru_cache(maxsize=4)
def epoch_order(images: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order in which one epoch visits the images: a permutation of range(images)."""
    order = generator(seed, "order", epoch).permutation(images)
    order.flags.writeable = False  # it is shared by all the batches of the epoch
    return order
