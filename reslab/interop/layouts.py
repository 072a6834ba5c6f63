"""Whose names a file's tensors have, and which of our nets they make: by names and shapes, never by the file's name.

torchvision   of torchvision and timm: nets of Table 1
akamaster     of akamaster/pytorch_resnet_cifar10: nets of sec. 4.2, zeros of option A on both sides
chenyaofo     of chenyaofo/pytorch-cifar-models: nets of sec. 4.2 with option B, under torchvision's names
Hugging Face  of its ResNetForImageClassification: nets of Table 1
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from reslab.errors import RunError
from reslab.interop.strange_nets import known_as
from reslab.interop.torchvision_names import torchvision_names
from reslab.nets import Spec, spec, unfilled
from reslab.nets.names import IMAGENET

COUNTER = "num_batches_tracked"  # of batch normalisation in training: old files have none, and testing needs none
VARIANCE = "running_var"  # of batch normalisation, which takes its root
SHOWN = 3  # tensors that are named where they do not fit

OUTSIDE_THERE = {
    "conv1": "resnet.embedder.embedder.convolution",
    "bn1": "resnet.embedder.embedder.normalization",
    "fc": "classifier.1",
}


def akamaster_name(theirs: str) -> str:
    """From torchvision's name: "layer2.0.downsample.0" -> "layer2.0.shortcut.0" (of its option B)."""
    return theirs.replace("downsample", "shortcut").replace("fc", "linear")


def hugging_face_name(theirs: str) -> str:
    """From torchvision's name: "layer2.0.conv1" -> "resnet.encoder.stages.1.layers.0.layer.0.convolution"."""
    if theirs in OUTSIDE_THERE:
        return OUTSIDE_THERE[theirs]
    stage, block, layer = theirs.split(".", 2)  # "layer2", "0", "conv1" or "downsample.0"
    place = f"resnet.encoder.stages.{int(stage.removeprefix('layer')) - 1}.layers.{block}"
    if layer.startswith("downsample"):
        return f"{place}.shortcut.{'convolution' if layer.endswith('0') else 'normalization'}"
    return f"{place}.layer.{int(layer[-1]) - 1}.{'convolution' if layer.startswith('conv') else 'normalization'}"


@dataclass(frozen=True)
class Layout:
    """How one program calls the tensors of a residual net."""

    name: str
    called: Callable[[str], str]  # their name, from torchvision's
    block: str  # pattern of the convolutions in blocks: stage, block, convolution
    stages: int
    size: int  # height = width in pixels of the images that its program trains on

    @property
    def head(self) -> str:
        return self.called("fc")


IN_BLOCK = r"layer(\d+)\.(\d+)\.conv(\d+)\.weight"
TORCHVISION = Layout("torchvision", lambda theirs: theirs, IN_BLOCK, 4, 224)
AKAMASTER = Layout("akamaster", akamaster_name, IN_BLOCK, 3, 32)
CHENYAOFO = Layout("chenyaofo", TORCHVISION.called, IN_BLOCK, 3, 32)
HUGGING_FACE = Layout(
    "Hugging Face",
    hugging_face_name,
    r"resnet\.encoder\.stages\.(\d+)\.layers\.(\d+)\.layer\.(\d+)\.convolution\.weight",
    4,
    224,
)


def layout_of(tensors: Mapping[str, Tensor]) -> Layout:
    """Whose names these are; torchvision's where nothing else tells. Of its names, three stages are chenyaofo's."""
    if f"{HUGGING_FACE.called('conv1')}.weight" in tensors:
        return HUGGING_FACE
    if f"{AKAMASTER.head}.weight" in tensors:
        return AKAMASTER
    stages = {found[1] for name in tensors if (found := re.fullmatch(IN_BLOCK, name))}
    return CHENYAOFO if len(stages) == CHENYAOFO.stages else TORCHVISION


