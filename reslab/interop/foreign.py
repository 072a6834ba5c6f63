"""From another program's weights to a classifier of ours: the same scores for the same pixels, up to rounding.

What cannot be seen in weights is the same everywhere, and ours: convolutions without bias and padded by half their
kernel, batch normalisation with epsilon 1e-5, a max pool of 3x3 with stride 2 that is padded by 1, ReLU.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reslab.data import Preprocessing
from reslab.errors import ReslabError, RunError
from reslab.interop.asked import NOTHING, Asked
from reslab.interop.checkpoint import Checkpoint, read_checkpoint
from reslab.interop.configs import refuse_others, told_by
from reslab.interop.hub_cache import name_in_cache
from reslab.interop.layouts import AKAMASTER, COUNTER, layout_of, net_of, our_weights
from reslab.interop.own_weights import refuse_own_weights
from reslab.interop.said import words
from reslab.interop.settled import assumed, colours_of, data_of, names_of, stride_of, view_of
from reslab.interop.strange_nets import variant
from reslab.interop.zero_sides import zeros_after
from reslab.nets import unfilled
from reslab.progress import Say, silent
from reslab.store import Classifier, Identity, Origin

FIRST = "stem.0.weight"


def read_foreign(place: Path, asked: Asked = NOTHING, say: Say = silent) -> Classifier:
    """The classifier in a file or folder of another program's (`layouts`), ready for the CPU.

    `place` is one that `checkpoint.weights_file` knows, `asked` what the user says of it. What was made of it, what was
    assumed, and what its program does otherwise, is said in a line each.

    Raises RunError for what is torn or none of our nets, UsageError for what is asked and does not fit.
    """
    found = read_checkpoint(place)
    refuse_own_weights(found)
    layout = layout_of(found.tensors)
    try:
        refuse_others(found.config)
    except RunError as error:
        raise RunError(f"{place}: {error}") from error
    model, net = net_of(found.file, found.tensors, layout)
    weights = our_weights(found.file, found.tensors, layout, model, net)
    try:
        told = told_by(found, layout, net.classes)
        if not told.named:
            _refuse_variant(found)
        view = view_of(told, asked, layout)
        stride = stride_of(told, asked, net)
        net = net.variant(size=view.size, **({"stride_in": stride} if stride else {}))
        names = names_of(told, asked, net.classes)
        preprocessing = normalisation(*colours_of(told, asked), view.size)
    except ReslabError as error:
        raise type(error)(f"{place}: {error}") from error
    if layout is AKAMASTER and net.shortcut == "A":
        weights = zeros_after(weights, net)
    weights[FIRST] = folded(weights[FIRST], preprocessing.factors)
    origin = Origin(
        file=found.file.name,
        sha256=found.sha256,
        layout=layout.name,
        scale=view.scale,
        scaling=told.scaling,
        assumed=assumed(told, asked, layout, net),
    )
    identity = Identity(
        model,
        net,
        names,
        *data_of(told, names),
        told.fingerprint,
        origin=origin,
        before=told.before,
        temperature=told.temperature,
    )
    classifier = _classifier(weights, identity, preprocessing, place)
    for line in words(classifier, told, asked, found):
        say(line)
    return classifier


def _refuse_variant(found: Checkpoint) -> None:
    """Raises RunError where a trainer, or whoever named the file or its folder, called it another net than ours."""
    named = found.architecture, found.file.name, name_in_cache(found.file), found.file.absolute().parent.name
    if other := variant(named):
        raise RunError(
            f"by its name it is {other}, which has the tensors of one of reslab's nets and is none of them; if it is "
            "one nonetheless, write its weights alone, under another name"
        )


def normalisation(mean: tuple[float, ...], std: tuple[float, ...], size: int) -> Preprocessing:
    """(x / 255 - mean) / std, a number a colour, as ours, which divides by one number.

    What is left of it, its `factors`, belongs to the first convolution (`folded`). `mean` and `std` are of images in
    [0, 1]. Raises RunError for deviations that nothing can be divided by.
    """
    if not all(np.isfinite((*mean, *std))) or min(std) <= 0:
        raise RunError(f"its images are normalised by {mean} and {std}, which cannot be meant")
    one = 255 * sum(std) / len(std)
    centre = 255 * np.array(mean, np.float64).reshape(1, 1, 3)
    red, green, blue = (255 * deviation for deviation in std)
    own = None if red == green == blue else (red, green, blue)
    return Preprocessing(centre.astype(np.float32), one, size, own)


def folded(weight: Tensor, factors: tuple[float, ...]) -> Tensor:
    """The first convolution (F, 3, K, K) of images whose colours lack these factors.

    Exact up to rounding, at the edges too: zeros are padded after the normalisation, and any multiple of them is zero.
    """
    scale = torch.tensor(factors, dtype=torch.float64).reshape(1, 3, 1, 1)
    return (weight.double() * scale).float()


def _classifier(
    weights: dict[str, Tensor], identity: Identity, preprocessing: Preprocessing, place: Path
) -> Classifier:
    net = unfilled(identity.spec)
    counters = {name: torch.tensor(0) for name, _ in net.named_buffers() if name.endswith(COUNTER)}
    net.load_state_dict({**weights, **counters}, assign=True)
    return Classifier(net, identity, preprocessing, None, place).requires_grad_(False).eval()
