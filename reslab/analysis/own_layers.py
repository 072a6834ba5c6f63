"""The layers of residual functions of one's own: every convolution in them, whatever its kernel and its groups.

Its response is the output of the normalisation right behind it; of a convolution with anything else behind it, its own.
That is before the other non-linearity, as in the paper, whose functions have no such convolution.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from reslab.nets import Block, PreactBlock

See = Callable[[str, Tensor], None]  # the name of a layer in the net, "stage1.0.residual.1"; its response
NORMALISATIONS = (nn.BatchNorm2d, nn.SyncBatchNorm, nn.GroupNorm, nn.InstanceNorm2d)


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


def watch_residual(place: str, function: nn.Module, see: See) -> list[RemovableHandle]:
    """From now on, each run of `function`, called `place`, shows its responses to `see` in the order of convolutions.

    A layer that it runs more than once is shown each time. What is shown stays as it is: the function goes on with
    copies, since an activation of it may work in place.
    """
    run: list[tuple[str, Tensor]] = []  # of each convolution so far: the name and the response
    going_on: list[Tensor] = []  # and what the function has of it: what is behind it tells itself by its input

    def convolved(name: str) -> Any:
        def hook(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> Tensor:
            run.append((name, output))
            going_on.append(output.clone())
            return going_on[-1]

        return hook

    def normalised(name: str) -> Any:
        def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
            at = next((at for at, copy in enumerate(going_on) if inputs and copy is inputs[0]), None)
            if at is None:
                return None
            run[at] = name, output
            going_on[at] = output.clone()
            return going_on[at]

        return hook

    def ended(*_: Any) -> None:
        runs = Counter[str]()
        for name, response in run:
            runs[name] += 1
            see(name if runs[name] == 1 else f"{name} (run {runs[name]})", response)
        run.clear()
        going_on.clear()

    hooks = []
    for inner, module in function.named_modules():
        name = f"{place}.{inner}".removesuffix(".")
        if isinstance(module, nn.Conv2d):
            hooks.append(module.register_forward_hook(convolved(name)))
        elif isinstance(module, NORMALISATIONS):
            hooks.append(module.register_forward_hook(normalised(name)))
    return [*hooks, function.register_forward_hook(ended)]
