"""What analyses are given, looked at before they begin: a classifier, images that it takes, a label of each."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reslab.analysis.samples import Sample
from reslab.arguments import shown
from reslab.errors import UsageError, unknown
from reslab.nets import Network, within
from reslab.store import Classifier, ExportedNet, checked_pixels

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


def checked_classifier(given: object) -> Classifier:
    """The classifier itself, where torch.compile, DataParallel or the like is wrapped around it.

    Raises UsageError, with the way to a classifier, for anything else.
    """
    inner = given
    while not isinstance(inner, Classifier | Network | ExportedNet) and (kept := within(inner)) is not None:
        inner = kept
    if isinstance(inner, Classifier):
        return inner
    way = "reslab.load opens runs, files and names of nets, reslab.classifier takes a net that you trained"
    if isinstance(inner, ExportedNet):
        way = "an exported file has no layers to look at; take the run or model file that it was made of"
    elif isinstance(inner, Network):
        way = "reslab.classifier(net, classes, mean=..., std=...) makes one of a net of reslab.create"
    raise UsageError(f"analyses look into a classifier, not into {shown(given)}: {way}")


def checked_images(classifier: Classifier, images: object) -> Pixels:
    """uint8 (N, H, W, 3), of images that the classifier takes. Raises UsageError for anything else, as it does."""
    if isinstance(images, Sample):
        raise UsageError("images are a Sample: give its .pixels, and its .labels where labels are asked for")
    size = None if classifier.takes_any_size else classifier.size
    if not isinstance(images, Tensor | np.ndarray | Sequence) or isinstance(images, str):
        raise UsageError(f"images are uint8 RGB (N, H, W, 3), as of analysis.sample_of, not {shown(images)}")
    return checked_pixels(images, classifier.identity.model, size).cpu().numpy()


def checked_labels(classifier: Classifier, labels: object, images: Pixels, called: str = "labels") -> Labels:
    """int64 (N,), one of the classifier's classes for each image; `called` is the name of the argument.

    Raises UsageError for anything else.
    """
    if labels is None:
        raise UsageError(f"{called} are None: these photographs have none; a data set's have them")
    try:
        found = labels.detach().cpu().numpy() if isinstance(labels, Tensor) else np.asarray(labels)
    except ValueError as error:  # lists of several lengths
        raise UsageError(f"{called} are one whole number for each image, not lists") from error
    if found.dtype.kind not in "iu" and found.size:
        _refuse_names(classifier, found, called)
        raise UsageError(f"{called} are whole numbers, places in classifier.classes, not {found.dtype}")
    if found.shape != (len(images),):
        raise UsageError(f"{called} are one for each of the {len(images):,} images, not of shape {found.shape}")
    classes = len(classifier.classes)
    if len(found) and not 0 <= found.min() <= found.max() < classes:
        strange = found.min() if found.min() < 0 else found.max()
        raise UsageError(f"{called} have {strange}: {classifier.identity.model} has classes 0 to {classes - 1}")
    return found.astype(np.int64)


def _refuse_names(classifier: Classifier, found: NDArray[Any], called: str) -> None:
    if found.dtype.kind == "U":
        name = str(found.flat[0])
        if name not in classifier.classes:
            raise unknown("class", name, classifier.classes)
        place = classifier.classes.index(name)
        raise UsageError(f"{called} are whole numbers, places in classifier.classes: {name} is {place}")
