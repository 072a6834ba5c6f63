"""A classifier as a model file of one's own, beside no run."""

from pathlib import Path

import torch
from torch import Tensor

from reslab.errors import RunError, UsageError
from reslab.nets import unfilled
from reslab.store.atomic import make_folder, write_bytes
from reslab.store.classifier import Classifier
from reslab.store.model_file import model_bytes, read_about
from reslab.store.run_files import RECIPE

ENDING = ".safetensors"
COUNTER = "num_batches_tracked"  # of batch normalisation in training: testing needs none


def save(classifier: Classifier, file: str | Path) -> Path:
    """Write a classifier, with the weights that it has now, as a model file: `reslab eval`, predict, export take it.

    Its name ends in .safetensors; a model file that is there is replaced, but for a run's. Raises UsageError for
    another ending, where something else is, and where layers were replaced by others, RunError where nothing can be
    written.
    """
    if not isinstance(classifier, Classifier):
        raise UsageError(
            f"a {type(classifier).__name__} is no classifier: reslab.load gives one, and reslab.classifier(net, ...) "
            "makes one of a net of reslab.create"
        )
    path = Path(file).expanduser()
    if path.suffix != ENDING:
        raise UsageError(f"{path}: the names of model files end in {ENDING}")
    weights = {name: tensor for name, tensor in classifier.net.state_dict().items() if not name.endswith(COUNTER)}
    _refuse_other_layers(classifier, weights)
    _refuse_kept(path)
    make_folder(path.parent)
    write_bytes(path, model_bytes(weights, classifier.identity, classifier.preprocessing))
    return path


def _refuse_other_layers(classifier: Classifier, weights: dict[str, Tensor]) -> None:
    """Raises UsageError where the net has not the tensors of what it says it is: nobody could load it again."""
    identity = classifier.identity
    with torch.device("meta"):
        wanted = unfilled(identity.spec, classifier.residual).state_dict()
    shapes = {name: tensor.shape for name, tensor in wanted.items() if not name.endswith(COUNTER)}
    held = {name: tensor.shape for name, tensor in weights.items()}
    if strange := next((name for name in shapes | held if shapes.get(name) != held.get(name)), None):
        raise UsageError(
            f"its {strange} is not that of {identity.model} with {len(identity.classes)} classes: a layer was "
            "replaced, and a file would say another net than it holds; reslab.create makes a net of other classes, and "
            "reslab.classifier a classifier of that"
        )


def _refuse_kept(path: Path) -> None:
    """Raises UsageError for a place whose content is to be kept: a run's, or no model file."""
    if (path.parent / RECIPE).is_file():
        raise UsageError(f"{path.parent} is a run, whose files are its own; name a file elsewhere")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file in it")
    if path.exists():
        try:
            read_about(path, "model")
        except RunError as error:
            raise UsageError(f"{path} is there already, and no model file of reslab's; name another file") from error
