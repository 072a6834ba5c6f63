"""How fast nets train on this machine, as tried before: kept in the user's cache folder, to be said again at once."""

from contextlib import suppress
from typing import Any

from reslab.caches import cache_dir
from reslab.errors import RunError
from reslab.store.atomic import make_folder, read_json, write_json

PACES = "paces.json"


def remembered_pace(tried: str) -> float | None:
    """Core-seconds, as measured of `tried`, which names all that they depend on; None where nothing was."""
    pace = _known().get(tried)
    return float(pace) if isinstance(pace, int | float) and pace > 0 else None


def remember_pace(tried: str, pace: float) -> None:
    """Keep it for later processes, unless it was measured as faster before: a busy machine is slower than it is.

    Where no cache can be written, it is measured again then.
    """
    before = remembered_pace(tried)
    with suppress(RunError):
        make_folder(cache_dir())
        write_json(cache_dir() / PACES, {**_known(), tried: min(pace, before or pace)})


def _known() -> dict[str, Any]:
    """A cache that is torn or foreign is as good as none."""
    try:
        known = read_json(cache_dir() / PACES)
    except RunError:
        return {}
    return known if isinstance(known, dict) else {}
