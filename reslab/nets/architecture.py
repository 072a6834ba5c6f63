"""What any network is as a value, whichever family it is of, and the way from the value to the network."""

from contextlib import nullcontext
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from reslab.errors import UsageError
from reslab.nets import resnet
from reslab.nets.blocks import Residual
from reslab.nets.historic import Historic
from reslab.nets.initialisation import initialise
from reslab.nets.spec import Spec

Architecture = Spec | Historic
"""A residual or plain net, or one of the comparison. Each has `classes`, `size`, `depth`, `shortcut`, `init`,
`to_dict`, `variant`."""

# What layers of PyTorch's fill their weights with when they are made.
DRAWING = (nn.init.kaiming_uniform_, nn.init.uniform_, nn.init.normal_, Tensor.uniform_, Tensor.normal_)


def build(architecture: Architecture, residual: Residual | None = None) -> nn.Sequential:
    """The network, initialised as its paper says: stem and stages, then the head.

    `residual` replaces the residual function of a residual or plain net by one's own (see `blocks.Residual`). Raises
    UsageError where there is none to replace.
    """
    net = _layers(architecture, residual)
    initialise(net, architecture.init, scale=architecture.init_scale)
    return net


def unfilled(architecture: Architecture, residual: Residual | None = None) -> nn.Sequential:
    """The network as `build` gives it, for whoever has weights and statistics for it: its own are not drawn.

    They are whatever the memory held; drawing them takes seconds for a hundred million. A residual function of one's
    own may make more than weights, and so it makes all that it makes. Raises UsageError as `build` does.
    """
    with nullcontext() if residual else _Undrawn():
        return _layers(architecture, residual)


class _Undrawn(TorchFunctionMode):
    """Inside, no tensor is filled at random. The meta device would do, but takes a second to begin with."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = kwargs or {}
        if func in DRAWING:
            return args[0] if args else given["tensor"]
        return func(*args, **given)


def _layers(architecture: Architecture, residual: Residual | None) -> nn.Sequential:
    if isinstance(architecture, Spec):
        return resnet.layers(architecture, residual)
    if residual is None:
        return architecture.row.layers(architecture.classes, architecture.size)
    raise UsageError(f"{architecture.name} has no residual functions to replace; resnet20 has")


def architecture_from(values: dict[str, Any]) -> Architecture:
    """The architecture whose `to_dict` gave `values`. Raises UsageError for fields that do not exist."""
    return Historic.from_dict(values) if "name" in values else Spec.from_dict(values)
