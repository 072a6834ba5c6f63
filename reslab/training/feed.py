"""From (recipe, step) to a batch: which images, and how each is cropped and mirrored."""

import numpy as np
from numpy.typing import NDArray

from reslab.data import Images, alternate_flips, batch_epochs, batch_indices, draw_crops, draw_flips
from reslab.data.randomness import generator
from reslab.engine import Batch
from reslab.training.recipe import Recipe
from reslab.training.schedule import companions_learn


def batch_at(recipe: Recipe, images: Images, step: int) -> Batch:
    """The images drawn for the update at `step`: `recipe.candidates` of them; the same at every call."""
    indices = batch_indices(len(images), recipe.candidates, recipe.seed, step)
    pad, size = recipe.augment.pad, crop_size(recipe, step)
    spare = images.size - size if size else 0
    return Batch(
        images=np.take(images.pixels, indices, axis=0),
        labels=images.labels[indices],
        crops=draw_crops(len(indices), pad, recipe.seed, step, spare) if pad + spare else None,
        flips=flips_at(recipe, indices, len(images), step) if recipe.augment.flip else None,
        pad=pad,
        size=size,
        smoothing=recipe.smoothing,
        loss=recipe.loss,
        companions=companions_learn(recipe, step),
        seed=int(generator(recipe.seed, "net", step).integers(2**62)),
    )


def crop_size(recipe: Recipe, step: int) -> int:
    """Height = width of the crops at `step` in pixels; 0: those of the images."""
    augment = recipe.augment
    return augment.small_size or 0 if step < augment.small_part * recipe.steps else 0


def flips_at(recipe: Recipe, indices: NDArray[np.int64], images: int, step: int) -> NDArray[np.bool_]:
    """Which images of the batch at `step` are mirrored: at random, or in every other epoch of theirs."""
    if recipe.augment.flip_order == "random":
        return draw_flips(len(indices), recipe.seed, step)
    return alternate_flips(indices, batch_epochs(images, len(indices), step), images, recipe.seed)
