"""Where data sets and caches lie on this machine."""

import os
import sys
from pathlib import Path

from reslab.errors import UsageError


def data_root(given: Path | None = None) -> Path:
    """The folder of data sets: `given`, else $RESLAB_DATA, else `data` in the user's cache folder."""
    if given is not None:
        return Path(given).expanduser()
    named = os.environ.get("RESLAB_DATA")
    return Path(named).expanduser() if named else cache_dir() / "data"


def cache_dir() -> Path:
    """The user's cache folder for reslab: $RESLAB_CACHE, else the platform's own place. It need not exist yet."""
    named = os.environ.get("RESLAB_CACHE")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else _home() / "AppData" / "Local") / "reslab" / "cache"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "reslab"
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    return (Path(xdg) if Path(xdg).is_absolute() else _home() / ".cache") / "reslab"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:  # a container's user without a home
        raise UsageError("this user has no home folder: set RESLAB_CACHE to a folder for caches") from error
