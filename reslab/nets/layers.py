"""A network layer by layer, in the order in which an image meets them: what Figures 2, 3 and 5 draw."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from reslab.errors import UsageError
from reslab.nets.blocks import Block, ZeroPad
from reslab.nets.complexity import on_meta
from reslab.nets.historic import Companion
from reslab.nets.preact import PreactBlock

AnyBlock = Block | PreactBlock
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)


@dataclass(frozen=True)
class Layer:
    """One box of Figure 3. Layers of one block share `block`; those outside of blocks have None."""

    text: str  # "3x3 conv, 128, /2"
    kind: str  # "conv", "pool" or "fc"
    stage: str  # "stem", "stage1", ..., "head"
    output: int  # height = width of what comes out; 1 after a fully connected layer
    channels: int
    weights: int  # of convolution or fully connected layer, without biases
    macs: int
    block: str | None = None
    shortcut: str | None = None  # of its block: "identity", "padding", "projection"; None in a plain net
    widens: bool = False  # the block's shortcut has other dimensions at its end: dotted in Figure 3
    shortcut_weights: int = 0  # of the block's shortcut


def layers_of(net: nn.Sequential, size: int) -> tuple[Layer, ...]:
    """Convolutions, pools and fully connected layers of `net` at `size` pixels, without those of shortcuts.

    Works on shapes alone, and on any net whose children are stem, stages and head. Raises UsageError for one whose
    layers are no chain: inception modules, highway layers.
    """
    _chained(net)
    blocks = {name: module for name, module in net.named_modules() if isinstance(module, AnyBlock)}
    met: list[Layer] = []
    hooks = [
        module.register_forward_hook(_recorder(met, name, blocks))
        for name, module in net.named_modules()
        if isinstance(module, (nn.Conv2d, nn.Linear, *POOLS)) and not _in_shortcut(name, blocks)
    ]
    training = net.training
    try:
        with torch.no_grad():
            on_meta(net, size)
    finally:
        for hook in hooks:
            hook.remove()
        net.train(training)
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
        weight = getattr(layer, "weight", None)
        met.append(
            Layer(
                text=layer_text(layer),
                kind="fc" if isinstance(layer, nn.Linear) else "conv" if isinstance(layer, nn.Conv2d) else "pool",
                stage=name.split(".")[0],
                output=int(output.shape[2]) if output.dim() == 4 else 1,
                channels=int(output.shape[1]),
                weights=0 if weight is None else weight.numel(),
                macs=0 if weight is None else output[0].numel() * weight[0].numel(),
                block=block,
                shortcut=shortcut_kind(blocks[block]) if block else None,
                widens=shortcut is not None and _widens(blocks[block]) if block else False,
                shortcut_weights=_weights(shortcut),
            )
        )

    return record


def layer_text(layer: nn.Module) -> str:
    """A layer in the words of Figure 3: "7x7 conv, 64, /2", "pool, /2", "avg pool", "fc 1000"."""
    if isinstance(layer, nn.Linear):
        return f"fc {layer.out_features}"
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        return "avg pool"
    if isinstance(layer, nn.Conv2d):
        kernel, stride = _pair(layer.kernel_size), _pair(layer.stride)
        return f"{kernel[0]}x{kernel[1]} conv, {layer.out_channels}" + (f", /{stride[0]}" if stride[0] > 1 else "")
    assert isinstance(layer, nn.MaxPool2d | nn.AvgPool2d)
    word = "pool" if isinstance(layer, nn.MaxPool2d) else "avg pool"
    return f"{word}, /{_pair(layer.stride)[0]}"


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (int(value[0]), int(value[1]))


def _chained(net: nn.Module) -> None:
    """Weighted layers beside each other are there in blocks alone, where the shortcut is one of them."""
    for module in net.modules():
        inside = [child for child in module.children() if not isinstance(child, Companion) and _weighted(child)]
        if len(inside) > 1 and not isinstance(module, nn.Sequential | AnyBlock):
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
    """Weights of convolutions in it."""
    inside = module.modules() if module is not None else ()
    return sum(m.weight.numel() for m in inside if isinstance(m, nn.Conv2d))
