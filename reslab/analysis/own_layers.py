"""The layers of residual functions of one's own: every convolution of torch.nn in them, whatever its kernel and groups.

Its response is the output of the normalisation right behind it; of a convolution with anything else behind it, its own.
That is before the other non-linearity, as in the paper, whose functions have no such convolution.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.utils.hooks import RemovableHandle

from reslab.nets import Block, PreactBlock

See = Callable[[str, Tensor], None]  # the name of a layer in the net, "stage1.0.residual.1"; its response
NORMALISATIONS = (_NormBase, nn.GroupNorm)  # batch normalisation, synchronised too, and that of instances


@dataclass(frozen=True)
class Handed:
    """A tensor as a layer handed it on: whoever gets it with nothing done to it is right behind that layer."""

    tensor: Tensor
    version: int  # PyTorch counts what is done in place

    @classmethod
    def on(cls, tensor: Tensor) -> "Handed":
        return cls(tensor, tensor._version)

    def is_what(self, inputs: tuple[Any, ...]) -> bool:
        return bool(inputs) and inputs[0] is self.tensor and self.tensor._version == self.version


class Residuals:
    """The residual functions of a net's blocks, watched: each block that has run shows its responses to `see`.

    In the order of its convolutions; a layer that a block runs more than once is shown each time. What is shown stays
    as it is: the function goes on with copies, since an activation of it may work in place. Blocks may share layers, or
    their whole function.
    """

    def __init__(self, net: nn.Module, see: See) -> None:
        self.functions = residuals_in(net)
        self._net, self._see = net, see
        self._names: dict[nn.Module, str] = {}  # of the block that is running
        self._run: list[tuple[str, Tensor]] = []  # of each convolution of it so far: the name and the response
        self._going_on: list[Handed] = []  # and what the function has of it

    def watch(self, keep: Callable[[RemovableHandle], None]) -> None:
        """From now on, until the hooks are removed: `keep` is given each of them as soon as it hangs."""
        hung: set[nn.Module] = set()  # once each: a layer of several blocks is told by the block that is running
        for place, function in self.functions.items():
            names = _names_in(place, function)
            block = self._net.get_submodule(place.rpartition(".")[0])
            keep(block.register_forward_pre_hook(self._begins(names)))
            keep(block.register_forward_hook(self._ended))
            for module in names.keys() - hung:
                if isinstance(module, _ConvNd):
                    keep(module.register_forward_hook(self._convolved))
                elif isinstance(module, NORMALISATIONS):
                    keep(module.register_forward_hook(self._normalised))
            hung |= names.keys()

    def _begins(self, names: dict[nn.Module, str]) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            self._names = names
            self._run.clear()
            self._going_on.clear()

        return hook

    def _convolved(self, module: nn.Module, _: tuple[Any, ...], output: Tensor) -> Tensor | None:
        if module not in self._names:
            return None
        self._run.append((self._names[module], output))
        self._going_on.append(Handed.on(output.clone()))
        return self._going_on[-1].tensor

    def _normalised(self, module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor | None:
        at = next((at for at, handed in enumerate(self._going_on) if handed.is_what(inputs)), None)
        if at is None or module not in self._names:
            return None
        self._run[at] = self._names[module], output
        self._going_on[at] = Handed.on(output.clone())
        return self._going_on[at].tensor

    def _ended(self, *_: Any) -> None:
        runs = Counter[str]()
        for name, response in self._run:
            runs[name] += 1
            self._see(name if runs[name] == 1 else f"{name} (run {runs[name]})", response)
        self._begins({})()


def residuals_in(net: nn.Module) -> dict[str, nn.Module]:
    """The residual functions of all blocks by their names in the net: "stage1.0.residual"; none inside another one."""
    found: dict[str, nn.Module] = {}
    for name, module in net.named_modules():
        if isinstance(module, Block | PreactBlock) and not inside_blocks(name, found):
            found[f"{name}.residual".removeprefix(".")] = module.residual
    return found


def inside_blocks(place: str, functions: Iterable[str]) -> bool:
    """Is the module of this name one of these residual functions, or inside one?"""
    return any(f"{place}.".startswith(f"{function}.") for function in functions)


def _names_in(place: str, function: nn.Module) -> dict[nn.Module, str]:
    return {module: f"{place}.{inner}".removesuffix(".") for inner, module in function.named_modules()}
