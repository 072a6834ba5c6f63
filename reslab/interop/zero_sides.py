"""Option A with the new channels' zeros on both sides, as some repositories have it, as the same net of ours.

Which channels the zeros of a shortcut become is a matter of order alone: with the channels of stages 2 and 3 permuted,
zeros after the old channels compute the same function.
"""

import torch
from torch import Tensor

from reslab.nets import Spec


def zeros_after(weights: dict[str, Tensor], net: Spec) -> dict[str, Tensor]:
    """The weights, under our names, of a basic net of option A whose zeros lie on both sides, half and half."""
    orders = channel_orders(net)
    permuted = dict(weights)
    for stage, depth in enumerate(net.depths):
        for block in range(depth):
            before = orders[stage] if block else orders[max(0, stage - 1)]
            name = f"stage{stage + 1}.{block}.residual"
            permuted[f"{name}.0.weight"] = permuted[f"{name}.0.weight"][:, before].contiguous()
            for kind in ("3.weight", "4.weight", "4.bias", "4.running_mean", "4.running_var"):
                permuted[f"{name}.{kind}"] = permuted[f"{name}.{kind}"][orders[stage]]
    permuted["head.2.weight"] = permuted["head.2.weight"][:, orders[-1]].contiguous()
    return permuted


def channel_orders(net: Spec) -> list[Tensor]:
    """Of each stage: which of their channels stands where, in ours.

    A stage begins with the channels of the one before, in their order; theirs lie in the middle there.
    """
    orders = [torch.arange(net.widths[0])]
    for narrow, wide in zip(net.widths, net.widths[1:], strict=False):
        side = (wide - narrow) // 2
        new = [channel for channel in range(wide) if not side <= channel < side + narrow]
        orders.append(torch.cat([side + orders[-1], torch.tensor(new)]))
    return orders
