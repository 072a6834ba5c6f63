"""A network in the words of Table 1."""

from collections.abc import Iterator

from torch import nn

from reslab.nets.architecture import Architecture
from reslab.nets.historic.googlenet import Inception
from reslab.nets.historic.highway import HighwayLayer
from reslab.nets.historic.layers import Companion, Maxout, Scale
from reslab.nets.spec import Spec


def rows_of(architecture: Architecture, net: nn.Sequential) -> list[str]:
    """What each row says of its layers, from the stem to the head of `net`."""
    if isinstance(architecture, Spec):
        return [layers_text(architecture, row) for row in range(len(net))]
    return [part_text(part) if len(list(part.children())) else _layer_text(part) for part in net]


def layers_text(spec: Spec, row: int) -> str:
    """What a row says of its layers: "[3x3, 64; 3x3, 64] x 2, /2". Row 0 is the stem, the last one the head."""
    if row == 0:
        return f"7x7, {spec.stem_width}, /2; 3x3 max pool, /2" if spec.stem == "imagenet" else f"3x3, {spec.stem_width}"
    if row > len(spec.widths):
        return f"average pool, {spec.classes}-d fc"
    width, half = spec.widths[row - 1], ", /2" if row > 1 else ""
    inside = f"3x3, {width}; 3x3, {width}"
    if spec.block == "bottleneck":
        inside = f"1x1, {width}; 3x3, {width}; 1x1, {width * spec.expansion}"
    return f"[{inside}] x {spec.depths[row - 1]}{half}"


def part_text(part: nn.Module) -> str:
    """The layers of a part of any net, repetitions counted: "5x5, 192; 1x1, 192 x 2", "(1x1, 32; 3x3, 32) x 4"."""
    words: list[str] = []
    for layer in part.children():
        if isinstance(layer, Maxout):  # with the layer before it one layer of units
            words[-1] = _units_text(words[-1], layer.pieces)
        elif text := _layer_text(layer):
            words.append(text)
    return "; ".join(_repetitions(words))


def _repetitions(words: list[str]) -> Iterator[str]:
    """The words, runs of one or of two in turn written once, with their number."""
    while words:
        runs = [(_run(words, period), period) for period in (1, 2)]
        count, period = max(runs, key=lambda run: (run[0] - 1) * run[1])
        told = "; ".join(words[:period]) if count > 1 else words[0]
        yield f"({told}) x {count}" if count > 1 and period > 1 else f"{told} x {count}" if count > 1 else told
        words = words[count * period if count > 1 else 1 :]


def _run(words: list[str], period: int) -> int:
    """How often the first `period` words follow each other."""
    count = 1
    while words[count * period : (count + 1) * period] == words[:period]:
        count += 1
    return count


def _units_text(linear: str, pieces: int) -> str:
    """The layer "3x3, 64" of 2 pieces: "3x3, 32 maxout of 2"."""
    kernel, _, channels = linear.rpartition(" ") if "-d fc" not in linear else ("", "", linear.removesuffix("-d fc"))
    units = int(channels) // pieces
    return f"{kernel} {units} maxout of {pieces}" if kernel else f"{units}-d fc maxout of {pieces}"


def _layer_text(layer: nn.Module) -> str:
    """A layer in a few words; none for what every layer has (ReLU) and for what only changes a shape."""
    match layer:
        case nn.Conv2d():
            stride = f", /{layer.stride[0]}" if layer.stride[0] > 1 else ""
            groups = f" in {layer.groups} groups" if layer.groups > 1 else ""
            return f"{layer.kernel_size[0]}x{layer.kernel_size[0]}, {layer.out_channels}{groups}{stride}"
        case nn.Linear():
            return f"{layer.out_features}-d fc"
        case nn.MaxPool2d():
            return f"{layer.kernel_size}x{layer.kernel_size} max pool, /{layer.stride}"
        case nn.AdaptiveAvgPool2d():
            return "average pool"
        case nn.AdaptiveMaxPool2d():
            return "max pool of all"
        case nn.LocalResponseNorm():
            return "LRN"
        case nn.Dropout():
            return f"dropout {layer.p:g}"
        case HighwayLayer():
            return f"highway {part_text(nn.Sequential(layer.transform))}"
        case Inception():
            return f"inception, {layer.channels}"
        case Scale():
            return f"images x {layer.factor:g}"
        case Companion():
            return "[companion head]"
    return ""
