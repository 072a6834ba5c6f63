"""Layers that the nets of the comparison share. All tensors are (B, C, H, W), or (B, C) behind a flattening."""

from torch import Tensor, nn


def convolution(
    channels_in: int, channels_out: int, kernel: int, stride: int = 1, padding: int | None = None, groups: int = 1
) -> list[nn.Module]:
    """A convolution with bias, and ReLU: none of these nets has batch normalisation."""
    padding = kernel // 2 if padding is None else padding
    return [nn.Conv2d(channels_in, channels_out, kernel, stride, padding, groups=groups), nn.ReLU()]


def starting_at(layer: nn.Conv2d | nn.Linear, bias: float) -> nn.Conv2d | nn.Linear:
    """The layer, whose biases start at `bias` instead of 0 (see `initialisation.initialise`)."""
    layer.initial_bias = bias  # type: ignore[assignment]
    return layer


def map_size(part: nn.Module, size: int) -> int:
    """Height = width of the map that `part` makes of one of `size` pixels.

    Its branches must keep the size, as those of an inception module do. Pools with `ceil_mode` round up.
    """
    for layer in part.modules():
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            kernel, stride, padding = (_one(value) for value in (layer.kernel_size, layer.stride, layer.padding))
            spare = size + 2 * padding - kernel
            size = (-(-spare // stride) if getattr(layer, "ceil_mode", False) else spare // stride) + 1
    return size


def _one(value: object) -> int:
    """PyTorch keeps a square's side as a number or as two."""
    side = value[0] if isinstance(value, tuple) else value
    assert isinstance(side, int)
    return side


class Maxout(nn.Module):
    """The largest of every `pieces` neighbouring channels (Goodfellow et al.): (B, pieces * C, ...) -> (B, C, ...).

    With a convolution or fully connected layer before it, a unit is the maximum of `pieces` linear functions.
    """

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        return x.unflatten(1, (-1, self.pieces)).amax(2)

    def extra_repr(self) -> str:
        return f"pieces={self.pieces}"


class Companion(nn.Module):
    """A head on the way, for training alone: hands its input on unchanged, and in training mode scores it, too.

    The scores wait until whoever trains takes them (`take`), and adds their loss times `weight`; in evaluation the
    head does not run. So a net is a function from images to one table of scores, in both modes.
    """

    def __init__(self, head: nn.Module, weight: float) -> None:
        super().__init__()
        self.head, self.weight = head, weight
        self.asked = True  # False: silent in training, too
        self.scores: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.asked:
            self.scores = self.head(x)
        return x

    def take(self) -> Tensor:
        """(B, classes) scores of the last pass in training mode, handed out once: they hold that pass's memory."""
        scores, self.scores = self.scores, None
        assert scores is not None, "no pass in training mode since the last time"
        return scores

    def extra_repr(self) -> str:
        return f"weight={self.weight}"


def companions_of(net: nn.Module) -> list[Companion]:
    """The heads that a net has in training besides its own, from its input to its output."""
    return [module for module in net.modules() if isinstance(module, Companion)]
