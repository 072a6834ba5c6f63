"""A classifier as a model file of one's own, beside no run."""

from pathlib import Path

from reslab.arguments import checked
from reslab.errors import RunError, UsageError
from reslab.store.atomic import make_folder, write_bytes
from reslab.store.classifier import Classifier
from reslab.store.model_file import model_bytes, read_about
from reslab.store.run_files import RECIPE

ENDING = ".safetensors"
COUNTER = "num_batches_tracked"  # of batch normalisation in training: testing needs none


@checked
def save(classifier: Classifier, file: str | Path) -> Path:
    """Write a classifier, with the weights that it has now, as a model file: `reslab eval`, predict, export take it.

    Its name ends in .safetensors; a model file that is there is replaced, but for a run's. Raises UsageError for
    another ending and where something else is, RunError where nothing can be written.
    """
    path = Path(file).expanduser()
    if path.suffix != ENDING:
        raise UsageError(f"{path}: the names of model files end in {ENDING}")
    _refuse_kept(path)
    make_folder(path.parent)
    weights = {name: tensor for name, tensor in classifier.net.state_dict().items() if not name.endswith(COUNTER)}
    write_bytes(path, model_bytes(weights, classifier.identity, classifier.preprocessing))
    return path


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
