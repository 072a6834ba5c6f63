"""Maxout network (Goodfellow et al., arXiv 1302.4389), by the authors' file for CIFAR-10."""

from collections import OrderedDict

from torch import nn

from reslab.nets.historic.layers import Maxout, map_size


def maxout(classes: int, size: int) -> nn.Sequential:
    """Three convolutional maxout layers with pools, a fully connected one of 500 units, and the scores.

    Dropout on the input (0.2) and before every other layer (0.5).
    """
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    parts["stage1"] = nn.Sequential(nn.Dropout(0.2), nn.Conv2d(3, 2 * 96, 8, padding=4), Maxout(2), _pool(4))
    parts["stage2"] = nn.Sequential(nn.Dropout(0.5), nn.Conv2d(96, 2 * 192, 8, padding=3), Maxout(2), _pool(4))
    parts["stage3"] = nn.Sequential(nn.Dropout(0.5), nn.Conv2d(192, 2 * 192, 5, padding=3), Maxout(2), _pool(2))
    for part in parts.values():
        size = map_size(part, size)
    hidden = [nn.Dropout(0.5), nn.Linear(192 * size**2, 5 * 500), Maxout(5)]
    parts["head"] = nn.Sequential(nn.Flatten(), *hidden, nn.Dropout(0.5), nn.Linear(500, classes))
    return nn.Sequential(parts)


def _pool(kernel: int) -> nn.MaxPool2d:
    return nn.MaxPool2d(kernel, 2, ceil_mode=True)
