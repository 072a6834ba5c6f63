"""GoogLeNet (Szegedy et al., arXiv 1409.4842, Table 1): nine inception modules, two companion heads in training.

Its "5x5" branch is 5x5 here; torchvision's is 3x3, and has batch normalisation.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from reslab.nets.historic.layers import Companion, convolution, map_size

# fmt: off
INCEPTIONS = {  # in; 1x1; 3x3 reduce, 3x3; 5x5 reduce, 5x5; pool projection
    "3a": (192,  64,  96, 128, 16,  32,  32),
    "3b": (256, 128, 128, 192, 32,  96,  64),
    "4a": (480, 192,  96, 208, 16,  48,  64),
    "4b": (512, 160, 112, 224, 24,  64,  64),
    "4c": (512, 128, 128, 256, 24,  64,  64),
    "4d": (512, 112, 144, 288, 32,  64,  64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}
# fmt: on
COMPANIONS = ("4a", "4d")
COMPANION_WEIGHT = 0.3  # sec. 5


class Inception(nn.Module):
    """Four branches side by side, their channels one after another (Figure 2b); the map keeps its size."""

    def __init__(self, channels: int, one: int, reduce3: int, three: int, reduce5: int, five: int, pool: int) -> None:
        super().__init__()
        self.one = nn.Sequential(*convolution(channels, one, 1))
        self.three = nn.Sequential(*convolution(channels, reduce3, 1), *convolution(reduce3, three, 3))
        self.five = nn.Sequential(*convolution(channels, reduce5, 1), *convolution(reduce5, five, 5))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), *convolution(channels, pool, 1))
        self.channels = one + three + five + pool  # that come out

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pool(x)], 1)


def googlenet(classes: int, size: int) -> nn.Sequential:
    """Stem; inception 3a-3b, 4a-4e, 5a-5b with max pools between; average pool, dropout, fully connected."""
    stem = [*convolution(3, 64, 7, 2), _pool(), _response_normalisation()]
    stem += [*convolution(64, 64, 1), *convolution(64, 192, 3), _response_normalisation(), _pool()]
    parts: OrderedDict[str, nn.Module] = OrderedDict(stem=nn.Sequential(*stem))
    size = map_size(parts["stem"], size)
    for stage, number in enumerate("345", 1):
        layers: list[nn.Module] = []
        for name, row in INCEPTIONS.items():
            if name.startswith(number):
                module = Inception(*row)
                layers.append(module)
                if name in COMPANIONS:
                    layers.append(Companion(_companion_head(module.channels, size, classes), COMPANION_WEIGHT))
        if number != "5":
            layers.append(_pool())
            size = map_size(layers[-1], size)
        parts[f"stage{stage}"] = nn.Sequential(*layers)
    pooled = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.4)]
    parts["head"] = nn.Sequential(*pooled, nn.Linear(1024, classes))
    return nn.Sequential(parts)


def _companion_head(channels: int, size: int, classes: int) -> nn.Sequential:
    """5x5/3 average pool, 1x1 convolution, two fully connected layers with dropout 0.7 between (sec. 5)."""
    pool = nn.AvgPool2d(min(5, size), 3)
    features = 128 * map_size(pool, size) ** 2
    hidden = [nn.Flatten(), nn.Linear(features, 1024), nn.ReLU(), nn.Dropout(0.7)]
    return nn.Sequential(pool, *convolution(channels, 128, 1), *hidden, nn.Linear(1024, classes))


def _pool() -> nn.MaxPool2d:
    return nn.MaxPool2d(3, 2, ceil_mode=True)


def _response_normalisation() -> nn.LocalResponseNorm:
    return nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
