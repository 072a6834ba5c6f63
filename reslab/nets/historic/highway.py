"""Highway networks of 19 and 32 layers (Srivastava, Greff, Schmidhuber, arXiv 1505.00387 and 1507.06228)."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from reslab.nets.historic.layers import convolution, starting_at

GATE_BIAS = -2.0  # the gates start nearly closed: a layer hands its input on
# fmt: off
STAGES = {  # width and the kernels of the highway layers of each stage, behind its first, plain 3x3 convolution
    19: ((32, (3,) * 4), (80, (3,) * 5), (128, (3,) * 5)),
    # Our reconstruction: the paper gives the depth, 1.25M parameters, and that 1x1 and 3x3 alternate.
    32: ((32, (1, 3) * 4 + (1,)), (64, (1, 3) * 4 + (1,)), (96, (1, 3) * 4 + (1,))),
}
# fmt: on


class HighwayLayer(nn.Module):
    """y = H(x) T(x) + x (1 - T(x)): H is a convolution with ReLU, T, the transform gate, one with a sigmoid."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.transform = nn.Conv2d(channels, channels, kernel, padding=kernel // 2)
        self.gate = starting_at(nn.Conv2d(channels, channels, kernel, padding=kernel // 2), GATE_BIAS)

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.sigmoid(self.gate(x)) * (torch.relu(self.transform(x)) - x)


def highway19(classes: int, size: int) -> nn.Sequential:
    """Stages of 5, 6 and 6 layers, a 1x1 convolution, and the fully connected layer."""
    return _highway(19, classes)


def highway32(classes: int, size: int) -> nn.Sequential:
    """Three stages of 10 layers, a 1x1 convolution, and the fully connected layer."""
    return _highway(32, classes)


def _highway(depth: int, classes: int) -> nn.Sequential:
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for stage, (width, kernels) in enumerate(STAGES[depth], 1):
        before = [nn.Dropout(0.2)] if stage == 1 else [nn.MaxPool2d(2), nn.Dropout(0.2)]
        layers = [*convolution(channels, width, 3), *(HighwayLayer(width, kernel) for kernel in kernels)]
        parts[f"stage{stage}"] = nn.Sequential(*before, *layers)
        channels = width
    pooled = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(100, classes)]
    parts["head"] = nn.Sequential(*convolution(channels, 100, 1), *pooled)
    return nn.Sequential(parts)
