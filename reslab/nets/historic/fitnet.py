"""FitNet-4 of 19 layers (Romero et al., arXiv 1412.6550, Table 7): thin and deep, of maxout units.

Its authors train it by hints of a wider teacher: so does `--teacher` with a Maxout net (training/teacher.py).
"""

from collections import OrderedDict

from torch import nn

from reslab.nets.historic.layers import Maxout

STAGES = ((32, 32, 32, 48, 48), (80,) * 6, (128,) * 6)  # units of each 3x3 maxout layer


def fitnet19(classes: int, size: int) -> nn.Sequential:
    """17 convolutional maxout layers of 2 pieces in three stages with max pools; 500 units of 5 pieces; the scores."""
    parts: OrderedDict[str, nn.Module] = OrderedDict()
    channels = 3
    for stage, widths in enumerate(STAGES, 1):
        layers: list[nn.Module] = []
        for width in widths:
            layers += [nn.Conv2d(channels, 2 * width, 3, padding=1), Maxout(2)]
            channels = width
        # The last pool takes all that is left: 8x8 of an image of 32 px.
        layers.append(nn.MaxPool2d(2) if stage < len(STAGES) else nn.AdaptiveMaxPool2d(1))
        parts[f"stage{stage}"] = nn.Sequential(*layers)
    parts["head"] = nn.Sequential(nn.Flatten(), nn.Linear(channels, 5 * 500), Maxout(5), nn.Linear(500, classes))
    return nn.Sequential(parts)
