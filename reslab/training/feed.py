"""From (recipe, step) to a batch: which images, and how each is cropped and mirrored."""

import numpy as np

from reslab.data import Images, batch_indices, draw_crops, draw_flips
from reslab.data.randomness import generator
from reslab.engine import Batch
from reslab.training.recipe import Recipe


def batch_at(recipe: Recipe, images: Images, step: int) -> Batch:
    """The batch of the update at `step`; the same at every call."""
    indices = batch_indices(len(images), recipe.batch, recipe.seed, step)
    pad = recipe.augment.pad
    return Batch(
        images=np.take(images.pixels, indices, axis=0),
        labels=images.labels[indices],
        crops=draw_crops(recipe.batch, pad, recipe.seed, step) if pad else None,
        flips=draw_flips(recipe.batch, recipe.seed, step) if recipe.augment.flip else None,
        pad=pad,
        smoothing=recipe.smoothing,
        seed=int(generator(recipe.seed, "net", step).integers(2**62)),
    )
