"""From another program's weights to a classifier of ours: the same scores for the same pixels, up to rounding.

What cannot be seen in weights is the same everywhere, and ours: convolutions without bias and padded by half their
kernel, batch normalisation with epsilon 1e-5, a max pool of 3x3 with stride 2 that is padded by 1, ReLU.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reslab.data import Preprocessing
from reslab.errors import ReslabError, RunError, UsageError
from reslab.interop.checkpoint import Checkpoint, read_checkpoint
from reslab.interop.layouts import AKAMASTER, COUNTER, Layout, layout_of, net_of, our_weights
from reslab.interop.told import STRIDE_IN, Told, refuse_others, told_by
from reslab.interop.zero_sides import zeros_after
from reslab.nets import Spec, unfilled
from reslab.progress import Say, silent
from reslab.store import Classifier, Identity, Origin

FIRST = "stem.0.weight"


def read_foreign(
    place: Path, *, classes: tuple[str, ...] | None = None, stride_in: str | None = None, say: Say = silent
) -> Classifier:
    """The classifier in a file or folder of torchvision's, timm's, Hugging Face's or akamaster's, ready for the CPU.

    `place` is one that `checkpoint.weights_file` knows. `classes` are the classes' names, where the files do not say
    them; `stride_in` is where bottlenecks subsample ("1x1": v1), which weights do not tell.

    Raises RunError for what is torn or none of our nets, UsageError for names or a stride that do not fit.
    """
    found = read_checkpoint(place)
    layout = layout_of(found.tensors)
    try:
        refuse_others(found.config)
    except RunError as error:
        raise RunError(f"{place}: {error}") from error
    model, net = net_of(found.file, found.tensors, layout)
    weights = our_weights(found.file, found.tensors, layout, model, net)
    try:
        told = told_by(found, layout, net.classes)
        net = net.variant(size=told.size, **_stride(net, told, stride_in))
        names = _class_names(told, classes, net.classes)
        preprocessing, factors = normalisation(told.mean, told.std, told.size)
    except ReslabError as error:
        raise type(error)(f"{place}: {error}") from error
    if layout is AKAMASTER and net.shortcut == "A":
        weights = zeros_after(weights, net)
    weights[FIRST] = folded(weights[FIRST], factors)
    classifier = _classifier(weights, _identity(found, layout, model, net, told, names), preprocessing, place)
    say(words(classifier, numbered=classes is None and told.classes is None, averaged=found.averaged))
    return classifier


def normalisation(
    mean: tuple[float, ...], std: tuple[float, ...], size: int
) -> tuple[Preprocessing, tuple[float, ...]]:
    """(x / 255 - mean) / std, a number a colour, as ours, which divides by one number; and what is left of it.

    That is a factor for each colour, which belongs to the first convolution (`folded`). `mean` and `std` are of images
    in [0, 1]. Raises RunError for deviations that nothing can be divided by.
    """
    if not all(np.isfinite((*mean, *std))) or min(std) <= 0:
        raise RunError(f"its images are normalised by {mean} and {std}, which cannot be meant")
    one = 255 * sum(std) / len(std)
    centre = 255 * np.array(mean, np.float64).reshape(1, 1, 3)
    return Preprocessing(centre.astype(np.float32), one, size), tuple(one / (255 * deviation) for deviation in std)


def folded(weight: Tensor, factors: tuple[float, ...]) -> Tensor:
    """The first convolution (F, 3, K, K) of images whose colours lack these factors.

    Exact up to rounding, at the edges too: zeros are padded after the normalisation, and any multiple of them is zero.
    """
    scale = torch.tensor(factors, dtype=torch.float64).reshape(1, 3, 1, 1)
    return (weight.double() * scale).float()


def _stride(net: Spec, told: Told, asked: str | None) -> dict[str, str]:
    """Raises UsageError where bottlenecks are asked to subsample in a place where they do not."""
    if net.block == "basic":
        if asked:
            raise UsageError(f"--stride-in {asked}: its blocks are no bottlenecks; leave --stride-in out")
        return {}
    if asked and told.stride_in not in (None, asked):
        raise UsageError(
            f"--stride-in {asked}: the stride of its bottlenecks is on the {told.stride_in}, as is written beside its "
            "weights; leave --stride-in out"
        )
    return {"stride_in": asked or told.stride_in or STRIDE_IN}


def _class_names(told: Told, asked: tuple[str, ...] | None, count: int) -> tuple[str, ...]:
    """Those that are asked for, else those of the file, else numbers."""
    names = asked or told.classes or tuple(map(str, range(count)))
    if len(names) != count:
        where = "--classes" if asked else "what is beside its weights"
        raise UsageError(f"it has {count:,} classes, and {where} names {len(names):,}")
    return distinct(names)


def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of which no two are the same, as lists of ImageNet's have them: a later "crane" becomes "crane (517)".

    The number is its class's, counted from 0.
    """
    first = {name: number for number, name in reversed(list(enumerate(names)))}
    taken, found = set(names), []
    for number, name in enumerate(names):
        if number != first[name]:
            while name in taken:  # as "crane (517)" may be, in the list itself
                name = f"{name} ({number})"
            taken.add(name)
        found.append(name)
    return tuple(found)


def _identity(
    found: Checkpoint, layout: Layout, model: str, net: Spec, told: Told, classes: tuple[str, ...]
) -> Identity:
    return Identity(
        model=model,
        spec=net,
        classes=classes,
        data=told.data,
        split=told.split,
        fingerprint=told.fingerprint,
        origin=Origin(found.file.name, found.sha256, layout.name),
    )


def _classifier(
    weights: dict[str, Tensor], identity: Identity, preprocessing: Preprocessing, place: Path
) -> Classifier:
    net = unfilled(identity.spec)
    counters = {name: torch.tensor(0) for name, _ in net.named_buffers() if name.endswith(COUNTER)}
    net.load_state_dict({**weights, **counters}, assign=True)
    return Classifier(net, identity, preprocessing, None, place).requires_grad_(False).eval()


def words(classifier: Classifier, numbered: bool, averaged: str = "") -> str:
    """What was made of a file, in one line."""
    spec, origin, place = classifier.identity.spec, classifier.identity.origin, classifier.place
    assert isinstance(spec, Spec) and origin
    stride = f", stride of bottlenecks on the {spec.stride_in}" if spec.block == "bottleneck" else ""
    names = f"{spec.classes:,} classes"
    if numbered:
        names += f", called by their numbers (reslab convert {place} --classes FILE names them)"
    which = f", its averaged weights ({averaged})" if averaged else ""
    return f"{place}: {classifier.identity.model} as {origin.layout} names it{which}{stride}, {spec.size} px, {names}"
