"""Gradients on their way back through a net: do they vanish, or grow? (Sec. 4.1: "the backward propagated gradients
exhibit healthy norms with BN".)
"""

import copy
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from reslab.analysis.checked import checked_classifier, checked_images, checked_labels
from reslab.analysis.layers import stage_of, watched
from reslab.errors import UsageError
from reslab.nets import he_initialise
from reslab.store import Classifier

BATCH = 128  # images, where nobody asks for another number: the paper's batch


@dataclass(frozen=True)
class Signal:
    """One layer, counted from 1 in the order in which an image meets them."""

    layer: int
    name: str  # of its normalisation in the net, "stage1.0.residual.1"; of its convolution where it has none
    stage: str
    std: float  # of its response over images, positions and channels: the signal forwards
    gradient: float  # the norm of the gradient of the images' losses with respect to an image's response, the mean

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def gradients(
    classifier: Classifier, images: NDArray[np.uint8], labels: NDArray[np.integer[Any]]
) -> tuple[Signal, ...]:
    """The signals of a net for uint8 RGB images (N, H, W, 3) with their labels (N,), as one batch of a training.

    Batch normalisation takes the batch's own statistics; dropout and stochastic depth are as in testing, so that
    nothing is left to chance. The net is left as it was. The layers are those of `responses`. Raises UsageError
    for fewer than two images, for other labels than one of its classes each, and for a net that has no such layer.
    """
    classifier = checked_classifier(classifier)
    images = checked_images(classifier, images)
    labels = checked_labels(classifier, labels, images)
    if len(images) < 2:
        raise UsageError("batch normalisation needs a batch: give at least two images")
    net = copy.deepcopy(classifier).eval()
    for module in net.modules():
        if isinstance(module, _BatchNorm):  # of any dimensions, SyncBatchNorm too
            module.train()
    batch, told = torch.from_numpy(images), torch.from_numpy(labels)
    return layer_gradients(net, batch, told, net.net, net.identity.model, own=net.residual is not None)


def layer_gradients(
    forward: nn.Module, batch: Tensor, labels: Tensor, net: nn.Module, name: str = "the net", *, own: bool = False
) -> tuple[Signal, ...]:
    """The signals of `net`, which is called `name`, while `forward`, which contains it, sees the batch.

    Both are in the mode that they are in; `own` says that its residual functions are of one's own. Not for
    several threads at once on one net. Raises UsageError as `gradients` does.
    """
    seen: dict[str, Tensor] = {}
    with torch.enable_grad():
        for parameter in forward.parameters():
            parameter.requires_grad_(True)
        with watched(net, lambda place, output: seen.__setitem__(place, output), name, own=own):
            scores = forward(batch)
        # The sum over images, not their mean: what reaches an image does not shrink with the batch. It is of its own
        # loss, and where batch normalisation takes the batch's statistics, of the others' a little, too.
        loss = nn.functional.cross_entropy(scores.float(), labels.to(scores.device), reduction="sum")
        found = _gradients(loss, seen)
    return tuple(
        Signal(place, name, stage_of(name), *_strengths(output.detach(), found[name]))
        for place, (name, output) in enumerate(seen.items(), 1)
    )


def untrained(classifier: Classifier, seed: int = 0) -> Classifier:
    """The same net as a training begins with it: He initialisation, batch normalisation the identity."""
    fresh = copy.deepcopy(checked_classifier(classifier))
    he_initialise(fresh.net, torch.Generator().manual_seed(seed))
    return fresh


def _gradients(loss: Tensor, responses: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of the loss with respect to each response, by its name: 0 where none comes, as of what was detached."""
    found = {name: torch.zeros_like(response) for name, response in responses.items()}
    reached = {name: response for name, response in responses.items() if response.requires_grad}
    if reached:
        gradients = torch.autograd.grad(loss, list(reached.values()), materialize_grads=True)
        found |= zip(reached, gradients, strict=True)
    return found


def _strengths(response: Tensor, gradient: Tensor) -> tuple[float, float]:
    norms = gradient.double().flatten(1).norm(dim=1)
    return float(response.double().std(correction=0)), float(norms.mean())
