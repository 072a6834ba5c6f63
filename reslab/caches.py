"""Where the user's caches lie on this machine."""

import os
import sys
from pathlib import Path

from reslab.errors import UsageError


def cache_dir() -> Path:
    """The user's cache folder for reslab: $RESLAB_CACHE, else the platform's own place. It need not exist yet.

    Raises UsageError where that would lie in a home folder that there is not.
    """
    named = os.environ.get("RESLAB_CACHE")
    if named:
        return _expanded(named)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else _home() / "AppData" / "Local") / "reslab" / "cache"
    if sys.platform == "darwin":
        return _home() / "Library" / "Caches" / "reslab"
    xdg = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification says that a relative path is to be ignored.
    return (Path(xdg) if Path(xdg).is_absolute() else _home() / ".cache") / "reslab"


def _expanded(named: str) -> Path:
    try:
        return Path(named).expanduser()
    except RuntimeError as error:  # ~somebody, who is not here
        raise UsageError(f"RESLAB_CACHE is {named}, but there is no such home folder") from error


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:  # a container's user without a home
        raise UsageError("this user has no home folder: set RESLAB_CACHE to a folder for caches") from error
