"""Names to networks: resnet18 ... resnet1202, plain18 ... (Table 1 and sec. 4.2)."""

import re
from typing import Any

from torch import nn

from reslab.errors import UsageError, unknown
from reslab.nets.blocks import Residual
from reslab.nets.resnet import build
from reslab.nets.spec import Spec

# Table 1: blocks of stages conv2_x ... conv5_x.
# fmt: off
IMAGENET = {
    18:  ("basic",      (2, 2, 2, 2)),
    34:  ("basic",      (3, 4, 6, 3)),
    50:  ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
}
# fmt: on
IMAGENET_WIDTHS = (64, 128, 256, 512)
CIFAR_WIDTHS = (16, 32, 64)
CIFAR_DEPTHS = (20, 32, 44, 56, 110, 1202)  # those of Table 6; any other 6n+2 is as good

MODELS = (
    *(f"resnet{depth}" for depth in (*IMAGENET, *CIFAR_DEPTHS)),
    *(f"plain{depth}" for depth in (18, 34, 50, *CIFAR_DEPTHS[:-1])),
)


def spec(
    name: str,
    shortcut: str | None = None,
    classes: int | None = None,
    size: int | None = None,
    stride_in: str | None = None,
) -> Spec:
    """The architecture called `name`, with the paper's defaults for whatever is None.

    Depths 18, 34, 50, 101, 152 are the ImageNet nets (option B, 1000 classes, 224 px), every other depth 6n+2 a CIFAR
    net (option A, 10 classes, 32 px). Raises UsageError for a name that is no net, a depth that is not 6n+2, or a
    shortcut on a plain net.
    """
    kind, depth = _parse(name)
    if kind == "plain" and shortcut is not None:
        raise UsageError(f"{name} is a plain net and has no shortcut; resnet{depth} takes --shortcut {shortcut}")
    if depth in IMAGENET:
        block, depths = IMAGENET[depth]
        found = Spec(depths, IMAGENET_WIDTHS, block, "imagenet", "B", classes=1000, size=224)
    else:
        blocks = (depth - 2) // 6
        found = Spec((blocks,) * 3, CIFAR_WIDTHS, "basic", "cifar", "A", classes=10, size=32)
    if stride_in == "3x3" and found.block == "basic":
        raise UsageError(f"{name} has no bottleneck blocks, so stride_in has nothing to move; leave --stride-in out")
    asked = {"shortcut": shortcut, "classes": classes, "size": size, "stride_in": stride_in}
    changes: dict[str, Any] = {field: value for field, value in asked.items() if value is not None}
    if kind == "plain":
        changes["shortcut"] = None
    return found.variant(**changes)


def _parse(name: str) -> tuple[str, int]:
    match = re.fullmatch(r"(resnet|plain)[-_]?(\d{1,5})", name.strip().lower())
    if not match:
        raise unknown("model", name, MODELS)
    kind, depth = match[1], int(match[2])
    if depth not in IMAGENET and (depth % 6 != 2 or depth < 8):
        below, above = (next(d for d in depths if d not in IMAGENET) for depths in _around(depth))
        raise UsageError(
            f"no model '{name}': a CIFAR net has 6n+2 layers (sec. 4.2), such as {kind}{below} or {kind}{above}; "
            f"the ImageNet nets have {', '.join(map(str, IMAGENET))}"
        )
    return kind, depth


def _around(depth: int) -> tuple[range, range]:
    """The depths 6n+2 below, falling, and above, rising."""
    below = max(8, depth - (depth - 2) % 6)
    return range(below, 7, -6), range(below + 6, below + 60, 6)


def canonical(name: str) -> str:
    """The one spelling of a net's name: `ResNet-20` -> `resnet20`. Raises UsageError as `spec` does."""
    kind, depth = _parse(name)
    return f"{kind}{depth}"


def create(
    name: str,
    shortcut: str | None = None,
    classes: int | None = None,
    size: int | None = None,
    stride_in: str | None = None,
    residual: Residual | None = None,
) -> nn.Sequential:
    """The network called `name`, He-initialised: `create("resnet56", shortcut="B", classes=100)`.

    `residual` replaces every residual function by one's own (see `blocks.Residual`). Raises UsageError as `spec` does.
    """
    return build(spec(name, shortcut, classes, size, stride_in), residual)
