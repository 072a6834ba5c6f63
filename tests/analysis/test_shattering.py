"""How alike gradients are: of vectors and signals by hand, and of nets as "Shattered Gradients" has it."""

import math
import statistics

import numpy as np
import pytest
import torch
from torch import nn

from reslab.analysis import alikeness, autocorrelation, input_gradients
from reslab.errors import UsageError
from reslab.nets import Rectifiers


def test_gradients_of_a_quadratic_function():
    class Squares(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.square().sum(1)

    points = torch.tensor([[1.0, 2.0], [-3.0, 0.5]])
    assert torch.equal(input_gradients(Squares(), points), 2 * points) and not points.requires_grad


def test_cosines_over_all_pairs():
    along, across = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 2.0])
    assert alikeness(torch.stack([along, along, across])) == pytest.approx(1 / 3)
    assert alikeness(torch.stack([along, -2 * along])) == pytest.approx(-1)
    with pytest.raises(UsageError, match="at least two points"):
        alikeness(along[None])


def test_autocorrelation_by_hand():
    found = autocorrelation([1.0, 2.0, 3.0], 2)  # less its mean: -1, 0, 1
    assert found.tolist() == pytest.approx([1.0, 0.0, -0.5])
    with pytest.raises(UsageError, match="no autocorrelation at lag 3"):
        autocorrelation([1.0, 2.0, 3.0], 3)
    with pytest.raises(UsageError, match="a constant"):
        autocorrelation([2.0, 2.0, 2.0], 1)


# Reckoned by another program from the definitions: means over four nets of width 400, at 64 points.
ALIKE = [
    ({}, 1, 0.493),
    ({}, 4, 0.060),
    ({"normalisation": "none"}, 4, 0.143),
    ({"residual": True, "normalisation": "none"}, 4, 0.387),
    ({"residual": True}, 8, 0.297),
    ({"residual": True, "beta": 0.1}, 24, 0.887),
]


@pytest.mark.parametrize(("kind", "layers", "expected"), ALIKE)
def test_nets_are_as_alike_as_they_should_be(kind, layers, expected):
    found = []
    for seed in range(4):
        generator = torch.Generator().manual_seed(seed)
        points = torch.randn(64, 400, generator=generator)
        found.append(alikeness(input_gradients(Rectifiers(layers, 400, generator, **kind), points)))
    assert statistics.fmean(found) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("layers", [4, 8, 24])
def test_residual_nets_follow_what_centring_leaves_of_the_variance(layers):
    """Of the variance 1 that a layer would add, batch normalisation sees 1 - 1/π: the rest is a mean.

    With 1 in its place the law is 1/√L, which these nets do not follow: 0.22 at 24 layers, not 0.16.
    """
    expected = 1.0
    for place in range(layers):
        variance = 1 + place * (1 - 1 / math.pi)
        expected *= (1 + 0.5 / variance) / (1 + 1 / variance)
    found = []
    for seed in range(4):
        generator = torch.Generator().manual_seed(seed)
        points = torch.randn(64, 400, generator=generator)
        found.append(alikeness(input_gradients(Rectifiers(layers, 400, generator, residual=True), points)))
    assert statistics.fmean(found) == pytest.approx(expected, abs=0.03)


# The same along a line of 256 points, nets of width 200: the autocorrelation at one lag, a mean over 20 nets there.
ALONG = [(1, {"normalisation": "centre"}, 8, 0.91), (24, {"normalisation": "centre"}, 1, 0.02)]
ALONG += [(24, {"residual": True}, 1, 0.77), (50, {"residual": True, "beta": 0.1}, 2, 0.80)]


@pytest.mark.parametrize(("layers", "kind", "lag", "expected"), ALONG)
def test_along_a_line(layers, kind, lag, expected):
    points = torch.arange(256)[:, None] * 4 / 256 - 2
    nets = [Rectifiers(layers, 200, torch.Generator().manual_seed(seed), inputs=1, **kind) for seed in range(8)]
    found = [autocorrelation(input_gradients(net, points)[:, 0].double().numpy(), lag)[lag] for net in nets]
    assert float(np.mean(found)) == pytest.approx(expected, abs=0.06)
