"""A network that knows what it is: its architecture, class names and preprocessing."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reslab.data import ContrastNormalisation, Preprocessing
from reslab.errors import UsageError
from reslab.nets import Architecture, Historic, Residual, features

Pixels = Tensor | NDArray[np.uint8] | Sequence[NDArray[np.uint8]]
"""uint8 RGB images (B, H, W, 3), from 0 to 255, or a sequence of (H, W, 3)."""


UNTOLD = "images that its file does not name"  # what a net was trained on, where only its weights are there


@dataclass(frozen=True)
class Origin:
    """The file of another program's that weights are from."""

    file: str  # its name, without folders
    sha256: str
    layout: str  # whose names its tensors have: "torchvision"
    scale: int | None = None  # the shorter side at which its program tests, of whose centre; None: nobody says
    scaling: str = ""  # how its program scales images, "bilinear"; "": nobody says
    assumed: str = ""  # what its file does not tell and was taken for granted, in words

    def seen_from(self, place: Path | None) -> str:
        """What a command calls it: `place`, where that is the file itself or its folder; else its name."""
        itself = place is not None and (place.name == self.file or place.is_dir())
        return str(place) if itself else self.file


@dataclass(frozen=True)
class Identity:
    """What a model file says of its net."""

    model: str  # the net's name, "resnet20"
    spec: Architecture
    classes: tuple[str, ...]
    data: str  # the data set that it was trained on
    split: str | None = None  # which images of it were held out: a split of CIFAR
    fingerprint: str | None = None  # of a folder's files
    residual: str | None = None  # "module:function" of a user's own residual function
    residual_digest: str | None = None  # of that function's source; None: an older file does not tell
    origin: Origin | None = None  # of weights that another program trained
    before: tuple[str, ...] = ()  # photographs that the nets it began from were trained on, the nearest first
    temperature: float = 1.0  # by which the scores of its last layer are divided already, to calibrate probabilities


class Classifier(nn.Module):
    """Pixels in, scores out: the net with its normalisation in front, a module like any other.

    It moves with `.to(device)`, computes in the type of its weights (`.half()`, `.bfloat16()`), and is exported with
    its normalisation. `load` gives it in evaluation mode, its weights without gradients.
    """

    mean: Tensor

    def __init__(
        self,
        net: nn.Sequential,
        identity: Identity,
        preprocessing: Preprocessing,
        residual: Residual | None = None,
        place: Path | None = None,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.net = net
        self.identity = identity
        self.preprocessing = preprocessing
        self.place = place  # the run folder or model file that it is from
        self.register_buffer("mean", torch.from_numpy(preprocessing.mean.copy()), persistent=False)
        self.contrast = ContrastNormalisation(preprocessing.contrast) if preprocessing.contrast else None

    @property
    def classes(self) -> tuple[str, ...]:
        return self.identity.classes

    @property
    def size(self) -> int:
        """Height = width in pixels of the images that it was trained on."""
        return self.preprocessing.size

    @property
    def takes_any_size(self) -> bool:
        """Of another size than those of the training? Not with a mean image or a matrix; nor do historic nets."""
        return self.preprocessing.any_size and not isinstance(self.identity.spec, Historic)

    def digest(self) -> str:
        """Eight hex digits of the weights."""
        found = hashlib.sha256()
        for name, tensor in self.net.state_dict().items():
            content = tensor.cpu().contiguous().flatten().view(torch.uint8)  # NumPy knows no bfloat16
            found.update(name.encode() + content.numpy().tobytes())
        return found.hexdigest()[:8]

    def forward(self, images: Pixels) -> Tensor:
        """uint8 RGB (B, H, W, 3) -> scores before the softmax (B, classes), in the type of the weights.

        Raises UsageError for anything else, and for another size than `size` unless it `takes_any_size`.
        """
        return self.net(self._normalised(images))

    def features(self, images: Pixels) -> Tensor:
        """uint8 RGB (B, H, W, 3) -> what the fully connected layer that makes the scores sees (B, F).

        See `nets.features`. Raises UsageError as `forward` does, and for a net that has no such layer.
        """
        return features(self.net, self._normalised(images))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """The mean goes where the weights go, and stays in fp32: bf16 would round colours by half a step of 255."""
        exact = self.mean
        super()._apply(fn, recurse)
        if self.mean.dtype != exact.dtype:
            self.mean = exact.to(self.mean.device)
        return self

    def _normalised(self, images: Pixels) -> Tensor:
        """(B, 3, H, W) on the device of the weights and in their type, out of sums in fp32."""
        weights = next(self.net.parameters())
        pixels = checked_pixels(images, self.identity.model, None if self.takes_any_size else self.size)
        pixels = pixels.to(weights.device)
        if self.contrast is not None:
            return self.contrast(pixels).to(weights.dtype).permute(0, 3, 1, 2)
        centred = (pixels.float() - self.mean.to(weights.device)) / self.preprocessing.std
        return centred.to(weights.dtype).permute(0, 3, 1, 2)


def checked_pixels(images: Pixels, model: str, size: int | None) -> Tensor:
    """The images as one tensor, copied unless they are one: PyTorch takes no read-only memory.

    `size` is their height = width, None for any. Raises UsageError, naming `model`, for what is no such batch.
    """
    if not isinstance(images, Tensor):
        try:
            array = np.array(images)
        except ValueError as error:  # a sequence of images that differ in size
            raise _refusal(model, size, "images of several shapes") from error
        if array.dtype != np.uint8:
            raise _refusal(model, size, f"{array.dtype} of shape {array.shape}")
        images = torch.from_numpy(array)
    shape = tuple(images.shape)
    fits = len(shape) == 4 and shape[3] == 3 and (size is None or shape[1:3] == (size, size))
    if images.dtype != torch.uint8 or not fits:
        raise _refusal(model, size, f"{str(images.dtype).removeprefix('torch.')} of shape {shape}")
    return images


def _refusal(model: str, size: int | None, got: str) -> UsageError:
    sides = "H, W" if size is None else f"{size}, {size}"
    return UsageError(
        f"{model} takes uint8 RGB images (B, {sides}, 3) from 0 to 255, not {got}; "
        "reslab.predict takes photographs of any size"
    )
