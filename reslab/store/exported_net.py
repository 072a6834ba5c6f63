"""A net of ours that another program wrote down and runs: an exported file. Here, only what it is; interop reads it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from reslab.store.classifier import Identity, Pixels, checked_pixels

# How names of exported files end that are whole functions, and what `reslab export --to` calls them.
ENDINGS = {".onnx": "onnx", ".pt2": "torch-export"}


def exported_as(place: Path) -> str | None:
    """Of a file that is named as exported ones are: the name of its format; None for anything else."""
    return ENDINGS.get(place.suffix.lower()) if not place.is_dir() else None


@dataclass(frozen=True)
class ExportedNet:
    """Pixels in, probabilities out, by the runtime of its format, on the CPU; it knows its classes and preprocessing.

    Its graph has one size of images and any number of them. There are no weights to look at: features, training and
    dense testing need the run folder or model file that it came from.
    """

    identity: Identity
    size: int  # height = width in pixels of the images that it takes
    preprocessing: tuple[str, ...]  # from a photograph to these, in words; normalisation is inside
    format: str  # "onnx" | "torch-export"
    runtime: str  # what runs it: "onnxruntime" | "torch"
    scores: bool  # does the graph end before the softmax?
    version: str  # of the reslab that wrote it
    place: Path
    run: Callable[[NDArray[np.uint8]], NDArray[np.float32]] = field(compare=False, repr=False)
    precision: str = "fp32"  # or "int8": of weights and activations
    ranges: str = ""  # which photographs the ranges of int8's activations are from, in words

    @property
    def classes(self) -> tuple[str, ...]:
        return self.identity.classes

    def probabilities(self, images: Pixels) -> NDArray[np.float32]:
        """uint8 RGB (B, size, size, 3) -> probabilities (B, classes). Raises UsageError for anything else."""
        pixels = checked_pixels(images, self.identity.model, self.size)
        found = self.run(np.ascontiguousarray(pixels.cpu().numpy()))
        return torch.from_numpy(found).softmax(dim=1).numpy() if self.scores else found
