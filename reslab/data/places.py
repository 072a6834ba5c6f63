"""Where data sets lie on this machine, and what a place is: a folder of photographs, or a table that names some."""

import os
from pathlib import Path

from reslab.caches import cache_dir

TABLES = (".csv", ".tsv")


def data_root(given: Path | None = None) -> Path:
    """The folder of data sets: `given`, else $RESLAB_DATA, else `data` in the user's cache folder."""
    if given is not None:
        return Path(given).expanduser()
    named = os.environ.get("RESLAB_DATA")
    return Path(named).expanduser() if named else cache_dir() / "data"


def is_table(place: Path) -> bool:
    """Is it a table of photographs and their classes, by its name? A folder may be called so, too."""
    return place.suffix.lower() in TABLES and not place.is_dir()


def root_of(place: Path) -> Path:
    """The folder that paths of photographs are relative to: of a table the one that it lies in, else `place` itself."""
    return place.absolute().parent if is_table(place) else place
