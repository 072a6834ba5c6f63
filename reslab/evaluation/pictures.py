"""What is asked about: files, the photographs below folders, pictures in memory; each with a name."""

import re
from collections.abc import Iterable, Iterator
from io import TextIOBase
from os import PathLike
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reslab.data import files_below, is_table, listed, only_photos, suffixes_in_words
from reslab.errors import DataError, UsageError
from reslab.progress import Say, silent

Picture = str | PathLike[str] | bytes | BinaryIO | Image.Image | NDArray[np.uint8]
"""A file, a folder or a table (.csv) of files; a file's content, or a file that is open; a PIL image; pixels as uint8
of any size: RGB (H, W, 3), RGBA (H, W, 4), grey (H, W) or (H, W, 1)."""

Named = tuple[str, Path | bytes | Image.Image | NDArray[np.uint8]]

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/+(?=.)", re.IGNORECASE)  # a path has lost one of the two strokes
_CHANNELS = ((), (1,), (3,), (4,))  # of an array's shape, what follows height and width: grey, grey, RGB, RGBA


def named_pictures(images: Picture | Iterable[Picture], say: Say = silent) -> Iterable[Named]:
    """Every picture with its name: its path, or "images[2]" for the third of those given, if that is in memory.

    All pictures of a list, tuple or array are looked for at once, those of other iterables when their turn comes.
    Raises DataError for a path that does not exist, UsageError for what is no picture, or if there is none.
    """
    if isinstance(images, np.ndarray):
        return list(_named(images if images.ndim == 4 else [images], say))
    if _is_one(images):
        return list(_named([images], say))
    many = cast(Iterable[Picture], images)
    return list(_named(many, say)) if isinstance(many, list | tuple) else _named(many, say)


def _is_one(images: object) -> bool:
    """Letters of a name, bytes, and lines of an open file are no pictures by themselves."""
    one = isinstance(images, str | PathLike | bytes | bytearray | memoryview | Image.Image) or hasattr(images, "read")
    return one or not isinstance(images, Iterable)


def photographs(place: Path, say: Say = silent) -> list[Path]:
    """A file itself, or every visible photograph below a folder, sorted; links are followed, but not in circles.

    Of a table those that it names, in its order; there need be no classes in it. `say` is told of files that are left
    out. Raises DataError where there is no photograph, for a folder that cannot be looked into and a table that cannot
    be understood, UsageError for an address.
    """
    if place.is_file():
        return listed(place) if is_table(place) else [place]
    if not place.is_dir():
        raise _nothing(place)
    files = files_below(place, say)
    found = only_photos(files)
    others = _others(set(files).difference(found))
    if not found:
        raise DataError(f"no photograph in {place}{f': {others}' if others else ''}")
    if others:
        say(f"{place}: {others}")
    return found


def _nothing(place: Path) -> DataError | UsageError:
    """The error for a path where no file or folder is: a mistyped one, an address of the web, a pipe, a pattern."""
    if address := _ADDRESS.match(place.as_posix()):
        url = f"{address[1]}://{place.as_posix()[address.end() :]}"
        return UsageError(f"{url} is an address, and reslab reads files only: download it, and name the file")
    if place.is_symlink() and not place.exists():
        return DataError(f"{place} is a link that leads nowhere")
    if place.exists() or str(place) == "-":
        return UsageError(f"{place} is no file, and reslab reads files only: save the photograph, and name its file")
    if set("*?[") & set(str(place)):
        return DataError(f"no file or folder {place}; a pattern goes without quotes, and in Python through glob.glob")
    return DataError(f"no file or folder {place}")


def _others(files: Iterable[Path]) -> str:
    """What is said of files that are not read, with their suffixes, the most frequent first; "" where there are none.

    "3 files are not read, since they have no suffix of a picture that Pillow decodes: 2 .heic, 1 .txt; save ..."
    """
    others = list(files)
    if not others:
        return ""
    which = (
        "1 file is not read, since it has"
        if len(others) == 1
        else f"{len(others):,} files are not read, since they have"
    )
    return f"{which} no suffix of a picture that Pillow decodes: {suffixes_in_words(others)}"


def _named(images: Iterable[object], say: Say) -> Iterator[Named]:
    number = -1
    for number, given in enumerate(images):
        if isinstance(given, str | PathLike):
            yield from ((str(path), path) for path in photographs(Path(given), say))
        else:
            yield f"images[{number}]", _checked(given, number)
    if number < 0:
        raise UsageError("name at least one photograph or folder")


def _checked(given: object, number: int) -> bytes | Image.Image | NDArray[np.uint8]:
    if isinstance(given, Image.Image):
        if min(given.size) > 0:
            return given
        what = "an empty picture"
    elif isinstance(given, bytes | bytearray | memoryview):
        return bytes(given)
    elif hasattr(given, "read"):
        if not isinstance(given, TextIOBase):
            return _checked(given.read(), number)
        what = "a file that is open as text"
    elif not isinstance(given, np.ndarray):
        what = f"of type {type(given).__name__}"
    elif given.dtype == np.uint8 and given.size > 0 and given.shape[2:] in _CHANNELS and given.ndim > 1:
        return given[:, :, 0] if given.shape[2:] == (1,) else given
    else:
        what = f"a {given.dtype} array of shape {given.shape}"
    raise UsageError(
        f"images[{number}] is {what}: give paths, PIL images, files' contents as bytes, or pixels as uint8 arrays "
        "(H, W, 3), (H, W, 4) or (H, W)"
    )
