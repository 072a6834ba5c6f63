"""From (recipe, step) to a batch's pixels as an engine gets them: part of each image, its colours, its operation."""

import numpy as np
from numpy.typing import NDArray

from reslab.data import (
    Images,
    area_crops,
    draw_areas,
    draw_factors,
    draw_operations,
    draw_orders,
    draw_places,
    draw_scales,
    jittered,
    operated,
    scaled_crops,
)
from reslab.engine import Part, everything
from reslab.training.recipe import Recipe


def cut_out(recipe: Recipe) -> bool:
    """Are crops cut from whole images, of their files where there are any?"""
    return bool(recipe.augment.scale or recipe.augment.area)


def changed(recipe: Recipe) -> bool:
    """Are a batch's pixels others than those that are stored? That takes milliseconds a batch, and the net waits."""
    return cut_out(recipe) or any(recipe.augment.jitter) or recipe.augment.policy is not None


def pixels_at(
    recipe: Recipe, images: Images, indices: NDArray[np.int64], step: int, part: Part = everything
) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
    """The images of the batch at `step`, (B, H, W, 3): as stored or cut out of them, in other colours, operated on.

    With them which pixels are empty then, (B, H, W); None where there is no policy. A process that looks at a `part` of
    each batch reads no other photographs; they are zeros. DataError, naming the file, for a photograph that cannot be
    read any more.
    """
    if recipe.selective < 1:
        part = everything  # any of them may be chosen for its part
    rows = part(len(indices))
    if cut_out(recipe):
        pixels = np.zeros((len(indices), *images.pixels.shape[1:]), np.uint8)
        pixels[rows] = _cut_out(recipe, images, indices, step, rows)
    else:
        pixels = images.shared(part).pixels[indices]
    if any(recipe.augment.jitter):
        factors = draw_factors(len(indices), recipe.augment.jitter, recipe.seed, step)
        orders = draw_orders(len(indices), recipe.seed, step)
        pixels[rows] = jittered(pixels[rows], factors[rows], orders[rows])
    if recipe.augment.policy is None:
        return pixels, None
    empty = np.zeros(pixels.shape[:3], np.bool_)
    operations = draw_operations(len(indices), recipe.seed, step)
    pixels[rows], empty[rows] = operated(pixels[rows], operations[rows])
    return pixels, empty


def _cut_out(recipe: Recipe, images: Images, indices: NDArray[np.int64], step: int, rows: slice) -> NDArray[np.uint8]:
    """Of the batch's images those of `rows`, scaled to random sides (sec. 3.4) or cut to random parts of their area."""
    augment, count, seed = recipe.augment, len(indices), recipe.seed
    places = draw_places(count, seed, step)[rows]
    if augment.scale:
        scales = draw_scales(count, augment.scale, seed, step)[rows]
        return scaled_crops(images, indices[rows], scales, places, images.size)
    parts, shapes = draw_areas(count, seed, step)
    drawn = parts[rows], shapes[rows]
    return area_crops(images, indices[rows], drawn, augment.area, augment.aspect, places, images.size)
