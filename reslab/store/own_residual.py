"""Residual functions of one's own and the files of nets: which of these take one."""

from collections.abc import Sequence
from pathlib import Path

from reslab.errors import RunError
from reslab.nets import Residual
from reslab.store.model_file import find_model, read_about


def residuals_for(places: Sequence[str | Path], residual: Residual | None) -> list[Residual | None]:
    """For each run folder, model file or name what `load` is to be given: the function, where its net is of one's own.

    Where none is, all are given it, so that loading the first says why not.
    """
    if residual is None:
        return [None] * len(places)
    own = [_is_of_ones_own(Path(place)) for place in places]
    return [residual if takes or not any(own) else None for takes in own]


def _is_of_ones_own(place: Path) -> bool:
    """Does a model file of ours name a residual function? What is wrong with a file, loading it says."""
    try:
        return read_about(find_model(place), "model").get("residual") is not None
    except RunError:
        return False
