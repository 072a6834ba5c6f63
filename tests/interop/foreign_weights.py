"""Weights under other programs' names, without these programs: shapes of their tensors, filled by their names."""

import zlib
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

CLASSES = 5
IMAGENET_WIDTHS = (64, 128, 256, 512)
CIFAR_WIDTHS = (16, 32, 64)
Shapes = Mapping[str, tuple[int, ...]]


def filled(shapes: Shapes) -> dict[str, Tensor]:
    """Each tensor drawn from a seed that is its name's checksum, so large that scores differ from image to image."""
    return {name: torch.from_numpy(_drawn(name, shape)) for name, shape in shapes.items() if "tracked" not in name}


def _drawn(name: str, shape: tuple[int, ...]) -> np.ndarray:
    plain = name.removeprefix("module.")
    values = np.random.default_rng(zlib.crc32(plain.encode())).random(shape, np.float32)
    if len(shape) > 1:
        return (2 * values - 1) * np.float32((6 / np.prod(shape[1:])) ** 0.5)
    return {"weight": 0.5 + 0.5 * values, "running_var": 0.5 + values}.get(plain.rpartition(".")[2], 0.4 * values - 0.2)


def pixels(size: int, images: int = 3) -> np.ndarray:
    """Noise, the images differing in brightness and colour."""
    random = np.random.default_rng(1)
    noise = random.integers(0, 256, (images, size, size, 3))
    return (noise * random.random((images, 1, 1, 3))).astype(np.uint8)


def torchvision_shapes(
    depths: tuple[int, ...],
    bottleneck: bool = False,
    *,
    widths: tuple[int, ...] = IMAGENET_WIDTHS,
    classes: int = CLASSES,
    stem: int = 7,
    projections: bool = True,
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of torchvision's tensors, the counters of batch normalisation left out."""
    shapes: dict[str, tuple[int, ...]] = {}

    def conv_bn(conv: str, bn: str, out: int, channels: int, kernel: int) -> None:
        shapes[f"{conv}.weight"] = (out, channels, kernel, kernel)
        shapes.update({f"{bn}.{kind}": (out,) for kind in ("weight", "bias", "running_mean", "running_var")})

    channels = widths[0]
    conv_bn("conv1", "bn1", channels, 3, stem)
    for stage, (depth, width) in enumerate(zip(depths, widths, strict=True), start=1):
        for block in range(depth):
            place, out = f"layer{stage}.{block}", width * (4 if bottleneck else 1)
            kernels = (1, 3, 1) if bottleneck else (3, 3)
            sizes = (channels, *[width] * (len(kernels) - 1), out)
            for number, kernel in enumerate(kernels, start=1):
                conv_bn(f"{place}.conv{number}", f"{place}.bn{number}", sizes[number], sizes[number - 1], kernel)
            if projections and (channels != out or (block == 0 and stage > 1)):
                conv_bn(f"{place}.downsample.0", f"{place}.downsample.1", out, channels, 1)
            channels = out
    return {**shapes, "fc.weight": (classes, channels), "fc.bias": (classes,)}


def akamaster_shapes(n: int, classes: int = CLASSES, projections: bool = False) -> dict[str, tuple[int, ...]]:
    """Of its net of 6n+2 layers."""
    theirs = chenyaofo_shapes(n, classes, projections)
    return {name.replace("fc.", "linear.").replace("downsample", "shortcut"): shape for name, shape in theirs.items()}


def chenyaofo_shapes(n: int, classes: int = CLASSES, projections: bool = True) -> dict[str, tuple[int, ...]]:
    """Of its net of 6n+2 layers."""
    return torchvision_shapes((n, n, n), widths=CIFAR_WIDTHS, classes=classes, stem=3, projections=projections)


def hugging_face_shapes(depths: tuple[int, ...], bottleneck: bool = False) -> dict[str, tuple[int, ...]]:
    """Of its ResNetForImageClassification."""
    found = {}
    for name, shape in torchvision_shapes(depths, bottleneck).items():
        *place, layer, kind = name.split(".")
        what = "convolution" if len(shape) == 4 else "normalization"
        if not place:
            new = f"classifier.1.{kind}" if layer == "fc" else f"resnet.embedder.embedder.{what}.{kind}"
        else:
            inside = "shortcut" if "downsample" in place else f"layer.{int(layer[-1]) - 1}"
            new = f"resnet.encoder.stages.{int(place[0][-1]) - 1}.layers.{place[1]}.{inside}.{what}.{kind}"
        found[new] = shape
    return found
