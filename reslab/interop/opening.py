"""Whatever holds a trained net, opened: a run, a model file or a name; an exported file; another program's weights."""

from pathlib import Path
from warnings import warn

from reslab.arguments import checked
from reslab.errors import RunError, UsageError
from reslab.interop.checkpoint import weights_file
from reslab.interop.exported_file import read_exported
from reslab.interop.foreign import read_foreign
from reslab.interop.published import name_hint
from reslab.nets import Residual
from reslab.progress import Say, silent
from reslab.store import Classifier, ExportedNet, changed_residual, exported_as, find_model
from reslab.store import load as load_classifier


@checked
def load(run_or_file: str | Path, residual: Residual | None = None) -> Classifier | ExportedNet:
    """What is trained and lies in a run folder, a model file, an exported file, or ships under a name.

    A run folder, a model file or a name ("resnet20-cifar10") give a `Classifier`, ready for the CPU: in evaluation
    mode, its weights without gradients (`.requires_grad_()` gives them back). A net with a user's own residual function
    needs that function as `residual`, and no other takes one: files never run code by themselves. A file that `export`
    wrote (.onnx, .pt2) gives an `ExportedNet`, which has everything inside. Weights of residual nets of torchvision's,
    timm's, Hugging Face's, akamaster's or chenyaofo's (a file, a folder with its config.json, a folder of the hub's
    cache, or a name of `published`, "resnet50-imagenet", once fetched) give a `Classifier` with their normalisation.
    Python warns of a residual function that has changed since its run was trained.

    Raises RunError for a file that is absent, torn or none of these, UsageError where onnxruntime is missing, and
    for a residual function that is lacking or of no use.
    """
    place = Path(run_or_file)
    if not exported_as(place):
        net = trained(run_or_file, residual)
        if words := changed_residual(net):
            warn(words, stacklevel=3)  # nobody else is there to be told: a number of it would mislead
        return net
    if residual:
        raise UsageError(f"{place} is an exported file, and has its residual function inside; leave residual= out")
    return read_exported(place)


def trained(
    run_or_file: str | Path, residual: Residual | None = None, say: Say = silent, *, replacing: bool = False
) -> Classifier:
    """`load` for whoever needs a net with weights. Raises RunError for an exported file, which has none.

    See `store.load` for `replacing`.
    """
    place = Path(run_or_file)
    if not weights_file(place):
        _refuse_misspelt(place)
        net = load_classifier(run_or_file, residual, replacing=replacing)
        if words := changed_residual(net):
            say(words)
        return net
    if residual:
        raise UsageError(f"{place} has another program's residual functions, and takes no other; leave --residual out")
    return read_foreign(place, say=say)


def opened(place: Path, say: Say = silent) -> Path | ExportedNet | Classifier:
    """An exported file or another program's weights, read; any other place as it is. Raises what `load` raises."""
    if weights_file(place):
        return read_foreign(place, say=say)
    return read_exported(place) if exported_as(place) else place


def require_model(place: Path) -> None:
    """Raises the RunError of `load` where `place` holds no net of ours, before anything of it is read."""
    _refuse_misspelt(place)
    find_model(place)


def _refuse_misspelt(place: Path) -> None:
    """Raises RunError where `place` is nothing, and the name of a net may have been meant."""
    if hint := name_hint(place):
        raise RunError(f"no run folder or model file {place} (reslab train makes one){hint}")
