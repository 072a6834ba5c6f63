"""SGD on flat buffers against the formula, and against PyTorch where the two agree."""

import numpy as np
import pytest
import torch

from reslab.engine import Layout
from reslab.training import Optimizer
from reslab.training.optimizer import decay_of, follow, sgd


@pytest.mark.parametrize("nesterov", [False, True])
def test_at_a_constant_rate_it_is_pytorchs(nesterov):
    torch.manual_seed(0)
    weights, gradients = torch.randn(50), torch.randn(6, 50)
    theirs = torch.nn.Parameter(weights.clone())
    optimizer = torch.optim.SGD([theirs], lr=0.1, momentum=0.9, weight_decay=1e-2, nesterov=nesterov)
    ours, velocity = weights.clone(), torch.zeros(50)
    for gradient in gradients:
        theirs.grad = gradient.clone()
        optimizer.step()
        sgd(ours, velocity, gradient, torch.full((50,), 1e-2), 0.1, Optimizer(nesterov=nesterov))
    assert torch.allclose(ours, theirs.data, rtol=1e-5, atol=1e-6)


def test_after_a_drop_old_gradients_keep_their_rate():
    # Caffe's form: v <- m v + lr g. By hand, two steps at rates 1 and 0.1.
    weights, velocity, gradient = torch.zeros(1), torch.zeros(1), torch.ones(1)
    for lr in (1.0, 0.1):
        sgd(weights, velocity, gradient, torch.zeros(1), lr, Optimizer(momentum=0.5))
    assert weights.item() == pytest.approx(-(1.0 + (0.5 * 1.0 + 0.1)))


def test_decay_spares_biases_and_batch_normalisation():
    layout = Layout(("conv", "gamma", "fc", "bias"), ((2, 3, 3, 3), (2,), (4, 2), (4,)))
    on_weights = decay_of(layout, Optimizer(weight_decay=0.5))
    assert on_weights.tolist() == [0.5] * 54 + [0.0] * 2 + [0.5] * 8 + [0.0] * 4
    assert decay_of(layout, Optimizer(weight_decay=0.5, decay_on="all")).tolist() == [0.5] * 68


def test_running_average():
    average = torch.zeros(3)
    for _ in range(10):
        follow(average, torch.ones(3), 0.1)
    assert np.allclose(average, 1 - 0.9**10)
