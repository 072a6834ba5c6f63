"""Images at other scales: whole for testing (sec. 3.4), and cut out at random scales and places for training.

The images are read from their files each time, in threads, where there are files: a million of them at 480 pixels would
fill a terabyte. Only what is cut out is scaled. Drawing is apart from doing, as in `augment`.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reslab.data.dataset import Images
from reslab.data.photo import MARGIN, centre_piece, scaled
from reslab.data.randomness import generator
from reslab.data.threads import in_threads


def draw_scales(batch: int, scale: tuple[int, ...], seed: int, step: int) -> NDArray[np.int64]:
    """Shorter side in pixels to which each image is scaled, (batch,): uniform from scale[0] to scale[1], both included.

    Sec. 3.4: from [256, 480].
    """
    lowest, highest = scale
    return generator(seed, "scale", step).integers(lowest, highest + 1, size=batch)


def draw_places(batch: int, seed: int, step: int) -> NDArray[np.float64]:
    """Where each crop lies between top and bottom, left and right, (batch, 2), uniform in [0, 1)."""
    return generator(seed, "place", step).random((batch, 2))


def scaled_crops(
    images: Images, indices: NDArray[np.int64], scales: NDArray[np.int64], places: NDArray[np.float64], size: int
) -> NDArray[np.uint8]:
    """Crops (B, size, size, 3) of the images scaled to `scales` (B,), at `places` (B, 2) of `draw_places`.

    DataError, naming the file, for a photograph that cannot be read any more.
    """

    def crop(number: int) -> NDArray[np.uint8]:
        scale = int(scales[number])
        image = images.picture(int(indices[number]), MARGIN * scale)
        return scaled_crop(image, scale, (float(places[number, 0]), float(places[number, 1])), size)

    return np.stack(list(in_threads(crop, range(len(indices)))))


def scaled_crop(image: Image.Image, scale: int, place: tuple[float, float], size: int) -> NDArray[np.uint8]:
    """The crop (size, size, 3) at `place` (top, left; each in [0, 1)) of the image with its shorter side at `scale`."""
    left, top, right, bottom = centre_piece(image)
    width, height = right - left, bottom - top
    short = min(width, height)
    rows, columns = scale * height // short, scale * width // short
    y, x = int(place[0] * (rows - size + 1)), int(place[1] * (columns - size + 1))
    # What lies under the crop in the image as it is: scaling it alone gives, but for rounding, a crop of the whole.
    box = (
        left + x * width / columns,
        top + y * height / rows,
        left + (x + size) * width / columns,
        top + (y + size) * height / rows,
    )
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, box=box))


def at_scale(images: Images, indices: NDArray[np.int64], scale: int) -> list[NDArray[np.uint8]]:
    """The images whole, (H, W, 3) each, shorter side at `scale` pixels. DataError as for `scaled_crops`."""
    return list(in_threads(lambda index: scaled(images.picture(index, MARGIN * scale), scale), indices.tolist()))
