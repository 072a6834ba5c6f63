"""What any network is as a value, whichever family it is of, and the way from the value to the network."""

from typing import Any

from torch import nn

from reslab.errors import UsageError
from reslab.nets import resnet
from reslab.nets.blocks import Residual
from reslab.nets.historic import Historic
from reslab.nets.initialisation import initialise
from reslab.nets.spec import Spec

Architecture = Spec | Historic
"""A residual or plain net, or one of the comparison. Each has `classes`, `size`, `depth`, `shortcut`, `init`,
`to_dict`, `variant`."""


def build(architecture: Architecture, residual: Residual | None = None) -> nn.Sequential:
    """The network, initialised as its paper says: stem and stages, then the head.

    `residual` replaces the residual function of a residual or plain net by one's own (see `blocks.Residual`). Raises
    UsageError where there is none to replace.
    """
    if isinstance(architecture, Spec):
        net = resnet.layers(architecture, residual)
    elif residual is None:
        net = architecture.row.layers(architecture.classes, architecture.size)
    else:
        raise UsageError(f"{architecture.name} has no residual functions to replace; resnet20 has")
    initialise(net, architecture.init, scale=architecture.init_scale)
    return net


def architecture_from(values: dict[str, Any]) -> Architecture:
    """The architecture whose `to_dict` gave `values`. Raises UsageError for fields that do not exist."""
    return Historic.from_dict(values) if "name" in values else Spec.from_dict(values)
