"""AlexNet (Krizhevsky, Sutskever, Hinton, NIPS 2012): five convolutions and three fully connected layers.

The published one, whose second, fourth and fifth convolutions are in two groups, one for each of two GPUs; torchvision
has another one ("one weird trick", 64-192-384-256-256 filters, no response normalisation).
"""

from collections import OrderedDict

from torch import nn

from reslab.nets.historic.layers import map_size, starting_at


def alexnet(classes: int, size: int) -> nn.Sequential:
    """11x11/4, LRN, pool; 5x5, LRN, pool; 3x3; 3x3; 3x3, pool; 4096; 4096.

    Biases start at 1 in the second, fourth and fifth convolution and in the hidden fully connected layers (sec. 5).
    """
    stages = (
        [nn.Conv2d(3, 96, 11, 4, 2), nn.ReLU(), _response_normalisation(), nn.MaxPool2d(3, 2)],
        [_one(nn.Conv2d(96, 256, 5, 1, 2, groups=2)), nn.ReLU(), _response_normalisation(), nn.MaxPool2d(3, 2)],
        [nn.Conv2d(256, 384, 3, 1, 1), nn.ReLU()],
        [_one(nn.Conv2d(384, 384, 3, 1, 1, groups=2)), nn.ReLU()],
        [_one(nn.Conv2d(384, 256, 3, 1, 1, groups=2)), nn.ReLU(), nn.MaxPool2d(3, 2)],
    )
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    for number, layers in enumerate(stages, 1):
        parts[f"stage{number}"] = nn.Sequential(*layers)
        size = map_size(parts[f"stage{number}"], size)
    hidden = [nn.Dropout(0.5), _one(nn.Linear(256 * size**2, 4096)), nn.ReLU()]
    hidden += [nn.Dropout(0.5), _one(nn.Linear(4096, 4096)), nn.ReLU()]
    parts["head"] = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(4096, classes))
    return nn.Sequential(parts)


def _one(layer: nn.Conv2d | nn.Linear) -> nn.Module:
    return starting_at(layer, 1.0)


def _response_normalisation() -> nn.LocalResponseNorm:
    """b = a / (2 + 1e-4 * sum of squares over 5 channels)^0.75 (sec. 3.3); PyTorch takes the mean of the squares."""
    return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)
