"""One photograph looked at once: how large it is, what is odd about it, and a small grey picture of it."""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reslab.data.likeness import SIDE
from reslab.data.photo import LONGEST, as_rgb, opened, upright

TRAITS = ("turned", "deep", "cmyk", "transparent", "animated", "strip", "grey")
ENOUGH = 4 * SIDE  # a large JPEG is decoded no larger than this needs
GREY_SPREAD = 8  # levels between the channels of a cell that still pass for grey: a JPEG's chroma is rounded


class Look(NamedTuple):
    """What there is to say of a photograph."""

    size: tuple[int, int]  # width and height in pixels, upright
    traits: frozenset[str]  # of TRAITS
    small: NDArray[np.uint8]  # (SIDE, SIDE), all of it, whatever its shape


def look_at(path: Path) -> Look:
    """Every byte of the file is decoded. DataError, naming it, if that cannot be done."""
    with opened(path) as image:
        size, odd = image.size, _of_file(image)
        image.draft(None, (ENOUGH, ENOUGH))
        image.load()
        if "deep" not in odd and _shines_through(image):
            odd.add("transparent")
        standing = upright(image)
        small = as_rgb(standing).resize((SIDE, SIDE), Image.Resampling.BOX)
        if standing is not image:
            odd.add("turned")
            size = size if standing.size == image.size else size[::-1]
    if max(size) > LONGEST * min(size):
        odd.add("strip")
    if np.ptp(np.asarray(small), axis=2).max() <= GREY_SPREAD:
        odd.add("grey")
    return Look(size, frozenset(odd), np.asarray(small.convert("L")))


def _of_file(image: Image.Image) -> set[str]:
    """What the file's header tells, before anything is decoded."""
    odd = set()
    if (
        image.mode == "F"
        or image.mode.startswith("I")
        or any(";16" in str(tile) for tile in getattr(image, "tile", ()))
    ):
        odd.add("deep")
    if image.mode == "CMYK":
        odd.add("cmyk")
    # MPO is what phones and stereo cameras call a JPEG with another picture behind it: nothing there moves.
    with suppress(Exception):  # the second frame may be damaged, and it is not used
        if image.format != "MPO" and getattr(image, "is_animated", False):
            odd.add("animated")
    return odd


def _shines_through(image: Image.Image) -> bool:
    """Is any of it transparent? Many files have the channel, and nothing in it."""
    return image.has_transparency_data and bool(np.asarray(image.convert("RGBA").getchannel("A")).min() < 255)
