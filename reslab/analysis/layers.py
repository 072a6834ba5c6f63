"""The layers that are looked at: 3x3 convolutions with batch normalisation behind them, by the latter's output.

That is where the paper takes its responses: before the other non-linearity, ReLU or addition (sec. 4.2). Residual
functions of one's own have whatever convolutions they have: `own_layers`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from reslab.analysis.own_layers import See, inside_blocks, residuals_in, watch_residual
from reslab.errors import UsageError


@contextmanager
def watched(net: nn.Module, see: See, name: str, *, own: bool = False) -> Iterator[None]:
    """While it lasts, each such layer that the net runs is shown to `see`, in the order in which an image meets them.

    Of a net with residual functions of one's `own`, these show all their convolutions. Raises UsageError at its end,
    which calls the net `name`, where there was none.
    """
    made: dict[str, Tensor] = {}  # the output of the latest 3x3 layer: what follows it tells itself by its input
    seen: set[str] = set()
    hooks = []

    def told(place: str, output: Tensor) -> None:
        seen.add(place)
        see(place, output)

    def shown(place: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if inputs[0] is made.get("3x3"):
                told(place, output)

        return hook

    functions = residuals_in(net) if own else {}
    for place, module in net.named_modules():
        if inside_blocks(place, functions):
            continue
        if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
            hooks.append(module.register_forward_hook(lambda _, __, out: made.__setitem__("3x3", out)))
        elif isinstance(module, nn.BatchNorm2d):
            hooks.append(module.register_forward_hook(shown(place)))
    for place, function in functions.items():
        hooks += watch_residual(place, function, told)
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
    if own and not any(inside_blocks(place, functions) for place in seen):
        raise UsageError(
            f"{name}: its residual functions run no convolution (nn.Conv2d), and so there is nothing to look at"
        )
    if not seen:
        raise UsageError(
            f"{name} has no 3x3 layer with batch normalisation behind it, and so nothing to look at (Figure 7)"
        )


def stage_of(name: str) -> str:
    """The stage that a layer is in, of its name."""
    return name.split(".")[0]
