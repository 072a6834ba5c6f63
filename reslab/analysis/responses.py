"""Standard deviation of layer responses (Figure 7, sec. 4.2): how much each layer changes the signal.

A response is the output of a 3x3 layer after batch normalisation and before the other non-linearity, ReLU or addition;
of residual functions of one's own, that of every convolution (`own_layers`). In a residual net that is the strength of
the residual functions. The paper does not say over what the deviation runs: here it is one number a layer, over all
images, positions and channels, with batch normalisation as in testing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reslab.analysis.checked import checked_classifier, checked_images
from reslab.analysis.layers import stage_of, watched
from reslab.errors import UsageError
from reslab.store import Classifier

BATCH_PIXELS = 250 * 32 * 32  # at a time: as much as a laptop's memory bears at any depth


@dataclass(frozen=True)
class Response:
    """One layer, counted from 1 in the order in which an image meets them."""

    layer: int
    name: str  # of its normalisation in the net, "stage1.0.residual.1"; of its convolution where it has none
    stage: str
    std: float
    mean: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def responses(classifier: Classifier, images: NDArray[np.uint8]) -> tuple[Response, ...]:
    """The responses of a trained net to uint8 RGB images (N, H, W, 3), of the size that it takes.

    They are of all 3x3 layers with batch normalisation behind them, and of every convolution in residual functions of
    one's own. Not for several threads at once on one classifier. Raises UsageError for a net that has no such layer,
    and for no images or other ones.
    """
    classifier = checked_classifier(classifier)
    images = checked_images(classifier, images)
    if not len(images):
        raise UsageError("responses are those to images: give at least one")
    batch = max(1, BATCH_PIXELS // images.shape[1] ** 2)
    parts = [torch.from_numpy(images[start : start + batch]) for start in range(0, len(images), batch)]
    own = classifier.residual is not None
    return layer_responses(classifier, parts, classifier.net, classifier.identity.model, own=own)


def layer_responses(
    forward: nn.Module, batches: Sequence[Tensor], net: nn.Module, name: str = "the net", *, own: bool = False
) -> tuple[Response, ...]:
    """The responses of `net`, which is called `name`, while `forward`, which contains it, sees the batches.

    `own` says that its residual functions are of one's own. Sums are taken in double. Raises UsageError as `responses`
    does.
    """
    sums: dict[str, list[float]] = {}

    def add(name: str, output: Tensor) -> None:
        values = output.double()
        found = sums.setdefault(name, [0.0, 0.0, 0.0])
        found[0] += values.numel()
        found[1] += float(values.sum())
        found[2] += float(values.square().sum())

    training = net.training
    net.eval()
    try:
        # Out of inference mode, in which PyTorch does not count what is done in place.
        with torch.inference_mode(False), torch.no_grad(), watched(net, add, name, own=own):
            for batch in batches:
                forward(batch)
    finally:
        net.train(training)
    return tuple(_response(place, name, *numbers) for place, (name, numbers) in enumerate(sums.items(), 1))


def _response(layer: int, name: str, count: float, total: float, squares: float) -> Response:
    mean = total / count
    std = max(squares / count - mean**2, 0.0) ** 0.5
    return Response(layer, name, stage_of(name), round(std, 6), round(mean, 6))
