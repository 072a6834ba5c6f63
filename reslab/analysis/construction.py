"""The construction of sec. 1, made of a trained net: deeper, and the same function."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from reslab.analysis.checked import checked_classifier, checked_images
from reslab.analysis.responses import BATCH_PIXELS
from reslab.errors import UsageError
from reslab.nets import Spec, deeper, spec
from reslab.store import Classifier


@dataclass(frozen=True)
class Agreement:
    """How two nets answer the same images."""

    images: int
    same: int  # images of which both name the same class
    difference: float  # the largest of any score, as a part of the largest score


def deepened(classifier: Classifier, layers: int) -> Classifier:
    """A classifier of so many layers that computes what this one does (`nets.deeper`).

    Raises UsageError for a net that is none of the paper's own, and as `deeper` does.
    """
    classifier = checked_classifier(classifier)
    about = classifier.identity
    if not isinstance(about.spec, Spec) or classifier.residual is not None:
        raise UsageError(f"{about.model}: the construction is of the paper's own nets, plain and residual")
    kind = "plain" if about.spec.shortcut is None else "resnet"
    name = f"{kind}{layers}"
    deep = spec(name, about.spec.shortcut, about.spec.classes, about.spec.size, about.spec.stride_in)
    assert isinstance(deep, Spec)  # plain and residual nets are
    made = deeper(classifier.net, about.spec, deep)
    return Classifier(made, replace(about, model=name, spec=deep), classifier.preprocessing).eval()


def agreement(one: NDArray[np.float32], other: NDArray[np.float32]) -> Agreement:
    """Of two nets' scores (N, classes) of the same images."""
    same = int((one.argmax(1) == other.argmax(1)).sum())
    return Agreement(len(one), same, float(np.abs(one - other).max() / np.abs(one).max()))


def scores(classifier: Classifier, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, classes) before the softmax, of uint8 RGB images (N, H, W, 3), in fp32 on the CPU.

    Raises UsageError for no images, and for what are none that it takes.
    """
    classifier = checked_classifier(classifier)
    pixels = checked_images(classifier, pixels)
    if not len(pixels):
        raise UsageError("nets are compared on images: give at least one")
    batch = max(1, BATCH_PIXELS // pixels.shape[1] ** 2)
    with torch.no_grad():
        parts = [classifier(pixels[at : at + batch]).numpy() for at in range(0, len(pixels), batch)]
    return np.concatenate(parts)
