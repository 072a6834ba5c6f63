"""A network layer by layer, in the order in which an image meets them: what Figures 2, 3 and 5 draw."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from reslab.errors import UsageError
from reslab.nets.blocks import Block, ZeroPad
from reslab.nets.complexity import watched
from reslab.nets.historic.googlenet import INCEPTIONS, Inception
from reslab.nets.historic.highway import HighwayLayer
from reslab.nets.historic.layers import Companion
from reslab.nets.preact import PreactBlock

AnyBlock = Block | PreactBlock
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)
DRAWN = (nn.Conv2d, nn.Linear, nn.LocalResponseNorm, *POOLS)
WHOLE = (Inception, HighwayLayer)  # drawn as one box: what is in them is no chain
GATE = "gate"


@dataclass(frozen=True)
class Layer:
    """One box of Figure 3. Layers of one block share `block`; those outside of blocks have None."""

    text: str  # "3x3 conv, 128, /2"
    kind: str  # "conv", "pool", "norm" (of local responses), "fc" or "inception"
    stage: str  # "stem", "stage1", ..., "head"
    output: int  # height = width of what comes out; 1 after a fully connected layer
    channels: int
    weights: int  # of convolutions or fully connected layer, without biases
    macs: int
    kernel: int = 0  # height = width of a convolution's or a pool's; 0 where there is none
    block: str | None = None
    # Of its block: "identity", "padding", "projection"; None in a plain net. "gate": of a highway layer, which is its
    # own block, T(x) times what the layer computes and 1 - T(x) times its input.
    shortcut: str | None = None
    widens: bool = False  # the block's shortcut has other dimensions at its end: dotted in Figure 3
    shortcut_weights: int = 0  # of the block's shortcut


def layers_of(net: nn.Sequential, size: int) -> tuple[Layer, ...]:
    """Convolutions, pools, local response normalisations and fully connected layers of `net` at `size` pixels, without
    those of shortcuts.

    An inception module and a highway layer are one layer each. Works on shapes alone, and on any net whose children are
    stem, stages and head. Raises UsageError for one whose layers are otherwise no chain.
    """
    _chained(net)
    blocks = {name: module for name, module in net.named_modules() if isinstance(module, AnyBlock)}
    whole = [name for name, module in net.named_modules() if isinstance(module, WHOLE)]
    met: list[Layer] = []
    hooks = [
        module.register_forward_hook(_recorder(met, name, blocks))
        for name, module in net.named_modules()
        if isinstance(module, (*DRAWN, *WHOLE))
        and not _in_shortcut(name, blocks)
        and not any(name.startswith(f"{outer}.") for outer in whole)
    ]
    watched(net, size, hooks)
    return tuple(met)


def blocks_of(layers: tuple[Layer, ...]) -> Iterator[tuple[Layer, ...]]:
    """The layers grouped by block; a layer outside of blocks is a group of its own."""
    group: list[Layer] = []
    for layer in layers:
        if group and (layer.block is None or layer.block != group[-1].block):
            yield tuple(group)
            group = []
        group.append(layer)
    if group:
        yield tuple(group)


def inceptions_of(net: nn.Module) -> dict[str, Inception]:
    """GoogLeNet's modules by their names in its paper: "3a", "3b", ...; none of another net."""
    modules = [module for module in net.modules() if isinstance(module, Inception)]
    return dict(zip(INCEPTIONS, modules, strict=False))


def shortcut_kind(block: AnyBlock) -> str | None:
    """ "identity", "padding" (option A where dimensions grow), "projection" (W_s of eq. 2), or None without one."""
    if block.shortcut is None:
        return None
    if isinstance(block.shortcut, nn.Identity):
        return "identity"
    return "padding" if isinstance(block.shortcut, ZeroPad) else "projection"


