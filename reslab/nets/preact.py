"""Identity mappings (He et al. 2016, arXiv 1603.05027): batch normalisation and ReLU before each convolution.

Nothing stands after the addition, so that every block hands its input on as it is. All tensors are (B, C, H, W).
"""

from torch import Tensor, nn

from reslab.nets.blocks import make_shortcut, survive


def basic_preact(channels_in: int, width: int, stride: int, stride_in: str = "1x1") -> nn.Module:
    """3x3, BN, ReLU, 3x3; the first activation is the block's (Figure 4e there)."""
    return nn.Sequential(_conv(channels_in, width, 3, stride), *_activation(width), _conv(width, width, 3))


def bottleneck_preact(channels_in: int, width: int, stride: int, stride_in: str = "1x1") -> nn.Module:
    """1x1 reduce, BN, ReLU, 3x3, BN, ReLU, 1x1 restore; the first activation is the block's."""
    first, second = (stride, 1) if stride_in == "1x1" else (1, stride)
    return nn.Sequential(
        _conv(channels_in, width, 1, first),
        *_activation(width),
        _conv(width, width, 3, second),
        *_activation(width),
        _conv(width, 4 * width, 1),
    )


def make_preact_shortcut(option: str | None, channels_in: int, channels_out: int, stride: int) -> nn.Module | None:
    """As `blocks.make_shortcut`, but a projection is a 1x1 convolution alone: its input is normalised already."""
    shortcut = make_shortcut(option, channels_in, channels_out, stride)
    return shortcut[0] if isinstance(shortcut, nn.Sequential) else shortcut


class PreactBlock(nn.Module):
    """y = F(a) + shortcut, a = ReLU(BN(x)): a projection sees a, the identity and its zero padding see x itself.

    `activated` is the number of channels of x, or None where x comes activated (behind the stem); `survival` is the
    probability of the residual function to count in a step (`blocks.survive`).
    """

    def __init__(
        self, residual: nn.Module, shortcut: nn.Module | None, activated: int | None, survival: float = 1.0
    ) -> None:
        super().__init__()
        self.activation = nn.Identity() if activated is None else nn.Sequential(*_activation(activated))
        self.residual = residual
        self.shortcut = shortcut
        self.survival = survival

    def forward(self, x: Tensor) -> Tensor:
        activated = self.activation(x)
        response = survive(self.residual(activated), self.survival, self.training)
        if self.shortcut is None:
            return response
        return response + self.shortcut(activated if isinstance(self.shortcut, nn.Conv2d) else x)


def _conv(channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, bias=False)


def _activation(channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), nn.ReLU()]
