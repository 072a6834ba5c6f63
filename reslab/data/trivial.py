"""TrivialAugment (Wide; arXiv 2103.10158): one operation an image, each as likely, of a strength drawn evenly.

Operations, strengths and their signs are those of torchvision's TrivialAugmentWide, and like it they are Pillow's own
functions. Drawing is apart from doing, as in `augment`.
"""

from collections.abc import Callable
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from reslab.data.randomness import generator

STRONGEST = 30  # strengths are whole numbers from 0
NOTHING = (0, 0, 0, 0)  # what lies outside of an image: transparent
Operation = Callable[[Image.Image, int], Image.Image]  # of an image and a strength from -30 to 30


def _moved(image: Image.Image, *matrix: float) -> Image.Image:
    """(x, y) is taken from (a x + b y + c, d x + e y + f); the nearest pixel."""
    return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST, fillcolor=NOTHING)


def _factor(strength: int) -> float:
    return 1 + 0.99 * strength / STRONGEST


# fmt: off
MOVING: dict[str, Operation] = {  # of images with a fourth channel, which tells what is outside
    "shear x":     lambda image, strength: _moved(image, 1, 0.99 * strength / STRONGEST, 0, 0, 1, 0),
    "shear y":     lambda image, strength: _moved(image, 1, 0, 0, 0.99 * strength / STRONGEST, 1, 0),
    # By 32 pixels at most, however large the image is.
    "translate x": lambda image, strength: _moved(image, 1, 0, -int(32 * strength / STRONGEST), 0, 1, 0),
    "translate y": lambda image, strength: _moved(image, 1, 0, 0, 0, 1, -int(32 * strength / STRONGEST)),
    "rotate":      lambda image, strength: image.rotate(135 * strength / STRONGEST, fillcolor=NOTHING),
}
COLOURING: dict[str, Operation] = {
    "brightness":   lambda image, strength: ImageEnhance.Brightness(image).enhance(_factor(strength)),
    "color":        lambda image, strength: ImageEnhance.Color(image).enhance(_factor(strength)),
    "contrast":     lambda image, strength: ImageEnhance.Contrast(image).enhance(_factor(strength)),
    "sharpness":    lambda image, strength: ImageEnhance.Sharpness(image).enhance(_factor(strength)),
    "posterize":    lambda image, strength: ImageOps.posterize(image, 8 - round(6 * abs(strength) / STRONGEST)),
    "solarize":     lambda image, strength: ImageOps.solarize(image, ceil(8.5 * (STRONGEST - abs(strength)))),
    "autocontrast": lambda image, _: ImageOps.autocontrast(image),
    "equalize":     lambda image, _: ImageOps.equalize(image),
}
# fmt: on
OPERATIONS = ("identity", *MOVING, *COLOURING)


def draw_operations(batch: int, seed: int, step: int) -> NDArray[np.int64]:
    """Of each image which of `OPERATIONS` is done to it, and how strongly, from -30 to 30, (batch, 2)."""
    random = generator(seed, "operation", step)
    which = random.integers(len(OPERATIONS), size=batch)
    strengths = random.integers(STRONGEST + 1, size=batch) * random.choice((-1, 1), batch)
    return np.stack([which, strengths], axis=1)


def operated(images: NDArray[np.uint8], drawn: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The images (B, H, W, 3), each after its operation (see `draw_operations`), and their empty pixels (B, H, W).

    Where an image was moved away there is nothing, and its pixels are black; see `filled`.
    """
    changed, empty = images.copy(), np.zeros(images.shape[:3], np.bool_)
    for number, (which, strength) in enumerate(drawn):
        name = OPERATIONS[which]
        picture = Image.fromarray(images[number])
        if name in MOVING:
            picture.putalpha(255)
            found = np.asarray(MOVING[name](picture, int(strength)))
            changed[number], empty[number] = found[..., :3], found[..., 3] == 0
        elif name in COLOURING:
            changed[number] = np.asarray(COLOURING[name](picture, int(strength)))
    return changed, empty


def filled(images: NDArray[np.uint8], empty: NDArray[np.bool_], mean: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A copy of the images (B, H, W, 3) whose `empty` pixels (B, H, W) are `mean`, (H, W, 3) or (1, 1, 3), rounded.

    After normalisation they are zero, as padding is, to half a level of 256.
    """
    return np.where(empty[..., None], np.rint(mean).astype(np.uint8), images)