def _recorder(met: list[Layer], name: str, blocks: dict[str, AnyBlock]) -> Any:
    def record(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        block = next((b for b in blocks if name.startswith(f"{b}.")), None)
        shortcut = blocks[block].shortcut if block else None
        weights, gated = _weights(layer), isinstance(layer, HighwayLayer)
        met.append(
            Layer(
                text=layer_text(layer),
                kind=_kind(layer),
                stage=name.split(".")[0],
                output=int(output.shape[2]) if output.dim() == 4 else 1,
                channels=int(output.shape[1]),
                weights=weights,
                macs=weights * output[0, 0].numel(),
                kernel=_kernel(layer),
                block=name if gated else block,
                shortcut=GATE if gated else shortcut_kind(blocks[block]) if block else None,
                widens=shortcut is not None and _widens(blocks[block]) if block else False,
                shortcut_weights=_weights(shortcut),
            )
        )

    return record


def layer_text(layer: nn.Module) -> str:
    """A layer in the words of Figure 3: "7x7 conv, 64, /2", "pool, /2", "avg pool", "LRN", "fc 1000", "inception,
    256".
    """
    if isinstance(layer, HighwayLayer):
        return layer_text(layer.transform)
    if isinstance(layer, Inception):
        return f"inception, {layer.channels}"
    if isinstance(layer, nn.Linear):
        return f"fc {layer.out_features}"
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        return "avg pool"
    if isinstance(layer, nn.LocalResponseNorm):
        return "LRN"
    if isinstance(layer, nn.Conv2d):
        kernel, stride = _pair(layer.kernel_size), _pair(layer.stride)
        return f"{kernel[0]}x{kernel[1]} conv, {layer.out_channels}" + (f", /{stride[0]}" if stride[0] > 1 else "")
    assert isinstance(layer, nn.MaxPool2d | nn.AvgPool2d)
    word = "pool" if isinstance(layer, nn.MaxPool2d) else "avg pool"
    return f"{word}, /{_pair(layer.stride)[0]}"


def _kind(layer: nn.Module) -> str:
    if isinstance(layer, Inception):
        return "inception"
    if isinstance(layer, nn.LocalResponseNorm):
        return "norm"
    return "fc" if isinstance(layer, nn.Linear) else "pool" if isinstance(layer, POOLS) else "conv"


def _kernel(layer: nn.Module) -> int:
    if isinstance(layer, HighwayLayer):
        return _kernel(layer.transform)
    return _pair(layer.kernel_size)[0] if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d) else 0


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def _chained(net: nn.Module) -> None:
    """Weighted layers beside each other are there in blocks alone, where the shortcut is one of them, and in what is
    drawn as one box.
    """
    for module in net.modules():
        inside = [child for child in module.children() if not isinstance(child, Companion) and _weighted(child)]
        if len(inside) > 1 and not isinstance(module, (nn.Sequential, AnyBlock, *WHOLE)):
            raise UsageError(f"{type(module).__name__}: its layers are no chain, and a column cannot show them")


def _weighted(module: nn.Module) -> bool:
    return any(isinstance(inside, nn.Conv2d | nn.Linear) for inside in module.modules())


def _in_shortcut(name: str, blocks: dict[str, AnyBlock]) -> bool:
    return any(name.startswith(f"{block}.shortcut") for block in blocks)


def _widens(block: AnyBlock) -> bool:
    """Do input and output of the block differ in channels or size? Asked of its convolutions, whatever its shortcut."""
    convolutions = [module for module in block.residual.modules() if isinstance(module, nn.Conv2d)]
    if not convolutions:
        return not isinstance(block.shortcut, nn.Identity)
    strided = any(_pair(conv.stride) != (1, 1) for conv in convolutions)
    return strided or convolutions[0].in_channels != convolutions[-1].out_channels


def _weights(module: nn.Module | None) -> int:
    """Weights of the convolutions and fully connected layers in it."""
    inside = module.modules() if module is not None else ()
    return sum(m.weight.numel() for m in inside if isinstance(m, nn.Conv2d | nn.Linear))
