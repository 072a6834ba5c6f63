"""VGG-16 and VGG-19 (Simonyan, Zisserman, arXiv 1409.1556, Table 1, columns D and E): Figure 3, left."""

from collections import OrderedDict

from torch import nn

from reslab.nets.historic.layers import convolution, map_size

WIDTHS = (64, 128, 256, 512, 512)
# fmt: off
DEPTHS = {  # 3x3 convolutions of each stage, which a 2x2 max pool ends
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
# fmt: on


def vgg16(classes: int, size: int) -> nn.Sequential:
    """13 convolutions and 3 fully connected layers."""
    return _vgg(16, classes, size)


def vgg19(classes: int, size: int) -> nn.Sequential:
    """16 convolutions and 3 fully connected layers."""
    return _vgg(19, classes, size)


def _vgg(depth: int, classes: int, size: int) -> nn.Sequential:
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for stage, (count, width) in enumerate(zip(DEPTHS[depth], WIDTHS, strict=True), 1):
        layers: list[nn.Module] = []
        for _ in range(count):
            layers += convolution(channels, width, 3)
            channels = width
        parts[f"stage{stage}"] = nn.Sequential(*layers, nn.MaxPool2d(2))
        size = map_size(parts[f"stage{stage}"], size)
    hidden = [nn.Linear(channels * size**2, 4096), nn.ReLU(), nn.Dropout(0.5)]
    hidden += [nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5)]
    parts["head"] = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(4096, classes))
    return nn.Sequential(parts)
