"""Nets of rectifiers on vectors: what a layer computes, and that statistics are constants for gradients."""

import pytest
import torch

from reslab.nets import Rectifiers


def net(*layers_and_width: int, **kind) -> Rectifiers:
    return Rectifiers(*layers_and_width, torch.Generator().manual_seed(3), **kind)


def points(count: int, width: int) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(4))


def test_two_plain_layers_by_hand():
    made, x = net(2, 5, normalisation="none"), points(7, 5)
    first, second = made.weights
    expected = torch.relu(torch.relu(x) @ first) @ second @ made.read_out
    assert torch.allclose(made(x), expected)


def test_a_residual_layer_adds_what_it_learns_times_beta():
    made, x = net(1, 5, residual=True, beta=0.1), points(7, 5)
    normal = (x - x.mean(0)) / x.std(0, correction=0)
    expected = (x + 0.1 * torch.relu(normal) @ made.weights[0]) @ made.read_out
    assert torch.allclose(made(x), expected, atol=1e-6)


def test_centring_alone_and_a_layer_for_numbers():
    made, x = net(1, 6, inputs=1, normalisation="centre"), points(9, 1)
    hidden = x @ made.stem[0] + made.stem[1]
    expected = torch.relu(hidden - hidden.mean(0)) @ made.weights[0] @ made.read_out
    assert torch.allclose(made(x), expected, atol=1e-6)
    assert len(net(1, 6).stem) == 0


def test_he_initialisation_and_the_same_weights_of_a_seed():
    made = net(1, 400)
    assert made.weights[0].std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.02)
    assert torch.equal(made.weights[0], net(1, 400).weights[0])


@pytest.mark.parametrize("kind", [{}, {"residual": True}, {"normalisation": "centre"}])
def test_a_point_has_a_gradient_of_its_own(kind):
    """The other points' outputs do not depend on it, where gradients are concerned."""
    made, x = net(3, 8, **kind), points(6, 8).requires_grad_(True)
    (found,) = torch.autograd.grad(made(x)[2], x)
    assert found[2].abs().sum() > 0 and found[[0, 1, 3, 4, 5]].abs().sum() == 0
