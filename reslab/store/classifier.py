"""A network that knows what it is: its architecture, class names and preprocessing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reslab.data import Preprocessing
from reslab.nets import Architecture, Residual


@dataclass(frozen=True)
class Identity:
    """What a model file says of its net."""

    model: str  # the net's name, "resnet20"
    spec: Architecture
    classes: tuple[str, ...]
    data: str  # the data set that it was trained on
    split: str | None = None  # which images of it were held out: a split of CIFAR
    fingerprint: str | None = None  # of a folder's files
    residual: str | None = None  # "module:function" of a user's own residual function


class Classifier(nn.Module):
    """Pixels in, scores out: the net with its normalisation in front."""

    def __init__(
        self,
        net: nn.Sequential,
        identity: Identity,
        preprocessing: Preprocessing,
        residual: Residual | None = None,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.net = net
        self.identity = identity
        self.preprocessing = preprocessing

    @property
    def classes(self) -> tuple[str, ...]:
        return self.identity.classes

    @property
    def size(self) -> int:
        """Height = width in pixels of the images that it takes."""
        return self.preprocessing.size

    def forward(self, images: Tensor | NDArray[np.uint8] | Sequence[NDArray[np.uint8]]) -> Tensor:
        """uint8 RGB (B, H, W, 3) -> scores before the softmax (B, classes)."""
        pixels = images if isinstance(images, Tensor) else torch.from_numpy(np.array(images))
        device = next(self.net.parameters()).device
        mean = torch.from_numpy(self.preprocessing.mean).to(device)
        return self.net(((pixels.to(device) - mean) / self.preprocessing.std).permute(0, 3, 1, 2))
