"""Deeply-Supervised Nets (Lee et al., arXiv 1409.5185): NIN's layers, and a classifier on each 5x5 or 3x3 layer."""

from collections import OrderedDict

from torch import nn

from reslab.nets.historic.layers import Companion, convolution, map_size
from reslab.nets.historic.nin import shrink

COMPANION_WEIGHT = 1.0  # of each companion's loss; its own weights learn slowly instead (the recipe `original`)


def dsn(classes: int, size: int) -> nn.Sequential:
    """NIN without ReLU on the last 1x1; companions see a convolution's output before its ReLU."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    for stage, (channels, kernel, one, other) in enumerate(((3, 5, 160, 96), (96, 5, 192, 192), (192, 3, 192, 0)), 1):
        head = nn.Sequential(nn.Flatten(), nn.Linear(192 * size**2, classes))
        first, relu = convolution(channels, 192, kernel)
        layers = [first, Companion(head, COMPANION_WEIGHT), relu, *convolution(192, one, 1)]
        layers += [*convolution(one, other, 1), *shrink()] if other else [nn.Conv2d(one, classes, 1)]
        parts[f"stage{stage}"] = nn.Sequential(*layers)
        size = map_size(nn.Sequential(*shrink()), size)
    parts["head"] = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(parts)
