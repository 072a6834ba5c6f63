"""Residual functions of one's own and the files of nets: which of these take one, and is it still the same?"""

from collections.abc import Sequence
from pathlib import Path

from reslab.errors import RunError
from reslab.nets import Residual, digest_of
from reslab.store.classifier import Classifier
from reslab.store.lineage import run_around
from reslab.store.model_file import find_model, read_about


def residuals_for(places: Sequence[str | Path], residual: Residual | None) -> list[Residual | None]:
    """For each run folder, model file or name what `load` is to be given: the function, where its net is of one's own.

    Where none is, all are given it, so that loading the first says why not.
    """
    if residual is None:
        return [None] * len(places)
    own = [residual_named_in(Path(place)) is not None for place in places]
    return [residual if takes or not any(own) else None for takes in own]


def changed_residual(net: Classifier) -> str:
    """What to say where a net has another residual function than it was trained with; "" where it has the same.

    So it is, too, where nobody knows: an older model file without its run has no digest.
    """
    run = run_around(net.place)
    model = ((run and run.recipe()) or {}).get("model", {})
    written = net.identity.residual_digest or model.get("residual_digest")
    return changed_since(run.path if run else net.place, net.identity.residual, written, net.residual)


def changed_since(place: Path | None, name: str | None, written: str | None, residual: Residual | None) -> str:
    """`changed_residual` of what lies in `place`: its function's name and digest as they are written, and a function.

    Nothing is refused, since another text may compute the same.
    """
    if residual is None or written is None or (now := digest_of(residual)) == written:
        return ""
    return (
        f"{name} has changed since {place or 'this net'} was trained (digest {written} then, {now} now): unless it "
        "computes the same, these are not the numbers of that net"
    )


def residual_named_in(place: Path) -> str | None:
    """The residual function that a model file of ours names; None for none. What is wrong with it, loading it says."""
    try:
        return read_about(find_model(place), "model").get("residual")
    except RunError:
        return None
