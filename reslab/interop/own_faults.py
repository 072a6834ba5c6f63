"""Why a net that was trained in a loop of one's own is not the net that it was created as: what to change, in words."""

from collections.abc import Mapping

from torch import Tensor

from reslab.errors import UsageError
from reslab.interop.layouts import COUNTER
from reslab.nets import Architecture, Network, Residual, unfilled

Shapes = dict[str, tuple[int, ...]]

# With the way that FSDP has in both of its versions.
SHARED = (
    "shared out over processes (FSDP): in each of them get_model_state_dict(net, options=StateDictOptions("
    "full_state_dict=True, cpu_offload=True)), of torch.distributed.checkpoint.state_dict, gathers them; load these "
    "into a net of reslab.create, and give that"
)

CHANGED = "or layers in them were changed, and reslab has no classifier of such a net"


def refuse_without_values(name: str, tensors: Mapping[str, Tensor]) -> None:
    """Raises UsageError for tensors that have no values, or a part of them, as on one of several processes."""
    if any(tensor.is_meta for tensor in tensors.values()):
        raise UsageError(
            f"the weights of this {name} are on the meta device, which keeps shapes alone: create it outside "
            'torch.device("meta"), or net.to_empty(device="cpu"), and load its weights'
        )
    if any(hasattr(tensor, "full_tensor") for tensor in tensors.values()):
        raise UsageError(f"the weights of this {name} are {SHARED}")


def refuse_misfit(
    net: Network, tensors: Mapping[str, Tensor], architecture: Architecture, residual: Residual | None, by_size: bool
) -> None:
    """Raises UsageError, with the way out, where `tensors` of `net` are others than `architecture` has.

    `by_size`: another size than the net's is of size=..., not of a preprocessing.
    """
    given = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    wanted = _shapes(architecture, residual)
    if wrong := _misfits(given, wanted):
        first = f"{_told(wrong[0], wanted)}, and this net has {_told(wrong[0], given)}"
        raise UsageError(f"{_way_out(net, given, wrong, architecture, residual, by_size)} ({net.name} has {first})")


def _way_out(
    net: Network, given: Shapes, wrong: list[str], architecture: Architecture, residual: Residual | None, by_size: bool
) -> str:
    created = net.architecture
    assert created

    def fits(**changed: int) -> bool:
        return not _misfits(given, _shapes(architecture.variant(**changed), residual))

    if architecture.size != created.size and fits(size=created.size):
        asked = f"size={architecture.size}" if by_size else f"preprocessing is of images of {architecture.size} pixels"
        way = "leave size out" if by_size else f"give one of {created.size} pixels, or mean=... and std=..."
        return (
            f"{asked}: this {net.name} was created for images of {created.size} pixels, and its fully connected layers "
            f"fit no others; {way}"
        )
    scores = next((shape[0] for shape in reversed(given.values()) if shape), 0)
    if scores not in (0, architecture.classes) and fits(classes=scores):
        return f"this net gives {scores} scores, and {architecture.classes} classes are named: name one for each score"
    if any(".residual." in name for name in wrong):
        if residual is None:
            return f"residual functions are others: give the one that it was created with, residual=...; {CHANGED}"
        return f"residual functions are others than this residual=... makes: give that of its creation; {CHANGED}"
    if all(name.startswith("head.") for name in wrong):
        return (
            "the head is another than the net was created with, and reslab has no classifier of it: keep net.head, "
            "with as many scores as there are classes, reslab.create(..., classes=...)"
        )
    return "layers were changed, added or taken out, and reslab has no classifier of such a net"


def _shapes(architecture: Architecture, residual: Residual | None) -> Shapes:
    return {name: tuple(tensor.shape) for name, tensor in unfilled(architecture, residual).state_dict().items()}


def _misfits(given: Shapes, wanted: Shapes) -> list[str]:
    """The names of all tensors that only one has, or that differ; counters apart."""
    names = (name for name in wanted | given if not name.endswith(COUNTER))
    return [name for name in names if given.get(name) != wanted.get(name)]


def _told(name: str, shapes: Shapes) -> str:
    return f"{name} of shape {shapes[name]}" if name in shapes else f"no {name}"
