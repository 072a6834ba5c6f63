"""Answers and features of images in one go: what a net's last fully connected layer saw of each."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from reslab.engine import Execution
from reslab.errors import UsageError
from reslab.evaluation.probabilities import Pixels, answer_by, torch_scores
from reslab.nets import last_layer, unfilled
from reslab.store import Classifier, ExportedNet


class Describing:
    """Probabilities of images of the net's own size; their features are kept until they are taken.

    To be made and called inside `settled(execution)`. Raises UsageError for what has no features: an exported file, a
    net that ends in no fully connected layer.
    """

    def __init__(self, classifier: Classifier | ExportedNet, execution: Execution) -> None:
        if isinstance(classifier, ExportedNet):
            raise UsageError(
                f"--features: the exported {classifier.place} gives answers only, and not what its last layer sees: "
                "give the run or model file that it came from"
            )
        net = unfilled(classifier.identity.spec, classifier.residual)
        last_layer(net).register_forward_pre_hook(self._keep)
        self._kept: list[NDArray[np.float32]] = []
        self._answer = answer_by(torch_scores(net, classifier, classifier.preprocessing, execution))

    def __call__(self, pixels: Pixels) -> NDArray[np.float32]:
        """uint8 RGB (B, size, size, 3) -> probabilities (B, classes)."""
        return self._answer(pixels)

    def take(self) -> NDArray[np.float32]:
        """(N, F) of all images since the last time, in their order; see `nets.features`."""
        taken, self._kept = np.concatenate(self._kept), []
        return taken

    def _keep(self, _: nn.Module, inputs: tuple[Any, ...]) -> None:
        self._kept.append(inputs[0].float().cpu().numpy())
