"""Files below a folder, whatever they are, for whoever asks about photographs that have no classes."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from reslab.data.photo import PHOTO_SUFFIXES
from reslab.errors import DataError

SYSTEM = "__MACOSX"  # written by an archiver: shadows of the photographs beside it


def files_below(folder: Path) -> list[Path]:
    """Every visible file below a folder, sorted; links are followed, but not in circles, as in training.

    DataError, naming it, for a folder that cannot be looked into.
    """
    try:
        return sorted(_below(folder))
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror})") from error


def only_photos(files: Iterable[Path]) -> list[Path]:
    """Those with the suffix of a picture that Pillow decodes."""
    return [file for file in files if file.suffix.lower() in PHOTO_SUFFIXES]


def _below(folder: Path, above: frozenset[Path] = frozenset()) -> Iterator[Path]:
    here = folder.resolve()
    if here in above:
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.name == SYSTEM:
                continue
            path = Path(entry.path)
            if entry.is_symlink() and not path.exists():  # leads nowhere, or to itself
                continue
            if entry.is_dir():
                yield from _below(path, above | {here})
            elif entry.is_file():
                yield path
