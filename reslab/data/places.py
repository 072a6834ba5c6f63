"""Where data sets lie on this machine."""

import os
from pathlib import Path

from reslab.caches import cache_dir


def data_root(given: Path | None = None) -> Path:
    """The folder of data sets: `given`, else $RESLAB_DATA, else `data` in the user's cache folder."""
    if given is not None:
        return Path(given).expanduser()
    named = os.environ.get("RESLAB_DATA")
    return Path(named).expanduser() if named else cache_dir() / "data"
