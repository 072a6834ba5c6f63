"""From a spec to a network: stem, stages of blocks, head (Table 1, Figure 3, sec. 4.2)."""

from collections import OrderedDict
from typing import Any

from torch import nn

from reslab.errors import UsageError
from reslab.nets.blocks import Block, Residual, basic, bottleneck, conv_bn, make_shortcut
from reslab.nets.preact import PreactBlock, basic_preact, bottleneck_preact, make_preact_shortcut
from reslab.nets.spec import Spec

RESIDUALS: dict[tuple[str, str], Residual] = {
    ("post", "basic"): basic,
    ("post", "bottleneck"): bottleneck,
    ("pre", "basic"): basic_preact,
    ("pre", "bottleneck"): bottleneck_preact,
}


def make_stem(spec: Spec) -> nn.Sequential:
    """ImageNet: 7x7 /2 and a 3x3 max-pool /2; CIFAR: 3x3."""
    if spec.stem == "cifar":
        return nn.Sequential(*conv_bn(3, spec.stem_width, 3), nn.ReLU())
    return nn.Sequential(*conv_bn(3, spec.stem_width, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1))


def make_stage(spec: Spec, stage: int, channels_in: int, residual: Residual) -> nn.Sequential:
    """The blocks of one stage; all but the first stage subsample in their first block."""
    width = spec.widths[stage]
    channels_out = width * spec.expansion
    blocks: list[nn.Module] = []
    for index in range(spec.depths[stage]):
        stride = 2 if stage > 0 and index == 0 else 1
        survival = spec.survival_of(sum(spec.depths[:stage]) + index)
        function = _made(residual, channels_in, width, stride, spec.stride_in)
        if spec.activation == "post":
            blocks.append(Block(function, make_shortcut(spec.shortcut, channels_in, channels_out, stride), survival))
        else:
            shortcut = make_preact_shortcut(spec.shortcut, channels_in, channels_out, stride)
            # The stem ends activated already.
            activated = channels_in if stage + index > 0 else None
            blocks.append(PreactBlock(function, shortcut, activated, survival))
        channels_in = channels_out
    return nn.Sequential(*blocks)


def _made(residual: Residual, *asked: Any) -> nn.Module:
    """Raises UsageError where somebody's residual function returns no module."""
    function: object = residual(*asked)
    if isinstance(function, nn.Module):
        return function
    raise UsageError(
        f"the residual function {getattr(residual, '__name__', residual)} does not fit: it returns "
        f"{type(function).__name__}. It is called as f(channels_in, width, stride, stride_in), for each block, and "
        "returns an nn.Module"
    )


def make_head(channels: int, classes: int) -> nn.Sequential:
    """Global average pooling and a fully connected layer; the softmax belongs to the loss."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def layers(spec: Spec, residual: Residual | None = None) -> nn.Sequential:
    """The network of `spec`, not initialised: stem, stage1, stage2, ..., head.

    `residual` replaces the residual function of the spec's block kind by one's own (see `blocks.Residual`).
    """
    residual = residual or RESIDUALS[spec.activation, spec.block]
    parts: OrderedDict[str, nn.Module] = OrderedDict(stem=make_stem(spec))
    channels = spec.stem_width
    for stage, width in enumerate(spec.widths):
        parts[f"stage{stage + 1}"] = make_stage(spec, stage, channels, residual)
        channels = width * spec.expansion
    parts["head"] = make_head(channels, spec.classes)
    if spec.activation == "pre":  # no block follows that would activate the last sum
        parts["head"] = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(), *parts["head"].children())
    return nn.Sequential(parts)
