"""Building blocks (Figures 2 and 5): residual functions, shortcuts, and the block that adds them (eq. 1 and 2).

All tensors are (B, C, H, W).
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, relu

Residual = Callable[[int, int, int, str], nn.Module]
"""A residual function F: (channels in, width, stride, stride_in) -> a module from channels in to the block's output
channels (width, or four times width where the net's block kind is "bottleneck"), subsampling by stride. `create` says
more."""


def conv_bn(channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """A convolution without bias and batch normalisation right after it (sec. 3.4)."""
    convolution = nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, bias=False)
    return [convolution, nn.BatchNorm2d(channels_out)]


def basic(channels_in: int, width: int, stride: int, stride_in: str = "1x1") -> nn.Module:
    """3x3, ReLU, 3x3 (Figure 5, left)."""
    return nn.Sequential(*conv_bn(channels_in, width, 3, stride), nn.ReLU(), *conv_bn(width, width, 3))


def bottleneck(channels_in: int, width: int, stride: int, stride_in: str = "1x1") -> nn.Module:
    """1x1 reduce, ReLU, 3x3, ReLU, 1x1 restore (Figure 5, right).

    The paper subsamples in the first 1x1; `stride_in="3x3"` is what torchvision calls ResNet-50 (v1.5). Weights have
    the same shapes either way, so a file cannot tell the two apart: the spec does.
    """
    first, second = (stride, 1) if stride_in == "1x1" else (1, stride)
    return nn.Sequential(
        *conv_bn(channels_in, width, 1, first),
        nn.ReLU(),
        *conv_bn(width, width, 3, second),
        nn.ReLU(),
        *conv_bn(width, 4 * width, 1),
    )


class ZeroPad(nn.Module):
    """Option A where dimensions grow: subsample with stride, append zero channels; no parameters (sec. 3.3)."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.extra, self.stride = channels_out - channels_in, stride

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C + extra, H/stride, W/stride)."""
        return pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.extra))

    def extra_repr(self) -> str:
        return f"extra={self.extra}, stride={self.stride}"


def make_shortcut(option: str | None, channels_in: int, channels_out: int, stride: int) -> nn.Module | None:
    """The shortcut of one block: None (plain), identity, zero padding (A) or projection W_s (B, C; eq. 2)."""
    if option is None:
        return None
    unchanged = channels_in == channels_out and stride == 1
    if option == "C" or (option == "B" and not unchanged):
        return nn.Sequential(*conv_bn(channels_in, channels_out, 1, stride))
    return nn.Identity() if unchanged else ZeroPad(channels_in, channels_out, stride)


def survive(response: Tensor, probability: float, training: bool) -> Tensor:
    """Stochastic depth (Huang et al., arXiv 1603.09382): in training a whole residual function counts with this
    probability, or not at all, drawn once for the batch; in testing it counts for its expectation.

    One that does not count is computed all the same, so that every batch has batch-norm statistics of every layer.
    """
    if probability == 1:
        return response
    if not training:
        return response * probability
    return response * (torch.rand((), device=response.device) < probability)


class Block(nn.Module):
    """y = ReLU(F(x) + shortcut(x)) (eq. 1 and 2); without a shortcut, y = ReLU(F(x)), a block of a plain net.

    `residual` may be any module whose output has the shape of the shortcut's; `survival` is its probability to count in
    a step (`survive`).
    """

    def __init__(self, residual: nn.Module, shortcut: nn.Module | None = None, survival: float = 1.0) -> None:
        super().__init__()
        self.residual = residual
        self.shortcut = shortcut
        self.survival = survival

    def forward(self, x: Tensor) -> Tensor:
        response = survive(self.residual(x), self.survival, self.training)
        return relu(response if self.shortcut is None else response + self.shortcut(x))
