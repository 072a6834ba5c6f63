"""The parts of a net, one after another (stem, stages, head), and which of them may be frozen."""

from torch import nn

from reslab.errors import UsageError, unknown
from reslab.nets.architecture import Architecture, unfilled

BODY = "body"  # what the last part that may be frozen is called, whatever the net; with all before it


def freezable(architecture: Architecture) -> tuple[str, ...]:
    """The parts that have weights, from input to output, but the last of them: without that nothing would learn.

    In residual and plain nets the stem and all stages. NIN and DSN score in their last stage; their head has none.
    """
    parts = unfilled(architecture).named_children()
    return tuple(name for name, part in parts if any(True for _ in part.parameters()))[:-1]


def check_frozen(architecture: Architecture, last: str) -> None:
    """Raises UsageError where `last` is no part that may be frozen."""
    parts = freezable(architecture)
    if last == "head":
        raise UsageError(f"a frozen head leaves nothing to learn: freeze {BODY}, or one of {', '.join(parts)}")
    if last not in parts:
        raise unknown("part to freeze", last, (*parts, BODY))


def parts_until(net: nn.Module, last: str | None) -> tuple[str, ...]:
    """The names of a net's parts up to `last`, that one included; none for None."""
    if last is None:
        return ()
    names = [name for name, _ in net.named_children()]
    return tuple(names[: names.index(last) + 1])
