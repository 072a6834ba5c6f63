"""What the files say themselves, in the words of whoever wrote them: timm, Hugging Face, trainers, and `export`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from math import isclose
from typing import Any

from reslab.errors import RunError
from reslab.interop.checkpoint import Checkpoint
from reslab.interop.layouts import HUGGING_FACE, Layout
from reslab.interop.told import Told, View, class_names, colours, given_names, part_of
from reslab.interop.usual import usual_of
from reslab.interop.within import within

TIMM_NETS = r"resnet(18|34|50|101|152)(\.\w+)?"  # a tag behind it names weights: "resnet50.a1_in1k"
TIMM_WRAPPER = "timm_wrapper"  # what transformers calls a net of timm's, whose config it keeps
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
RESAMPLE = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"}  # Pillow's numbers
CONVNEXT = "ConvNext"  # whose way with images Hugging Face's residual nets have
CONVNEXT_PART, CONVNEXT_WHOLE = 224 / 256, 384  # of the shorter side; the size from which it looks at the whole image


def refuse_others(config: dict[str, Any]) -> None:
    """Raises RunError for a net that its config.json names, and that is none of ours, whatever its weights look like.

    Of timm's only `resnet18` to `resnet152` are built as ours are: others may have the same shapes.
    """
    family, architecture = config.get("model_type", "resnet"), config.get("architecture", "resnet50")
    if family not in ("resnet", TIMM_WRAPPER):
        raise RunError(f"it is Hugging Face's {family}, which is none of reslab's nets")
    if not re.fullmatch(TIMM_NETS, str(architecture)):
        raise RunError(
            f"it is timm's {architecture}, which is none of reslab's nets: these are resnet18, 34, 50, 101 and 152"
        )


def told_by(found: Checkpoint, layout: Layout, classes: int) -> Told:
    """What the files say of a net of so many classes, and what its program does where they do not.

    Raises RunError for a net that is built otherwise than ours from the same weights.
    """
    told = _told_beside(found, layout, classes)
    return replace(told, within=within(found.names, classes), usual=usual_of(layout, found.file.name, classes))


def _told_beside(found: Checkpoint, layout: Layout, classes: int) -> Told:
    try:
        if found.about:
            return _own_export(found.about)
        if layout is HUGGING_FACE:
            return _hugging_face(found.config, found.images, classes)
        if found.config:
            return _timm(found.config, classes)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise RunError(f"what stands beside its weights is not to be understood: {error!r}") from error
    return Told()


def _own_export(about: dict[str, Any]) -> Told:
    """What `reslab export --to torchvision` wrote."""
    origin, size = about.get("origin") or {}, int(about["size"])  # its program's, which somebody may have been told of
    scaling = str(origin.get("scaling") or "")
    return Told(
        named=True,
        view=View(size, int(origin.get("scale") or size)),
        mean=colours(about["mean"]),
        std=colours(about["std"]),
        classes=tuple(about["classes"]),
        stride_in=about["stride_in"],
        data=about["data"],
        split=about["split"],
        fingerprint=about["fingerprint"],
        before=tuple(map(str, about.get("before", ()))),
        temperature=float(about.get("temperature", 1)),
        scaling=scaling,
        otherwise=_scales(scaling),
    )


def _scales(scaling: str) -> tuple[str, ...]:
    """What is said of a program that scales images so; () where reslab does it alike, or nobody says."""
    return () if scaling in ("", "bicubic") else (f"scales {scaling}",)


def _timm(config: dict[str, Any], classes: int) -> Told:
    """timm's config.json, as it is or in transformers' words."""
    arguments = {"global_pool": config.get("global_pool", "avg"), **(config.get("model_args") or {})}
    for name, value in arguments.items():
        if name not in TIMM_USUAL or TIMM_USUAL[name] not in (None, value):
            raise RunError(f"timm builds it otherwise than usual: {name} {value}")
    images = config.get("pretrained_cfg") or config
    scaling, mode = str(images.get("interpolation") or ""), images.get("crop_mode") or "center"
    otherwise = [*_scales(scaling)]
    if mode != "center":
        otherwise.append(f"has another crop ({mode})")
    return Told(
        named="architecture" in config,
        view=_timm_view(images, ""),
        larger=_timm_view(images, "test_"),
        mean=colours(images.get("mean")),
        std=colours(images.get("std")),
        classes=_timm_names(config, images, classes),
        scaling=scaling,
        otherwise=tuple(otherwise),
    )


def _timm_names(config: dict[str, Any], images: dict[str, Any], classes: int) -> tuple[str, ...] | None:
    names = config.get("label_names") or images.get("label_names") or config.get("id2label")
    return given_names(class_names(names, classes))


def _timm_view(images: dict[str, Any], kind: str) -> View | None:
    """Of training's size, or of "test_"; None where it does not say."""
    shape = images.get(f"{kind}input_size")
    return part_of(_side(shape), images.get(f"{kind}crop_pct", images.get("crop_pct"))) if shape else None


