"""Crops of an image scaled for testing: the centre, and the standard ten of sec. 3.4."""

import numpy as np
from numpy.typing import NDArray


def centre_crop(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(H, W, 3) -> (size, size, 3); of two middles, the even one (as torchvision's CenterCrop)."""
    height, width = image.shape[:2]
    top, left = round((height - size) / 2), round((width - size) / 2)
    return image[top : top + size, left : left + size]


def ten_crop(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Four corners and the centre, of the image and of its mirror: (H, W, 3) -> (10, size, size, 3).

    Pixel by pixel torchvision's TenCrop, also where there are two middles: the mirrored image has its own centre crop.
    """
    return np.stack([crop for view in (image, image[:, ::-1]) for crop in _five(view, size)])


def _five(image: NDArray[np.uint8], size: int) -> list[NDArray[np.uint8]]:
    height, width = image.shape[:2]
    bottom, right = height - size, width - size
    corners = [image[y : y + size, x : x + size] for y in (0, bottom) for x in (0, right)]
    return [*corners, centre_crop(image, size)]
