"""The layers that are looked at: 3x3 convolutions with batch normalisation behind them, by the latter's output.

That is where the paper takes its responses: before the other non-linearity, ReLU or addition (sec. 4.2).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from reslab.errors import UsageError

See = Callable[[str, Tensor], None]  # the name of a batch normalisation in the net, "stage1.0.residual.1"; its output


@contextmanager
def watched(net: nn.Module, see: See, name: str) -> Iterator[None]:
    """While it lasts, each such layer that the net runs is shown to `see`, in the order in which an image meets them.

    Raises UsageError at its end, which calls the net `name`, where there was none.
    """
    made: dict[str, Tensor] = {}  # the output of the latest 3x3 layer: what follows it tells itself by its input
    seen: set[str] = set()
    hooks = []

    def shown(place: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if inputs[0] is made.get("3x3"):
                seen.add(place)
                see(place, output)

        return hook

    for place, module in net.named_modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
            hooks.append(module.register_forward_hook(lambda _, __, out: made.__setitem__("3x3", out)))
        elif isinstance(module, nn.BatchNorm2d):
            hooks.append(module.register_forward_hook(shown(place)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
    if not seen:
        raise UsageError(
            f"{name} has no 3x3 layer with batch normalisation behind it, and so nothing to look at (Figure 7)"
        )


def stage_of(name: str) -> str:
    """The stage that a layer is in, of its name."""
    return name.split(".")[0]