def _hugging_face(config: dict[str, Any], images: dict[str, Any], classes: int) -> Told:
    """config.json and preprocessor_config.json of its ResNetForImageClassification."""
    for name, ours in (("hidden_act", "relu"), ("downsample_in_first_stage", False)):
        if config.get(name, ours) != ours:
            raise RunError(f"Hugging Face builds it otherwise than reslab: {name} {config[name]}")
    if images.get("do_rescale", True) is False or not isclose(images.get("rescale_factor", 1 / 255), 1 / 255):
        raise RunError("it takes images that are not scaled to [0, 1] (do_rescale, rescale_factor)")
    scaled = images.get("do_normalize", True)
    view, otherwise = _hugging_face_view(images)
    scaling = RESAMPLE.get(images["resample"], "") if "resample" in images else ""
    return Told(
        named=True,
        view=view,
        mean=colours(images.get("image_mean")) if scaled else (0.0, 0.0, 0.0),
        std=colours(images.get("image_std")) if scaled else (1.0, 1.0, 1.0),
        classes=given_names(class_names(config.get("id2label"), classes)),
        stride_in=_hugging_face_stride(config),
        scaling=scaling,
        otherwise=otherwise,
    )


def _hugging_face_stride(config: dict[str, Any]) -> str | None:
    """A config that does not mention it means v1.5."""
    return ("1x1" if config.get("downsample_in_bottleneck") else "3x3") if config else None


def _hugging_face_view(images: dict[str, Any]) -> tuple[View | None, tuple[str, ...]]:
    """What of an image is looked at, and what is done to it there and not here."""
    size = images.get("size")
    if size is None:
        return None, ()
    side, whole = _square(size), isinstance(size, dict) and "height" in size
    crop = images.get("crop_size") if images.get("do_center_crop", True) else None
    part = images.get("crop_pct", CONVNEXT_PART if CONVNEXT in _processor(images) else None)
    if part:
        whole = side >= CONVNEXT_WHOLE
        view = part_of(side, None if whole else part)
    else:
        view = View(_square(crop), max(side, _square(crop))) if crop else View(side)
    scaling = RESAMPLE.get(images.get("resample", 3), "in another way")
    otherwise = [
        *(["squeezes images into a square"] if whole else []),
        *([f"scales {scaling}"] if scaling != "bicubic" else []),
        *(["takes images as large as they are"] if images.get("do_resize", True) is False else []),
    ]
    return view, tuple(otherwise)


def _processor(images: dict[str, Any]) -> str:
    return str(images.get("image_processor_type") or images.get("feature_extractor_type"))


def _square(size: Any) -> int:
    """A side in pixels, of 224, of {"shortest_edge": 224}, or of a height and a width that are the same."""
    if not isinstance(size, dict):
        return int(size)
    if "shortest_edge" in size:
        return int(size["shortest_edge"])
    return _side((3, size["height"], size["width"]))


def _side(shape: Sequence[int]) -> int:
    channels, height, width = shape
    if channels != 3 or height != width:
        raise ValueError(f"images of {channels} channels, {height} x {width} pixels")
    return int(height)
