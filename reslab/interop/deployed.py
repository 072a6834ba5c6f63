"""A net as others run it: pixels in, probabilities out, nothing to be done before or after."""

from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor, nn

from reslab.data import ContrastNormalisation
from reslab.data.photo import MARGIN
from reslab.nets import architecture_from
from reslab.store import Classifier, Identity, Origin

INPUT = "pixels"
OURS = "reslab"  # of what a file says of itself, the version that wrote it, by which it is known for ours

# Of what a file says of itself: what is text, whatever it looks like (a data set may be called "2024").
TEXTS = (OURS, "model", "data", "split", "fingerprint", "residual", "input", "output", "precision", "ranges")
# Without which it cannot be used; older files do not say which images were held out.
NEEDED = (OURS, "model", "spec", "data", "classes", "size", "preprocessing", "input", "output")


class Deployed(nn.Module):
    """Normalisation, net and softmax as one module: uint8 RGB (B, size, size, 3) -> float32 (B, classes).

    Images come as every decoder gives them, bytes with the channels last: what is no byte is refused by the runtime,
    where a float of another range would silently be taken for an image.
    """

    def __init__(self, classifier: Classifier, scores: bool) -> None:
        super().__init__()
        self.net = classifier.net
        self.mean: Tensor
        self.std: Tensor
        self.register_buffer("mean", torch.from_numpy(classifier.preprocessing.mean.copy()))
        self.register_buffer("std", torch.tensor(classifier.preprocessing.std))
        contrast = classifier.preprocessing.contrast
        self.contrast = ContrastNormalisation(contrast) if contrast else None
        self.softmax = nn.Identity() if scores else nn.Softmax(dim=1)

    def forward(self, pixels: Tensor) -> Tensor:
        normalised = (pixels.float() - self.mean) / self.std if self.contrast is None else self.contrast(pixels)
        # Contiguous: graphs know no strides, and pooling would be written with them, as an index of every number.
        return self.softmax(self.net(normalised.permute(0, 3, 1, 2).contiguous()))


def output_name(scores: bool) -> str:
    """What comes out: with `scores`, what the softmax would be taken of."""
    return "scores" if scores else "probabilities"


def description(classifier: Classifier) -> dict[str, Any]:
    """What every exported file says of its net, as plain values."""
    identity, preprocessing = classifier.identity, classifier.preprocessing
    return {
        OURS: version("reslab"),
        "model": identity.model,
        "spec": identity.spec.to_dict(),
        "data": identity.data,
        "split": identity.split,
        "fingerprint": identity.fingerprint,
        "residual": identity.residual,
        **({"origin": asdict(identity.origin)} if identity.origin else {}),
        **({"before": list(identity.before)} if identity.before else {}),
        **({"temperature": identity.temperature} if identity.temperature != 1 else {}),
        "classes": list(identity.classes),
        "size": preprocessing.size,
        "preprocessing": steps(preprocessing.size),
    }


def identity_of(about: dict[str, Any]) -> Identity:
    """Back from `description`. Raises KeyError, TypeError, ValueError or UsageError for what is none."""
    return Identity(
        model=about["model"],
        spec=architecture_from(about["spec"]),
        classes=tuple(about["classes"]),
        data=about["data"],
        split=about.get("split"),
        fingerprint=about.get("fingerprint"),
        residual=about.get("residual"),
        origin=Origin(**about["origin"]) if "origin" in about else None,
        before=tuple(map(str, about.get("before", ()))),
        temperature=float(about.get("temperature", 1)),
    )


def steps(size: int) -> list[str]:
    """From a photograph to the pixels that the net was trained on (`data.photo`), in words."""
    return [
        f"a large JPEG may be decoded at a half, a quarter or an eighth of its size, at least "
        f"{MARGIN * size} pixels of its shorter side left",
        "turned upright as its EXIF data say, in RGB, what is transparent on white",
        "the square in its centre, as large as its shorter side",
        f"scaled to {size} x {size} pixels: bicubic, antialiased, as Pillow's Image.resize does it",
    ]
