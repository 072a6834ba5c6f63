"""What a network costs, counted on the network itself: parameters and multiply-adds (the paper's "FLOPs")."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from reslab.nets.blocks import Block
from reslab.nets.historic.layers import companions_of
from reslab.nets.preact import PreactBlock


@dataclass(frozen=True)
class Stage:
    """One row of Table 1."""

    name: str
    output: int  # height = width of the stage's output
    channels: int
    blocks: int  # residual or plain blocks; 0 for stem and head
    params: int
    macs: int


@dataclass(frozen=True)
class Complexity:
    """Counts of one network for one input size; multiply-adds of convolutions and fully connected layers only.

    The net as it is tested: heads that it has in training alone are counted apart.
    """

    params: int
    macs: int
    stages: tuple[Stage, ...]
    companion_params: int = 0


def count_params(net: nn.Module) -> int:
    """Learned numbers, those of batch normalisation and of heads for training alone included."""
    return sum(p.numel() for p in net.parameters())


def complexity(net: nn.Sequential, size: int) -> Complexity:
    """Run `net` on the meta device, where shapes cost nothing, and count each stage at `size` pixels."""
    macs: dict[str, int] = {}
    shapes: dict[str, torch.Size] = {}
    hooks = []
    for name, part in net.named_children():
        hooks.append(part.register_forward_hook(lambda _, __, out, name=name: shapes.__setitem__(name, out.shape)))
        for layer in part.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                hooks.append(layer.register_forward_hook(_counter(macs, name)))
    watched(net, size, hooks)
    stages = tuple(_stage(name, part, shapes[name], macs.get(name, 0)) for name, part in net.named_children())
    companions = sum(count_params(companion) for companion in companions_of(net))
    return Complexity(count_params(net) - companions, sum(macs.values()), stages, companions)


def watched(net: nn.Sequential, size: int, hooks: Iterable[RemovableHandle]) -> None:
    """A forward pass as in testing, for the hooks alone, which are removed after it: every weight is replaced by its
    shape, so that nothing is computed, and the net stays as it is.
    """
    weights = {name: t.to("meta") for name, t in (*net.named_parameters(), *net.named_buffers())}
    training = net.training
    try:
        with torch.no_grad():
            torch.func.functional_call(net.eval(), weights, torch.zeros(1, 3, size, size, device="meta"))
    finally:
        for hook in hooks:
            hook.remove()
        net.train(training)


def _counter(macs: dict[str, int], stage: str):  # type: ignore[no-untyped-def]
    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        # One product for each weight of a filter, at each place of the output.
        macs[stage] = macs.get(stage, 0) + output.numel() * layer.weight[0].numel()

    return count


def _stage(name: str, part: nn.Module, shape: torch.Size, macs: int) -> Stage:
    output = int(shape[2]) if len(shape) == 4 else 1
    blocks = sum(isinstance(child, Block | PreactBlock) for child in part.children())
    params = count_params(part) - sum(count_params(companion) for companion in companions_of(part))
    return Stage(name, output, int(shape[1]), blocks, params, macs)
