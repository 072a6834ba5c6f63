"""A net that was trained in a loop of one's own, as a classifier: what every command and function here takes."""

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from reslab.arguments import checked, kind_of
from reslab.data import CIFAR_SPLITS, NAMES, Preprocessing
from reslab.errors import UsageError, unknown
from reslab.interop.foreign import folded, normalisation
from reslab.interop.own_faults import SHARED, refuse_misfit, refuse_without_values
from reslab.nets import Architecture, Network, Residual, digest_of, name_of, unfilled, within
from reslab.store import UNTOLD, Classifier, Identity

LARGEST = 10.0  # of means and deviations of images in [0, 1]: whoever has larger ones has images up to 255


@checked
def classifier(
    net: nn.Module,
    classes: Sequence[str],
    *,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    preprocessing: Preprocessing | None = None,
    size: int | None = None,
    data: str | None = None,
    split: str | None = None,
    residual: Residual | None = None,
) -> Classifier:
    """The classifier that a net of `reslab.create` has become in a loop of one's own: `reslab.save` keeps it.

    `classes` are names in the order of the scores. `mean` and `std` of red, green and blue are what its images were
    normalised by, as (x - mean) / std of x in [0, 1]; or `preprocessing` is that of another classifier, where they were
    prepared as that one's: by (x - p.mean) / (p.deviations or p.std) of x in [0, 255]. `size` is their height = width
    in pixels, what the net was created for unless said. `data`, with its `split`, is the data set that it was trained
    on, if `reslab list` has it: its defaults for tests. A net with residual functions of one's own needs that function
    as `residual`. The weights are copied, and the net may be trained on; one inside torch.compile,
    DistributedDataParallel or AveragedModel is found there.

    Raises UsageError for another module, for a net whose tensors are others than its name says or are not all here
    (the meta device, FSDP), and for values that nothing can be normalised by.
    """
    found = _inside(net)
    assert found.name and found.architecture
    names = _names(classes)
    if size is None:
        size = preprocessing.size if preprocessing else found.architecture.size
    architecture = found.architecture.variant(classes=len(names), size=size)
    prepared = _prepared(mean, std, preprocessing, size)
    weights = _fitting(found, architecture, residual, by_size=preprocessing is None)
    ours = unfilled(architecture, residual)
    ours.load_state_dict({name: weights.get(name, tensor) for name, tensor in ours.state_dict().items()})
    _compare(found, ours, architecture.size)
    first = next(layer for layer in ours.modules() if isinstance(layer, nn.Conv2d))
    first.weight.data = folded(first.weight.data, prepared.factors)
    identity = Identity(found.name, architecture, names, *_trained_on(data, split))
    if residual:
        identity = replace(identity, residual=name_of(residual), residual_digest=digest_of(residual))
    return Classifier(ours, identity, prepared, residual).requires_grad_(False).eval()


def _inside(net: nn.Module) -> Network:
    """The net of `create` in whatever is wrapped around it. Raises UsageError where there is none."""
    inner: object = net
    while not isinstance(inner, Network):
        if type(inner).__name__ == "FullyShardedDataParallel":
            raise UsageError(f"the weights of this net are {SHARED}")
        inner = within(inner)
        if inner is None:
            raise UsageError(
                f"{kind_of(net)} is no net of reslab.create: give the net that is inside it, as module.net; of "
                "torchvision's and timm's nets reslab.load opens the files of weights"
            )
    if inner.architecture is None:
        raise UsageError("this is a part of a net of reslab.create; give the whole net")
    return inner


def _names(classes: Sequence[str]) -> tuple[str, ...]:
    """Raises UsageError for what are no names, and for two that are the same."""
    names = (classes,) if isinstance(classes, str) else tuple(classes)
    if not names or isinstance(classes, str) or not all(isinstance(name, str) and name for name in names):
        raise UsageError(f'classes={classes!r}: that takes the names of the classes, as ("cat", "dog")')
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"classes: two are called {twice}")
    return names


def _prepared(
    mean: Sequence[float] | None, std: Sequence[float] | None, given: Preprocessing | None, size: int
) -> Preprocessing:
    """What is done to pixels.

    Raises UsageError unless one of both is said, mean and deviation or the whole of it, of images of this size, and
    where that is something else than mean and deviation.
    """
    if given is None and mean is not None and std is not None:
        return normalisation(_colours("mean", mean), _colours("std", std), size)
    if given is None or mean is not None or std is not None:
        raise UsageError("say by what images were normalised: mean=... and std=..., or preprocessing=... alone")
    if given.contrast:
        raise UsageError(
            "preprocessing normalises the contrast of images (GCN), and takes no mean and deviation instead"
        )
    if given.size != size:
        raise UsageError(f"preprocessing is of images of {given.size} pixels, and size={size}: leave size out")
    return given


def _colours(name: str, values: Sequence[float]) -> tuple[float, ...]:
    """Raises UsageError for anything but three numbers, of deviations greater than zero."""
    try:
        colours = tuple(float(value) for value in values)
    except (TypeError, ValueError):
        colours = ()
    if len(colours) != 3 or not np.isfinite(colours).all() or (name == "std" and min(colours) <= 0):
        positive = " greater than 0" if name == "std" else ""
        raise UsageError(
            f"{name}={values!r}: that takes three numbers{positive}, of red, green and blue in images from 0 to 1"
        )
    if max(map(abs, colours)) > LARGEST:
        raise UsageError(f"{name}={values!r}: that is of images from 0 to 255; divide by 255")
    return colours


def _fitting(net: Network, architecture: Architecture, residual: Residual | None, by_size: bool) -> dict[str, Tensor]:
    """The tensors of `net`, in fp32. Raises UsageError where they are none, or others than its name says."""
    given = net.state_dict()
    refuse_without_values(str(net.name), given)
    refuse_misfit(net, given, architecture, residual, by_size)
    return {name: tensor.detach().float() for name, tensor in given.items()}


def _compare(net: Network, ours: nn.Module, size: int) -> None:
    """Raises UsageError where a net of the same tensors computes something else: its layers were changed."""
    images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    theirs = copy.deepcopy(net).float().eval().to("cpu")
    with torch.no_grad():
        expected, found = theirs(images), ours.eval()(images)
    if expected.shape != found.shape or not torch.allclose(
        expected, found, rtol=1e-3, atol=1e-3 * float(found.abs().max())
    ):
        raise UsageError(
            f"its tensors are those of {net.name}, but it computes something else: a layer was changed (a stride, an "
            "activation, a part taken out). A residual function of your own is residual=...; of other changes the net "
            "stays yours, and reslab has no classifier of it"
        )


def _trained_on(data: str | None, split: str | None) -> tuple[str, str | None]:
    """Raises UsageError for a data set or a split that is none."""
    if data is None:
        if split is not None:
            raise UsageError(f"split={split!r}: of which data? data=...")
        return UNTOLD, None
    if data not in NAMES:
        raise unknown("data set", data, NAMES, listed="reslab list")
    if split is not None and data == "digits":
        raise UsageError(f"split={split!r}: digits have none to choose; leave it out")
    if split is not None and split not in CIFAR_SPLITS:
        raise unknown(f"split of {data}", split, CIFAR_SPLITS)
    return data, split