def net_of(file: Path, tensors: Mapping[str, Tensor], layout: Layout) -> tuple[str, Spec]:
    """The net that these tensors make, its name first, bottlenecks with their stride on the 3x3.

    Where a bottleneck subsamples cannot be seen in weights. Raises RunError for a net that is none of ours.
    """
    blocks: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))  # convolutions of each, by stage
    for name in tensors:
        if found := re.fullmatch(layout.block, name):
            blocks[int(found[1])][int(found[2])] += 1
    depths = tuple(len(blocks[stage]) for stage in sorted(blocks))
    kinds = {count for stage in blocks.values() for count in stage.values()}
    block = {2: "basic", 3: "bottleneck"}.get(max(kinds, default=0))
    model = _named(block, depths) if len(depths) == layout.stages else None
    shapes = _shapes(tensors)
    if model is None:
        inside = f"stages of {', '.join(map(str, depths))} {block} blocks" if block else "no blocks of theirs"
        names = [f"'{name}'" for name in tensors]
        raise RunError(
            f"{file} is none of reslab's nets, nor named as torchvision, timm, Hugging Face, akamaster or chenyaofo "
            f"name theirs: it has {inside}, and {_some(names)}{_guess(shapes)}"
        )
    head = shapes.get(f"{layout.head}.weight", ())
    if head[:1] == (0,):
        raise RunError(f"{file} has no classes: '{layout.head}.weight' is {_shape(head)}")
    zeros = layout is AKAMASTER and not any(".shortcut." in name for name in tensors)
    return model, _spec(model, "A" if zeros else "B", head[0] if len(head) == 2 else None)


def _spec(model: str, shortcut: str, classes: int | None) -> Spec:
    found = spec(model, shortcut, classes)
    assert isinstance(found, Spec)
    return found.variant(stride_in="3x3") if found.block == "bottleneck" else found


def _named(block: str | None, depths: tuple[int, ...]) -> str | None:
    """The net of Table 1 or sec. 4.2 with such stages; None where there is none."""
    for depth, stages in IMAGENET.items():
        if stages == (block, depths):
            return f"resnet{depth}"
    cifar = 2 * sum(depths) + 2
    if block == "basic" and len(depths) == 3 and len(set(depths)) == 1 and cifar not in IMAGENET:
        return f"resnet{cifar}"
    return None


def our_weights(file: Path, tensors: Mapping[str, Tensor], layout: Layout, model: str, net: Spec) -> dict[str, Tensor]:
    """Every tensor under our name for it, in fp32: all that the net has, and nothing else.

    Raises RunError where one is missing, has no place or another shape, naming the first of them, and for values that
    are no finite floats, or no variances.
    """
    ours = {
        name: tuple(tensor.shape) for name, tensor in unfilled(net).state_dict().items() if not name.endswith(COUNTER)
    }
    theirs = {here: layout.called(there) for here, there in torchvision_names(net).items()}
    names = {name: f"{theirs[module]}.{kind}" for name in ours for module, _, kind in [name.rpartition(".")]}
    known = set(names.values())
    given = {name: tensor for name, tensor in tensors.items() if not name.endswith(COUNTER)}
    missing = [there for there in names.values() if there not in given]
    if missing and all(name.startswith(f"{layout.head}.") for name in missing) and len(given) == len(names) - 2:
        raise RunError(f"{file} has no classifier ({', '.join(missing)}): it is the body of {model} alone")
    wrong = [
        *(
            f"'{there}' is {_shape(given[there].shape)}, not {_shape(ours[here])}"
            for here, there in names.items()
            if there in given and tuple(given[there].shape) != ours[here]
        ),
        *(f"'{name}' is missing" for name in missing),
        *(f"'{name}' has no place" for name in given if name not in known),
    ]
    if wrong:
        raise RunError(
            f"{file} is none of reslab's nets: nearest is {model}, of which {_some(wrong)}{_guess(_shapes(tensors))}"
        )
    return {here: _values(file, there, given[there]) for here, there in names.items()}


def _values(file: Path, name: str, tensor: Tensor) -> Tensor:
    """In fp32. Raises RunError for what is no numbers, or not all of them: scores would be none, without a word."""
    if not tensor.is_floating_point():
        raise RunError(f"{file} holds '{name}' in {str(tensor.dtype).removeprefix('torch.')}: reslab reads floats")
    if tensor.is_meta:
        raise RunError(f"{file} holds the shape of '{name}' alone, without its values")
    if tensor.layout != torch.strided:
        raise RunError(f"{file} holds '{name}' as a sparse tensor: write it dense, .to_dense()")
    values = tensor.float()
    if not values.isfinite().all():
        raise RunError(f"{file} holds NaN or infinity in '{name}': the training that made it had failed")
    if name.endswith(VARIANCE) and (values < 0).any():
        raise RunError(f"{file} holds negative variances in '{name}': its scores would be no numbers, or wrong ones")
    return values


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def _guess(shapes: Mapping[str, tuple[int, ...]]) -> str:
    words = known_as(shapes)
    return f"; it may be {words}" if words else ""


def _some(what: Iterable[str]) -> str:
    found = list(what)
    more = f", and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more


def _shape(shape: Iterable[int]) -> str:
    return " x ".join(map(str, shape))
