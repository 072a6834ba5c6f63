"""What stands beside foreign weights, or has to be assumed of them: class names, normalisation, image size, stride."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any

from reslab.data.cifar_official import CIFAR10_CLASSES
from reslab.errors import RunError
from reslab.interop.checkpoint import Checkpoint
from reslab.interop.layouts import AKAMASTER, HUGGING_FACE, Layout
from reslab.store import UNTOLD

# What torchvision, timm and akamaster subtract from images in [0, 1] and divide them by: means and deviations of
# ImageNet's colours.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
STRIDE_IN = "3x3"  # torchvision, timm, Hugging Face: v1.5
TIMM_NETS = r"resnet(18|34|50|101|152)"
# Arguments that timm may build them with: at these values they change nothing, and None is of no account in testing.
TIMM_USUAL = {
    "num_classes": None,
    "drop_rate": None,
    "drop_path_rate": None,
    "drop_block_rate": None,
    "zero_init_last": None,
    "in_chans": 3,
    "global_pool": "avg",
    "output_stride": 32,
    "cardinality": 1,
    "base_width": 64,
}


@dataclass(frozen=True)
class Told:
    """Of one file of weights."""

    size: int  # height = width in pixels of its images
    mean: tuple[float, ...] = MEAN  # a colour, of images in [0, 1]
    std: tuple[float, ...] = STD
    classes: tuple[str, ...] | None = None  # None: nobody says
    stride_in: str | None = None  # of bottlenecks; None: nobody says
    data: str = UNTOLD
    split: str | None = None
    fingerprint: str | None = None


def refuse_others(config: dict[str, Any]) -> None:
    """Raises RunError for a net that its config.json names, and that is none of ours, whatever its weights look like.

    Of timm's only `resnet18` to `resnet152` are built as ours are: others may have the same shapes.
    """
    family, architecture = config.get("model_type", "resnet"), config.get("architecture", "resnet50")
    if family != "resnet":
        raise RunError(f"it is Hugging Face's {family}, which is none of reslab's nets")
    if not re.fullmatch(TIMM_NETS, str(architecture)):
        raise RunError(
            f"it is timm's {architecture}, which is none of reslab's nets: these are resnet18, 34, 50, 101 and 152"
        )


def told_by(found: Checkpoint, layout: Layout, classes: int) -> Told:
    """What the files say themselves, in the words of whoever wrote them; else what the layout's program always does.

    Raises RunError for a net that is built otherwise than ours from the same weights.
    """
    try:
        if found.about:
            return _own_export(found.about)
        if layout is HUGGING_FACE:
            return _hugging_face(found.config, found.images, classes)
        if found.config:
            return _timm(found.config, classes)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"what stands beside its weights is not to be understood: {error!r}") from error
    return _akamaster(classes) if layout is AKAMASTER else Told(size=224)


def _own_export(about: dict[str, Any]) -> Told:
    """What `reslab export --to torchvision` wrote."""
    return Told(
        size=int(about["size"]),
        mean=_colours(about["mean"]),
        std=_colours(about["std"]),
        classes=tuple(about["classes"]),
        stride_in=about["stride_in"],
        data=about["data"],
        split=about["split"],
        fingerprint=about["fingerprint"],
    )


def _akamaster(classes: int) -> Told:
    """Its code knows one data set: CIFAR-10, all 50,000 images of it."""
    if classes != len(CIFAR10_CLASSES):
        return Told(size=32)
    return Told(size=32, classes=CIFAR10_CLASSES, data="cifar10", split="50k")


def _timm(config: dict[str, Any], classes: int) -> Told:
    """timm's config.json."""
    arguments = {"global_pool": config.get("global_pool", "avg"), **(config.get("model_args") or {})}
    for name, value in arguments.items():
        if name not in TIMM_USUAL or TIMM_USUAL[name] not in (None, value):
            raise RunError(f"timm builds it otherwise than usual: {name} {value}")
    images = config.get("pretrained_cfg") or config
    names = config.get("label_names") or images.get("label_names")
    return Told(
        size=_side(images.get("input_size", (3, 224, 224))),
        mean=_colours(images.get("mean", MEAN)),
        std=_colours(images.get("std", STD)),
        classes=_names(names, classes),
    )


def _hugging_face(config: dict[str, Any], images: dict[str, Any], classes: int) -> Told:
    """config.json and preprocessor_config.json of its ResNetForImageClassification."""
    for name, ours in (("hidden_act", "relu"), ("downsample_in_first_stage", False)):
        if config.get(name, ours) != ours:
            raise RunError(f"Hugging Face builds it otherwise than reslab: {name} {config[name]}")
    if images.get("do_rescale", True) is False or not isclose(images.get("rescale_factor", 1 / 255), 1 / 255):
        raise RunError("it takes images that are not scaled to [0, 1] (do_rescale, rescale_factor)")
    scaled = images.get("do_normalize", True)
    size = images.get("size", 224)
    return Told(
        size=int(size if isinstance(size, int) else size.get("shortest_edge") or size["height"]),
        mean=_colours(images.get("image_mean", MEAN)) if scaled else (0.0, 0.0, 0.0),
        std=_colours(images.get("image_std", STD)) if scaled else (1.0, 1.0, 1.0),
        classes=_names(config.get("id2label"), classes),
        stride_in="1x1" if config.get("downsample_in_bottleneck") else STRIDE_IN,
    )


def _names(names: Any, classes: int) -> tuple[str, ...] | None:
    """Of a list, or of numbers -> names, where a class that is left out is called by its number; None where none is."""
    if not names:
        return None
    if isinstance(names, dict):
        by_number = {int(number): str(name) for number, name in names.items()}
        if not set(by_number) <= set(range(classes)):
            raise ValueError(f"names of classes that it does not have, as {max(by_number)}")
        return tuple(by_number.get(number, str(number)) for number in range(classes))
    return tuple(map(str, names))


def _colours(values: Sequence[float]) -> tuple[float, ...]:
    found = tuple(float(value) for value in values)
    if len(found) != 3:
        raise ValueError(f"{len(found)} colours")
    return found


def _side(shape: Sequence[int]) -> int:
    channels, height, width = shape
    if channels != 3 or height != width:
        raise ValueError(f"images of {channels} channels, {height} x {width} pixels")
    return int(height)
