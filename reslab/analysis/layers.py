"""The layers that are looked at: 3x3 convolutions with batch normalisation behind them, by the latter's output.

That is where the paper takes its responses: before the other non-linearity, ReLU or addition (sec. 4.2). Residual
functions of one's own have whatever convolutions they have: `own_layers`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from reslab.analysis.own_layers import Handed, Residuals, See, inside_blocks
from reslab.errors import UsageError


@contextmanager
def watched(net: nn.Module, see: See, name: str, *, own: bool = False) -> Iterator[None]:
    """While it lasts, each such layer that the net runs is shown to `see`, in the order in which an image meets them.

    Of a net with residual functions of one's `own`, these show all their convolutions. One watch at a time: not for
    several threads on one net. Raises UsageError for a net with a part that TorchScript compiled and, at its end, where
    there was no layer; it calls the net `name`.
    """
    _refuse_scripted(net, name)
    seen: set[str] = set()
    hooks: list[RemovableHandle] = []

    def told(place: str, output: Tensor) -> None:
        seen.add(place)
        see(place, output)

    residuals = Residuals(net, told) if own else None
    functions = residuals.functions if residuals else {}
    try:
        _watch_paper_s(net, functions, told, hooks)
        if residuals:
            residuals.watch(hooks.append)
        yield
    finally:
        for hook in hooks:
            hook.remove()
    if own and not any(inside_blocks(place, functions) for place in seen):
        raise UsageError(
            f"{name}: its residual functions run no convolution of torch.nn, and so there is nothing to look at"
        )
    if not seen:
        raise UsageError(
            f"{name} has no 3x3 layer with batch normalisation behind it, and so nothing to look at (Figure 7)"
        )


def _watch_paper_s(net: nn.Module, functions: dict[str, nn.Module], see: See, hooks: list[RemovableHandle]) -> None:
    """The 3x3 layers outside of these residual functions."""
    latest: list[Handed] = []  # the output of the latest one: what follows it tells itself by its input

    def convolved(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        latest[:] = [Handed.on(output)]

    def shown(place: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if latest and latest[0].is_what(inputs):
                see(place, output)

        return hook

    for place, module in net.named_modules():
        if inside_blocks(place, functions):
            continue
        if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
            hooks.append(module.register_forward_hook(convolved))
        elif isinstance(module, nn.BatchNorm2d):
            hooks.append(module.register_forward_hook(shown(place)))


def _refuse_scripted(net: nn.Module, name: str) -> None:
    place = next((place for place, module in net.named_modules() if isinstance(module, torch.jit.ScriptModule)), None)
    if place is not None:
        raise UsageError(
            f"{name}: {place or 'it'} is compiled by TorchScript (torch.jit), and its layers cannot be looked at: give "
            "the net without torch.jit"
        )


def stage_of(name: str) -> str:
    """The stage that a layer is in, of its name."""
    return name.split(".")[0]
