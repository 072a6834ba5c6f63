"""Fully-convolutional form of a net (sec. 3.4): larger images give a map of scores, which is averaged."""

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from reslab.errors import UsageError

NOT_DENSE = (
    "dense testing (--scales) is for nets that end in global average pooling and one fully connected layer; "
    "--views 10 works for every net"
)


class Windows(nn.Module):
    """Average pooling as in training, over windows of `side` positions, at every place of a larger map."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, H - side + 1, W - side + 1, C); a map smaller than a window is one window."""
        height, width = min(self.side, x.shape[2]), min(self.side, x.shape[3])
        return avg_pool2d(x, (height, width), stride=1).permute(0, 2, 3, 1)

    def extra_repr(self) -> str:
        return f"side={self.side}"


class AverageScores(nn.Module):
    """The mean of a map of scores, (B, H, W, classes) -> (B, classes)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(1, 2))


def convolutional(net: nn.Sequential, window: int) -> nn.Sequential:
    """`net` with its head applied at every place of the last map, and the scores averaged; names and weights stay.

    `window` is the side of that map in training (7 at 224 pixels, `Spec.smallest_map`). On images of the training size
    the scores are those of the net. A fully connected layer at every place is a convolution with 1x1 filters. Raises
    UsageError for a net whose head is not global average pooling and one fully connected layer.
    """
    head = dict(net.named_children()).get("head")
    kinds = [type(layer) for layer in head.children()] if isinstance(head, nn.Module) else []
    if kinds != [nn.AdaptiveAvgPool2d, nn.Flatten, nn.Linear]:
        raise UsageError(NOT_DENSE)
    assert isinstance(head, nn.Sequential)
    places: list[nn.Module] = [Windows(window), nn.Identity(), head[2], AverageScores()]
    parts: dict[str, nn.Module] = {**dict(net.named_children()), "head": nn.Sequential(*places)}
    dense = nn.Sequential()
    for name, part in parts.items():
        dense.add_module(name, part)
    return dense
