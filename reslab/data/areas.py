"""Random resized crops: a part of the image's area, of a shape of its own, scaled to the net's size.

Szegedy et al. 2014 (arXiv 1409.4842) trained GoogLeNet so. Other programs draw again where a shape does not fit into
the image, which favours small parts; here the shape is drawn among those that fit, and parts are as evenly spread as
they are asked for, in images whose own shape is among those asked for. In longer ones the largest parts fit in no
shape, and become the largest crop there is: of 3:2, with GoogLeNet's numbers, one in eight. Drawing is apart from
doing, as in `augment`.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reslab.data.dataset import Images
from reslab.data.photo import MARGIN, centre_piece
from reslab.data.randomness import generator
from reslab.data.threads import in_threads

Floats = NDArray[np.float64]


def draw_areas(batch: int, area: tuple[float, ...], seed: int, step: int) -> tuple[Floats, Floats]:
    """Of each image which part of its area is cut out, (batch,), uniform from area[0] to area[1]; and of which shape.

    Shapes (batch,) in [0, 1): from the narrowest to the widest that fits, see `sides`.
    """
    random = generator(seed, "area", step)
    return random.uniform(area[0], area[1], batch), random.random(batch)


def sides(
    parts: Floats | float, shapes: Floats | float, aspect: tuple[float, ...], ratio: float
) -> tuple[Floats, Floats]:
    """Width and height of rectangles, as parts of the width and the height of an image with this width to height.

    Their own ratio of width to height is from aspect[0] to aspect[1], evenly by its logarithm among those with which
    such a part of the area fits into the image. Where none fits, as large parts of long images, the
    nearest, and a smaller part.
    """
    narrowest = np.minimum(np.maximum(aspect[0], parts * np.float64(ratio)), aspect[1])
    widest = np.maximum(np.minimum(aspect[1], ratio / np.float64(parts)), aspect[0])
    drawn = narrowest * (widest / narrowest) ** shapes
    width, height = np.sqrt(parts * drawn / ratio), np.sqrt(parts * ratio / drawn)
    outside = np.maximum(np.maximum(width, height), 1.0)
    return width / outside, height / outside


def area_crops(
    images: Images,
    indices: NDArray[np.int64],
    drawn: tuple[Floats, Floats],
    aspect: tuple[float, ...],
    places: Floats,
    size: int,
) -> NDArray[np.uint8]:
    """Crops (B, size, size, 3) of the images, as `draw_areas` gave them, at `places` (B, 2) of `draw_places`.

    From the photograph's file where there is one, else from the stored pixels. DataError, naming the file, for a
    photograph that cannot be read any more.
    """
    narrow = min(aspect[0], 1 / aspect[1])

    def crop(number: int) -> NDArray[np.uint8]:
        part, shape = float(drawn[0][number]), float(drawn[1][number])
        # The shorter side that leaves the narrowest crop of this part enough pixels to be scaled down.
        image = images.picture(int(indices[number]), math.ceil(MARGIN * size / math.sqrt(part * narrow)))
        return area_crop(image, part, shape, aspect, (float(places[number, 0]), float(places[number, 1])), size)

    return np.stack(list(in_threads(crop, range(len(indices)))))


def area_crop(
    image: Image.Image, part: float, shape: float, aspect: tuple[float, ...], place: tuple[float, float], size: int
) -> NDArray[np.uint8]:
    """The crop (size, size, 3) of such a part and shape at `place` (top, left; each in [0, 1)), see `area_crops`."""
    left, top, right, bottom = centre_piece(image)
    width, height = right - left, bottom - top
    across, down = (float(side) for side in sides(part, shape, aspect, width / height))
    x, y = left + place[1] * (1 - across) * width, top + place[0] * (1 - down) * height
    box = (x, y, min(x + across * width, right), min(y + down * height, bottom))
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, box=box))
