"""Losses by name, and heads that are for training alone: what a step's gradient is of."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from reslab.data import Preprocessing
from reslab.engine import Batch, Execution, TorchEngine, sample_losses
from reslab.nets import companions_of, create

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
PLAIN = Preprocessing(np.full((1, 1, 3), 120, np.float32), 64.0, 8)


def some_batch(loss: str = "cross_entropy", companions: bool = True) -> Batch:
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (6, 8, 8, 3), np.uint8), random.integers(0, 10, 6)
    return Batch(images, labels, loss=loss, companions=companions)


def make(weight: float):
    """DSN without dropout, its companions of a weight of their own, and its twin."""
    nets = [create("dsn", size=8), create("dsn", size=8)]
    nets[1].load_state_dict(nets[0].state_dict())
    for net in nets:
        for module in net.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        for companion in companions_of(net):
            companion.weight = weight
    engine = TorchEngine(nets[0], PLAIN, FP32)
    return engine, engine.buffer(engine.parameters.pack(dict(nets[1].named_parameters()))), nets[1]


def test_squared_hinge():
    scores, labels = torch.tensor([[0.5, -2.0, 3.0], [2.0, 0.0, -1.0]]), torch.tensor([0, 2])
    expected = [0.5**2 + 0 + 4.0**2, 3.0**2 + 1.0**2 + 2.0**2]
    assert sample_losses("squared_hinge", scores, labels).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_hinge"])
@pytest.mark.parametrize("companions", [True, False])
def test_losses_of_all_heads_are_added(loss, companions):
    engine, weights, twin = make(0.3)
    batch = some_batch(loss, companions)
    output = engine.step(weights, batch)
    images = (torch.from_numpy(batch.images).float() - 120).permute(0, 3, 1, 2) / 64
    labels = torch.from_numpy(batch.labels)
    own = sample_losses(loss, twin.train()(images), labels)
    total = own.mean()
    for companion in companions_of(twin):
        scores = companion.take()
        if companions:
            total = total + 0.3 * sample_losses(loss, scores, labels).mean()
    total.backward()
    assert torch.allclose(output.losses, own, rtol=1e-4), "what is reported is the loss of the net's own head"
    assert output.loss.item() == pytest.approx(total.item(), rel=1e-4)
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in twin.parameters()]
    expected = torch.cat([g.reshape(-1) for g in gradients])
    assert torch.allclose(output.gradient, expected, rtol=1e-3, atol=1e-5)
    silent = engine.parameters.views(output.gradient)["stage1.1.head.1.weight"]
    assert bool(silent.any()) == companions


def test_weights_of_samples_weigh_their_companions_too():
    engine, weights, _ = make(0.5)
    only = np.zeros(6, np.float32)
    only[2] = 6
    chosen = engine.step(weights, replace(some_batch(), weights=only)).loss.item()
    batch = some_batch()
    alone = engine.step(weights, replace(batch, images=batch.images[2:3], labels=batch.labels[2:3])).loss.item()
    assert chosen == pytest.approx(alone, rel=1e-4)


def test_a_net_without_batch_normalisation_has_no_statistics():
    engine, weights, _ = make(0.3)
    output = engine.step(weights, some_batch())
    assert engine.statistics.total == 0 and output.statistics.shape == (0,)
    assert engine.logits(weights, output.statistics, some_batch().images).shape == (6, 10)


def test_dropout_and_stochastic_depth_are_functions_of_the_batchs_seed():
    for name, options in (("nin", {}), ("resnet8", {"survival": 0.3})):
        net = create(name, size=8, **options)
        engine = TorchEngine(net, PLAIN, FP32)
        weights = engine.buffer(engine.parameters.pack(dict(net.named_parameters())))
        losses = [engine.step(weights, replace(some_batch(), seed=seed)).loss.item() for seed in (1, 1, 2, 3, 4)]
        assert losses[0] == losses[1] and len(set(losses)) > 1
