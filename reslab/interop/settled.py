"""Of each thing that weights do not tell one answer: what the files say, the user, or neither; no contradictions."""

from collections import Counter

from reslab.errors import UsageError
from reslab.interop.asked import Asked, text
from reslab.interop.layouts import Layout
from reslab.interop.told import Told, View
from reslab.nets import Spec
from reslab.store import UNTOLD

ALL_TRAINING_IMAGES = "50k"  # of CIFAR, a split
STRIDE_IN = "3x3"  # torchvision, timm, Hugging Face: v1.5
SAME = 5e-4  # of means and deviations: people write three digits


def view_of(told: Told, asked: Asked, layout: Layout) -> View:
    """What of an image the net is meant to see. Raises UsageError where another size is asked for than is told."""
    known = [view for view in (told.view, told.larger) if view]
    if asked.size is None:
        return told.view or View(layout.size)
    sizes = [view.size for view in known]
    if known and asked.size not in sizes:
        raise UsageError(
            f"--size {asked.size}: its images have {' or '.join(map(str, sizes))} pixels a side, as is written beside "
            "its weights; leave --size out"
        )
    return next((view for view in known if view.size == asked.size), View(asked.size))


def colours_of(told: Told, asked: Asked) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each colour. Raises UsageError where others are asked for than are told."""
    mean, std = _colours("mean", told.mean, asked.mean), _colours("std", told.std, asked.std)
    return mean or told.usual.mean, std or told.usual.std


def _colours(option: str, told: tuple[float, ...] | None, asked: tuple[float, ...] | None) -> tuple[float, ...] | None:
    if told and asked and any(abs(one - other) > SAME for one, other in zip(told, asked, strict=True)):
        raise UsageError(f"--{option} {text(asked)}: {text(told)} is written beside its weights; leave --{option} out")
    return told or asked


def stride_of(told: Told, asked: Asked, net: Spec) -> str | None:
    """Where its bottlenecks subsample; None where it has none. Raises UsageError where another place is told."""
    if net.block == "basic":
        if asked.stride_in:
            raise UsageError(f"--stride-in {asked.stride_in}: its blocks are no bottlenecks; leave --stride-in out")
        return None
    if asked.stride_in and told.stride_in not in (None, asked.stride_in):
        raise UsageError(
            f"--stride-in {asked.stride_in}: the stride of its bottlenecks is on the {told.stride_in}, as is written "
            "beside its weights; leave --stride-in out"
        )
    return asked.stride_in or told.stride_in or STRIDE_IN


def names_of(told: Told, asked: Asked, count: int) -> tuple[str, ...]:
    """Of its classes: those that are asked for, else those that the files say, else what it was trained on as a rule.

    Where nobody knows, they are numbers. No two are the same. Raises UsageError for another number of names than of
    classes.
    """
    names = _known_names(told, asked) or tuple(map(str, range(count)))
    if len(names) != count:
        where = "--classes" if asked.classes else "what is beside its weights"
        raise UsageError(f"it has {count:,} classes, and {where} names {len(names):,}")
    return distinct(names)


def named(told: Told, asked: Asked) -> bool:
    """Does anybody know what its classes are called?"""
    return _known_names(told, asked) is not None


def _known_names(told: Told, asked: Asked) -> tuple[str, ...] | None:
    return _said_names(told, asked) or told.usual.classes


def _said_names(told: Told, asked: Asked) -> tuple[str, ...] | None:
    return asked.classes or told.classes or told.within.classes


def data_of(told: Told, names: tuple[str, ...]) -> tuple[str, str | None]:
    """The data set that it was trained on, and which images of it; where no file says it, the names of classes do."""
    if told.data == UNTOLD and told.usual.trained_on and names == told.usual.classes:
        return told.usual.trained_on.name, ALL_TRAINING_IMAGES
    return told.data, told.split


def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of which no two are the same, as lists of ImageNet's have them: of two "crane" the one is "crane (134)".

    The number is its class's, counted from 0. None of them keeps the bare name: it would be taken for all.
    """
    counts = Counter(names)
    taken, found = set(names), []
    for number, name in enumerate(names):
        if counts[name] > 1:
            while name in taken:  # as "crane (134)" may be, in the list itself
                name = f"{name} ({number})"
            taken.add(name)
        found.append(name)
    return tuple(found)


def assumed(told: Told, asked: Asked, layout: Layout, net: Spec) -> str:
    """What of `net` nobody says and is taken for granted, in words; "" where everything is said."""
    colours = [name for name, said in (("mean", told.mean or asked.mean), ("std", told.std or asked.std)) if not said]
    usual, names = told.usual, _said_names(told, asked)
    granted = [
        *([] if told.view or asked.size else [f"{layout.size} px"]),
        *([f"{usual.whose} {' and '.join(colours)}"] if colours else []),
        *([f"the stride of bottlenecks on the {STRIDE_IN}"] if _untold_stride(told, asked, net) else []),
        *([f"the classes of {usual.whose_classes}"] if usual.whose_classes and not names else []),
    ]
    alone = "told by names and shapes alone: a variant without weights of its own cannot be told apart"
    return "; ".join([*([] if told.named else [alone]), *([f"assumed: {', '.join(granted)}"] if granted else [])])


def _untold_stride(told: Told, asked: Asked, net: Spec) -> bool:
    return net.block == "bottleneck" and not (told.stride_in or asked.stride_in)
