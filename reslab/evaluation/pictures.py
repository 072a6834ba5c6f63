"""What is asked about: files, the photographs below folders, pictures in memory; each with a name."""

from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reslab.data import PHOTO_SUFFIXES
from reslab.errors import DataError, UsageError

Picture = str | PathLike[str] | Image.Image | NDArray[np.uint8]
"""A file or a folder of files, a PIL image, or RGB pixels as uint8 (H, W, 3) of any size."""

Named = tuple[str, Path | Image.Image | NDArray[np.uint8]]


def named_pictures(images: Picture | Iterable[Picture]) -> Iterable[Named]:
    """Every picture with its name: its path, or "images[2]" for the third of those given, if that is in memory.

    All files of a list or tuple are looked for at once, those of other iterables when their turn comes. Raises
    DataError for a path that does not exist, UsageError for what is no picture, or if there is none.
    """
    if isinstance(images, np.ndarray):
        return _named(images if images.ndim == 4 else [images])
    if isinstance(images, str | PathLike | Image.Image) or not isinstance(images, Iterable):
        return list(_named([images]))
    return list(_named(images)) if isinstance(images, list | tuple) else _named(images)


def photographs(place: Path) -> list[Path]:
    """A file itself, or every visible photograph below a folder, sorted. DataError if there is none."""
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise DataError(f"no file or folder {place}")
    inside = sorted(p for p in place.rglob("*") if p.suffix.lower() in PHOTO_SUFFIXES and p.is_file())
    visible = [p for p in inside if not any(part.startswith(".") for part in p.relative_to(place).parts)]
    if not visible:
        raise DataError(f"no photograph in {place}")
    return visible


def _named(images: Iterable[Picture]) -> Iterator[Named]:
    number = -1
    for number, given in enumerate(images):
        if isinstance(given, str | PathLike):
            yield from ((str(path), path) for path in photographs(Path(given)))
        else:
            yield f"images[{number}]", _checked(given, number)
    if number < 0:
        raise UsageError("name at least one photograph or folder")


def _checked(given: object, number: int) -> Image.Image | NDArray[np.uint8]:
    if isinstance(given, Image.Image):
        if min(given.size) > 0:
            return given
        what = "an empty picture"
    elif not isinstance(given, np.ndarray):
        what = f"of type {type(given).__name__}"
    elif given.dtype == np.uint8 and given.ndim == 3 and given.shape[2] == 3 and given.size > 0:
        return given
    else:
        what = f"a {given.dtype} array of shape {given.shape}"
    raise UsageError(f"images[{number}] is {what}: give paths, PIL images, or RGB pixels as uint8 arrays (H, W, 3)")
