"""Files below a folder, whatever they are, for whoever asks about photographs that have no classes."""

from collections.abc import Iterable
from pathlib import Path

from reslab.data.contents import is_photo, is_seen, legible, walk
from reslab.progress import Say, silent


def files_below(folder: Path, say: Say = silent) -> list[Path]:
    """Every visible file below a folder, sorted; links are followed, but not in circles, as in training.

    `say` is told of what is no file. DataError, naming it, for a folder that cannot be looked into.
    """
    broken: list[Path] = []
    special: list[Path] = []
    with legible():
        found = sorted(path for path in walk(folder, broken, special) if is_seen(path.name))
    if broken:
        say(f"{folder}: links that lead nowhere are not read: {len(broken):,}")
    if special:
        say(f"{folder}: pipes, sockets and devices are not read: {len(special):,}")
    return found


def only_photos(files: Iterable[Path]) -> list[Path]:
    """Those with the suffix of a picture that Pillow decodes."""
    return [file for file in files if is_photo(file.name)]
