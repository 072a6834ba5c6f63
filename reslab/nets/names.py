"""Names to networks: resnet18 ... resnet1202, plain18 ... (Table 1, sec. 4.2), preact20 ..., and the historic nets."""

import re
from collections import OrderedDict
from typing import Any

from reslab.arguments import checked_with
from reslab.errors import UsageError, unknown
from reslab.nets.architecture import Architecture, build
from reslab.nets.blocks import Residual
from reslab.nets.historic import HISTORIC, Historic
from reslab.nets.network import Network
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

# Pre-activation nets of the sequel (arXiv 1603.05027), Tables 3 and 5: one more ImageNet net, and CIFAR nets of
# bottlenecks, 9n+2 layers. Where a depth is 6n+2, too, it is a basic net, as 110 there, but for 164.
IMAGENET_PREACT = {**IMAGENET, 200: ("bottleneck", (3, 24, 36, 3))}
PREACT_BOTTLENECK = 164
PREACT_DEPTHS = (20, 110, 164, 1001)

MODELS = (
    *(f"resnet{depth}" for depth in (*IMAGENET, *CIFAR_DEPTHS)),
    *(f"plain{depth}" for depth in (18, 34, 50, *CIFAR_DEPTHS[:-1])),
    *(f"preact{depth}" for depth in (*IMAGENET_PREACT, *PREACT_DEPTHS)),
    *HISTORIC,
)


def spec(
    name: str,
    shortcut: str | None = None,
    classes: int | None = None,
    size: int | None = None,
    stride_in: str | None = None,
    survival: float | None = None,
) -> Architecture:
    """The architecture called `name`, with its paper's defaults for whatever is None.

    Depths 18, 34, 50, 101, 152 are the ImageNet nets (option B, 1000 classes, 224 px), every other depth 6n+2 a CIFAR
    net (option A, 10 classes, 32 px); `preact` has 200 and 9n+2 (option B), too. `survival` below 1 is stochastic
    depth. Raises UsageError for a name that is no net, a depth that is none, or an option that the net does not have.
    """
    kind, depth = _parse(name)
    asked = {"shortcut": shortcut, "classes": classes, "size": size, "stride_in": stride_in, "survival": survival}
    changes: dict[str, Any] = {field: value for field, value in asked.items() if value is not None}
    if kind in HISTORIC:
        return _historic(kind, changes)
    if kind == "plain" and shortcut is not None:
        raise UsageError(f"{name} is a plain net and has no shortcut; resnet{depth} takes --shortcut {shortcut}")
    found = _family(kind, depth)
    if stride_in == "3x3" and found.block == "basic":
        raise UsageError(f"{name} has no bottleneck blocks, so stride_in has nothing to move; leave --stride-in out")
    return found.variant(**changes)


def _family(kind: str, depth: int) -> Spec:
    """The residual, plain or pre-activation net of so many layers."""
    imagenet = IMAGENET_PREACT if kind == "preact" else IMAGENET
    if depth in imagenet:
        block, depths = imagenet[depth]
        found = Spec(depths, IMAGENET_WIDTHS, block, "imagenet", "B", classes=1000, size=224)
    elif depth % 6 == 2 and (kind, depth) != ("preact", PREACT_BOTTLENECK):
        found = Spec(((depth - 2) // 6,) * 3, CIFAR_WIDTHS, "basic", "cifar", "A", classes=10, size=32)
    else:
        found = Spec(((depth - 2) // 9,) * 3, CIFAR_WIDTHS, "bottleneck", "cifar", "B", classes=10, size=32)
    if kind == "plain":
        return found.variant(shortcut=None)
    return found.variant(activation="pre") if kind == "preact" else found


def _historic(name: str, changes: dict[str, Any]) -> Historic:
    for option, neutral in (("shortcut", None), ("stride_in", "1x1"), ("survival", 1.0)):
        if (value := changes.pop(option, neutral)) != neutral:
            raise UsageError(f"{name} has no blocks of sec. 3.3, and so no {option} ({value}); leave that out")
    row = HISTORIC[name]
    return Historic(name, row.classes, row.size).variant(**changes)


def _parse(name: str) -> tuple[str, int]:
    """The kind of net and its depth; a historic net is a kind of its own."""
    plain = re.sub(r"[-_ ]", "", name.strip().lower())
    if plain in HISTORIC:
        return plain, HISTORIC[plain].depth
    match = re.fullmatch(r"(resnet|plain|preact)(\d{1,5})", plain)
    if not match:
        raise unknown("model", name, MODELS, listed="reslab list")
    kind, depth = match[1], int(match[2])
    nines = kind == "preact" and depth % 9 == 2 and depth > 2
    imagenet = IMAGENET_PREACT if kind == "preact" else IMAGENET
    if depth not in imagenet and not nines and (depth % 6 != 2 or depth < 8):
        below, above = (next(d for d in depths if d not in IMAGENET) for depths in _around(depth))
        bottlenecks = ", or 9n+2 in bottlenecks" if kind == "preact" else ""
        raise UsageError(
            f"no model '{name}': a CIFAR net has 6n+2 layers (sec. 4.2){bottlenecks}, such as {kind}{below} or "
            f"{kind}{above}; "
            f"the ImageNet nets have {', '.join(map(str, imagenet))}"
        )
    return kind, depth


def _around(depth: int) -> tuple[range, range]:
    """The depths 6n+2 below, falling, and above, rising."""
    below = max(8, depth - (depth - 2) % 6)
    return range(below, 7, -6), range(below + 6, below + 60, 6)


def canonical(name: str) -> str:
    """The one spelling of a net's name: `ResNet-20` -> `resnet20`. Raises UsageError as `spec` does."""
    kind, depth = _parse(name)
    return kind if kind in HISTORIC else f"{kind}{depth}"


def _of_create(name: str, _: object) -> str:
    if name in ("pretrained", "weights", "start"):
        return "it makes an untrained net; reslab.load('resnet50-imagenet') and the like open trained ones"
    return ""


@checked_with(_of_create)
def create(
    name: str,
    shortcut: str | None = None,
    classes: int | None = None,
    size: int | None = None,
    stride_in: str | None = None,
    survival: float | None = None,
    residual: Residual | None = None,
) -> Network:
    """The network called `name`, initialised as its paper says: `create("resnet56", shortcut="B", classes=100)`.

    A module of images (B, 3, H, W), normalised, to scores before the softmax (B, classes). `shortcut` is A, B or C,
    `classes` the number of scores, `size` the images' height = width in pixels, `stride_in` of a bottleneck "1x1" or
    "3x3", `survival` below 1 stochastic depth; None is what the net's paper has.

    `residual` replaces every residual function by one's own: it is called as residual(channels_in, width, stride,
    stride_in), once for each block, and returns an nn.Module (B, channels_in, H, W) -> (B, width, H / stride,
    W / stride), rounded up; in bottleneck nets (resnet50, preact164 and the like) with 4 * width channels.
    `stride` is 1 or 2; `stride_in` matters to bottlenecks alone. The shortcut, the addition and the ReLU behind it are
    the block's. Weights are He-initialised.

    Raises UsageError as `spec` does, and for a function that returns something else.
    """
    architecture = spec(name, shortcut, classes, size, stride_in, survival)
    net = Network(OrderedDict(build(architecture, residual).named_children()))
    net.name, net.architecture = canonical(name), architecture
    return net
