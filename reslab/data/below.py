"""Files below a folder, whatever they are, for whoever asks about photographs that have no classes."""

from collections.abc import Iterable
from pathlib import Path

from reslab.data.contents import is_photo, is_seen, legible, walk


def files_below(folder: Path) -> list[Path]:
    """Every visible file below a folder, sorted; links are followed, but not in circles, as in training.

    DataError, naming it, for a folder that cannot be looked into.
    """
    with legible():
        return sorted(path for path in walk(folder, [], []) if is_seen(path.name))


def only_photos(files: Iterable[Path]) -> list[Path]:
    """Those with the suffix of a picture that Pillow decodes."""
    return [file for file in files if is_photo(file.name)]
