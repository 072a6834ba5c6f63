"""From (recipe, step) to a batch: which images, and how each is cropped, mirrored, coloured, erased and mixed."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from reslab.data import (
    Images,
    LazyPixels,
    alternate_flips,
    batch_epochs,
    batch_indices,
    draw_crops,
    draw_erased,
    draw_flips,
    draw_lighting,
    draw_mixing,
)
from reslab.data.randomness import generator
from reslab.engine import Batch, Part, everything
from reslab.training.pixels import changed, pixels_at
from reslab.training.recipe import Recipe
from reslab.training.schedule import companions_learn, hints_alone, teaching


@contextmanager
def batches(recipe: Recipe, images: Images, part: Part = everything) -> Iterator[Callable[[int], Batch]]:
    """`batch_at` as a function of the step; while the net is at work the next batch is read, cut out and coloured.

    What is taken as it lies in memory is taken when it is asked for. `part` see `pixels_at`. Raises DataError as that
    does, at the batch's own step.
    """
    if not isinstance(images.pixels, LazyPixels) and not changed(recipe):
        yield lambda step: batch_at(recipe, images, step, part)
        return
    with ThreadPoolExecutor(1) as reader:
        ahead: dict[int, Future[Batch]] = {}

        def batch_of(step: int) -> Batch:
            wanted = ahead.pop(step, None) or reader.submit(batch_at, recipe, images, step, part)
            ahead.clear()
            if step + 1 < recipe.steps:
                ahead[step + 1] = reader.submit(batch_at, recipe, images, step + 1, part)
            return wanted.result()

        yield batch_of


def batch_at(recipe: Recipe, images: Images, step: int, part: Part = everything) -> Batch:
    """The images drawn for the update at `step`: `recipe.candidates` of them; the same at every call.

    `part` see `pixels_at`.
    """
    indices = batch_indices(len(images), recipe.candidates, recipe.seed, step)
    augment = recipe.augment
    pad, size = augment.pad, crop_size(recipe, step)
    whole = size or images.size
    spare = images.size - whole
    pixels, empty = pixels_at(recipe, images, indices, step, part)
    return Batch(
        images=pixels,
        labels=images.labels[indices],
        crops=draw_crops(len(indices), pad, recipe.seed, step, spare) if pad + spare else None,
        flips=flips_at(recipe, indices, len(images), step) if augment.flip else None,
        lighting=draw_lighting(len(indices), augment.lighting, recipe.seed, step) if augment.lighting else None,
        empty=empty,
        erased=draw_erased(len(indices), augment.erase, whole, recipe.seed, step) if augment.erase else None,
        mixing=draw_mixing(recipe.mixup, recipe.cutmix, whole, recipe.seed, step) if recipe.mixes else None,
        weights=class_weights(images.labels, recipe.balance)[images.labels[indices]] if recipe.balance else None,
        pad=pad,
        size=size,
        smoothing=recipe.smoothing,
        loss=recipe.loss,
        companions=companions_learn(recipe, step),
        teaching=teaching(recipe, step),
        hints=hints_alone(recipe, step),
        parts=recipe.accumulate,
        seed=int(generator(recipe.seed, "net", step).integers(2**62)),
    )


def class_weights(labels: NDArray[np.int64], balance: float) -> NDArray[np.float32]:
    """What an image of each class weighs in the loss, (classes,): n ** -balance of a class of n images.

    The mean over all images is 1, so that the rate means what it did.
    """
    counts = np.bincount(labels)
    weights = np.maximum(counts, 1) ** -float(balance)
    return (weights * len(labels) / (weights * counts).sum()).astype(np.float32)


def crop_size(recipe: Recipe, step: int) -> int:
    """Height = width of the crops at `step` in pixels; 0: those of the images."""
    augment = recipe.augment
    return augment.small_size or 0 if step < augment.small_part * recipe.steps else 0


def flips_at(recipe: Recipe, indices: NDArray[np.int64], images: int, step: int) -> NDArray[np.bool_]:
    """Which images of the batch at `step` are mirrored: at random, or in every other epoch of theirs."""
    if recipe.augment.flip_order == "random":
        return draw_flips(len(indices), recipe.seed, step)
    return alternate_flips(indices, batch_epochs(images, len(indices), step), images, recipe.seed)
