"""Colour jitter: brightness, contrast and saturation of each image, by factors and in an order of its own.

The same as Pillow's ImageEnhance does, on which Howard's photometric distortions (arXiv 1312.5402) are defined, but for
rounding once at the end. Drawing is apart from doing, as in `augment`.
"""

import numpy as np
from numpy.typing import NDArray

from reslab.data.randomness import generator

BRIGHTNESS, CONTRAST, SATURATION = range(3)
GREY = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green, blue: ITU-R 601, as Pillow's "L"


def draw_factors(batch: int, amounts: tuple[float, float, float], seed: int, step: int) -> NDArray[np.float32]:
    """Of each image its factors of brightness, contrast and saturation, (batch, 3): uniform in 1 - x ... 1 + x."""
    drawn = generator(seed, "jitter", step).uniform(-1, 1, (batch, 3))
    return (1 + drawn * np.array(amounts)).astype(np.float32)


def draw_orders(batch: int, seed: int, step: int) -> NDArray[np.int64]:
    """In which order the three are changed, (batch, 3): permutations of 0, 1, 2."""
    return generator(seed, "jitter order", step).permuted(np.tile(np.arange(3), (batch, 1)), axis=1)


def jittered(images: NDArray[np.uint8], factors: NDArray[np.float32], orders: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The images (B, H, W, 3) with other colours, as `draw_factors` and `draw_orders` gave them."""
    changed = np.empty_like(images)
    for number, image in enumerate(images):  # one by one: large ones stay in the processor's cache
        pixels = image.astype(np.float32)
        for what in orders[number]:
            if factors[number, what] != 1:
                pixels = _enhanced(pixels, int(what), factors[number, what])
        changed[number] = np.rint(pixels)
    return changed


def _enhanced(pixels: NDArray[np.float32], what: int, factor: np.float32) -> NDArray[np.float32]:
    """(H, W, 3) nearer to black, to its mean grey, or each pixel to its own grey; or, above 1, further from it."""
    if what == BRIGHTNESS:
        return np.minimum(factor * pixels, 255)
    # Written out: a matrix product may round otherwise from one place in memory to another.
    grey = GREY[0] * pixels[..., :1] + GREY[1] * pixels[..., 1:2] + GREY[2] * pixels[..., 2:]
    centre = np.rint(grey.mean(dtype=np.float64)).astype(np.float32) if what == CONTRAST else grey
    return np.clip(factor * pixels + (1 - factor) * centre, 0, 255)
