"""Fully connected nets of rectifiers, plain and residual, at initialisation: those of "Shattered Gradients" (Balduzzi
et al. 2017, arXiv 1702.08591). They are looked at, not trained.
"""

from math import sqrt

import torch
from torch import Generator, Tensor, nn

NORMALISATIONS = ("batch", "centre", "none")


class Rectifiers(nn.Module):
    """`layers` layers of `width` rectifiers on vectors (points, inputs), and a linear read-out: (points,).

    A plain layer is h <- W relu(n(h)), a residual one h <- h + beta W relu(n(h)), with W of He's variance 2 / width.
    n is normalisation over the points at hand: "batch" (mean and variance), "centre" (mean) or "none". Its statistics
    are taken for constants where gradients are concerned, so that each point's gradient is its own. Vectors as wide as
    the net enter as they are; those of `inputs` numbers through a linear layer with biases, all of variance 1.
    """

    def __init__(
        self,
        layers: int,
        width: int,
        generator: Generator,
        *,
        inputs: int = 0,
        residual: bool = False,
        beta: float = 1.0,
        normalisation: str = "batch",
    ) -> None:
        super().__init__()
        assert normalisation in NORMALISATIONS
        self.residual, self.beta, self.normalisation = residual, beta, normalisation
        shapes: list[tuple[int, ...]] = [(inputs, width), (width,)] if inputs else []
        self.stem = nn.ParameterList([normal(shape, generator) for shape in shapes])
        self.weights = nn.ParameterList([normal((width, width), generator, sqrt(2 / width)) for _ in range(layers)])
        self.read_out = normal((width,), generator, sqrt(1 / width))

    def forward(self, points: Tensor) -> Tensor:
        hidden = points @ self.stem[0] + self.stem[1] if len(self.stem) else points
        for weights in self.weights:
            passed = torch.relu(self._normalised(hidden)) @ weights
            hidden = hidden + self.beta * passed if self.residual else passed
        return hidden @ self.read_out

    def _normalised(self, hidden: Tensor) -> Tensor:
        if self.normalisation == "none":
            return hidden
        centred = hidden - hidden.mean(0).detach()
        return centred if self.normalisation == "centre" else centred / hidden.std(0, correction=0).detach()


def normal(shape: tuple[int, ...], generator: Generator, std: float = 1.0) -> nn.Parameter:
    """Weights of mean 0."""
    return nn.Parameter(std * torch.randn(shape, generator=generator))
