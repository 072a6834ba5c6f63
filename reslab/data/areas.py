"""Random resized crops: a part of the image's area, of a shape of its own, scaled to the net's size.

Szegedy et al. 2014 (arXiv 1409.4842) trained GoogLeNet so. Other programs draw again where a shape does not fit into
the image, which favours small parts; here the shape is drawn among those that fit, and parts are evenly spread up to
the largest that any shape asked for fits with: of 4:3 all of it, of 3:2, with GoogLeNet's numbers, 89 %. Drawing is
apart from doing, as in `augment`.
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


def draw_areas(batch: int, seed: int, step: int) -> tuple[Floats, Floats]:
    """Of each image which part of its area is cut out, and of which shape: two of (batch,), uniform in [0, 1).

    From the smallest part to the largest that fits (`part_of_area`), from the narrowest shape to the widest (`sides`).
    """
    random = generator(seed, "area", step)
    return random.random(batch), random.random(batch)


def part_of_area(drawn: float, area: tuple[float, ...], aspect: tuple[float, ...], ratio: float) -> float:
    """The part of the area of an image with this width to height, so far from area[0] to area[1] as is drawn.

    Of an image that is longer or narrower than all aspects, the largest part ends at its shorter side.
    """
    largest = min(area[1], aspect[1] / ratio, ratio / aspect[0])
    smallest = min(area[0], largest)
    return smallest + (largest - smallest) * drawn


def sides(
    parts: Floats | float, shapes: Floats | float, aspect: tuple[float, ...], ratio: float
) -> tuple[Floats, Floats]:
    """Width and height of rectangles, as parts of the width and the height of an image with this width to height.

    Their own ratio of width to height is from aspect[0] to aspect[1], evenly by its logarithm among those with which
    such a part of the area fits into the image; with one of them it has to.
    """
    narrowest = np.maximum(aspect[0], parts * np.float64(ratio))
    widest = np.maximum(np.minimum(aspect[1], ratio / np.float64(parts)), narrowest)  # the same, but for rounding
    drawn = narrowest * (widest / narrowest) ** shapes
    return np.minimum(np.sqrt(parts * drawn / ratio), 1.0), np.minimum(np.sqrt(parts * ratio / drawn), 1.0)


def area_crops(
    images: Images,
    indices: NDArray[np.int64],
    drawn: tuple[Floats, Floats],
    area: tuple[float, ...],
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
        # The shorter side that leaves the narrowest crop of this part enough pixels to be scaled down; of a square,
        # since as much of a longer image is more pixels.
        least = part_of_area(part, area, aspect, 1.0) * narrow
        image = images.picture(int(indices[number]), math.ceil(MARGIN * size / math.sqrt(least)))
        return area_crop(image, (part, shape), area, aspect, (float(places[number, 0]), float(places[number, 1])), size)

    return np.stack(list(in_threads(crop, range(len(indices)))))


def area_crop(
    image: Image.Image,
    drawn: tuple[float, float],
    area: tuple[float, ...],
    aspect: tuple[float, ...],
    place: tuple[float, float],
    size: int,
) -> NDArray[np.uint8]:
    """The crop (size, size, 3) of the part and shape `drawn`, see `draw_areas`, at `place`, see `area_crops`."""
    left, top, right, bottom = centre_piece(image)
    width, height = right - left, bottom - top
    part = part_of_area(drawn[0], area, aspect, width / height)
    across, down = (float(side) for side in sides(part, drawn[1], aspect, width / height))
    x, y = left + place[1] * (1 - across) * width, top + place[0] * (1 - down) * height
    box = (x, y, min(x + across * width, right), min(y + down * height, bottom))
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC, box=box))
