"""SGD on flat buffers against the formula, and against PyTorch where the two agree."""

import numpy as np
import pytest
import torch

from reslab.data import Preprocessing
from reslab.engine import Execution, Layout, TorchEngine
from reslab.nets import create
from reslab.training import Optimizer
from reslab.training.optimizer import decay_of, descend, follow, sgd, terms_of

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)


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


@pytest.mark.parametrize("nesterov", [False, True])
def test_batch_norm_biases_at_their_own_rate_are_pytorchs_parameter_group(nesterov):
    net = create("resnet8")
    engine = TorchEngine(net, Preprocessing(np.zeros((1, 1, 3), np.float32), 64.0, 8), FP32)
    biases = [m.bias for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    others = [p for p in net.parameters() if not any(p is b for b in biases)]
    assert len(biases) == 7
    groups = [{"params": others}, {"params": biases, "lr": 0.1 * 64}]
    theirs = torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=nesterov)
    optimizer = Optimizer(nesterov=nesterov, bn_bias_lr=64, weight_decay=0)
    weights = engine.parameters.pack(dict(net.named_parameters()))
    velocity, terms = torch.zeros_like(weights), terms_of(engine, optimizer)
    for gradient in torch.randn(4, len(weights), generator=torch.Generator().manual_seed(0)):
        for parameter, view in zip(net.parameters(), engine.parameters.views(gradient).values(), strict=True):
            parameter.grad = view.clone()
        theirs.step()
        descend(weights, velocity, gradient, terms, 0.1, optimizer)
    for name, parameter in net.named_parameters():
        assert torch.allclose(engine.parameters.views(weights)[name], parameter, rtol=1e-4, atol=1e-5), name


def test_a_rate_for_each_number_is_the_same_bytes_where_they_are_alike():
    random = torch.Generator().manual_seed(0)
    start, decay, gradients = torch.randn(300), torch.full((300,), 5e-4), torch.randn(5, 300, generator=random)
    found = []
    for lr in (0.3, torch.full((300,), 0.3)):
        weights, velocity = start.clone(), torch.zeros(300)
        for gradient in gradients:
            sgd(weights, velocity, gradient, decay, lr, Optimizer(nesterov=True))
        found.append(weights)
    assert torch.equal(*found)


def test_running_average():
    average = torch.zeros(3)
    for _ in range(10):
        follow(average, torch.ones(3), 0.1)
    assert np.allclose(average, 1 - 0.9**10)
