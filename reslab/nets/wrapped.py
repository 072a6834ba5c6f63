"""What training loops wrap around a net."""

from torch import nn

WRAPPED = ("_orig_mod", "module")  # where torch.compile, (Distributed)DataParallel and AveragedModel keep the net


def within(module: object) -> object | None:
    """What is wrapped in this module; None where it wraps nothing."""
    if not isinstance(module, nn.Module):
        return None
    return next((kept for name in WRAPPED if (kept := getattr(module, name, None)) is not None), None)
