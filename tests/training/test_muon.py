"""Muon against singular value decompositions, matrix by matrix."""

import numpy as np
import pytest
import torch

from reslab.data import Preprocessing
from reslab.engine import Execution, TorchEngine
from reslab.nets import create
from reslab.training import Optimizer, Surroundings, train_on, with_fields
from reslab.training.muon import convolutions_of, orthogonal
from reslab.training.optimizer import descend, terms_of
from tests.conftest import short_recipe

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)


def make(model: str = "resnet14", **choices):
    net = create(model, **choices)
    return net, TorchEngine(net, Preprocessing(np.zeros((1, 1, 3), np.float32), 64.0, 8), FP32)


def by_decomposition(matrix: np.ndarray) -> np.ndarray:
    """The same polynomial, of the singular values alone."""
    u, s, vt = np.linalg.svd(matrix, full_matrices=False)
    s = s / np.linalg.norm(s)
    for _ in range(3):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return u * s @ vt


@pytest.mark.parametrize("shape", [(6, 16, 144), (5, 64, 64), (2, 96, 32)])
def test_orthogonal_changes_singular_values_only(shape):
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 7
    found = orthogonal(matrices).double().numpy()
    for ours, matrix in zip(found, matrices.double().numpy(), strict=True):
        assert np.allclose(ours, by_decomposition(matrix), atol=1e-4)


def test_all_singular_values_come_near_1():
    matrices = torch.randn(3, 16, 144, generator=torch.Generator().manual_seed(0))
    found = np.linalg.svd(orthogonal(matrices).numpy(), compute_uv=False)
    assert found.min() > 0.68 and found.max() < 1.21


def test_a_gradient_of_zero_moves_nothing():
    assert not orthogonal(torch.zeros(2, 16, 144)).any()


@pytest.mark.parametrize("model", ["resnet20", "plain20", "resnet50"])
def test_every_convolution_but_the_stem_is_a_matrix(model):
    net, engine = make(model)
    weights = engine.parameters.pack(dict(net.named_parameters()))
    ours = [matrix for each in convolutions_of(engine.parameters) for matrix in each.of(weights)]
    _, *others = [m.weight.flatten(1) for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    if model != "resnet50":  # whose projections lie between blocks
        assert len(convolutions_of(engine.parameters)) == len({matrix.shape for matrix in others})
    # Told apart by their sums: all are drawn at random.
    assert sorted(m.sum().item() for m in ours) == pytest.approx(sorted(m.sum().item() for m in others), abs=1e-2)
    assert {m.shape for m in ours} == {m.shape for m in others} and len(ours) == len(others)


def test_a_step_is_muons_for_convolutions_and_pytorchs_sgd_for_the_rest():
    net, engine = make("resnet14", shortcut="B")  # with 1x1 convolutions
    layout = engine.parameters
    stem, *convolutions = [name for name, shape in zip(layout.names, layout.shapes, strict=True) if len(shape) == 4]
    assert stem == "stem.0.weight" and len(convolutions) == 14
    weights = layout.pack(dict(net.named_parameters()))
    expected = {name: layout.views(weights.clone())[name].flatten(1).double().numpy() for name in convolutions}
    momenta = {name: np.zeros_like(matrix) for name, matrix in expected.items()}
    others = {name: p for name, p in net.named_parameters() if name not in expected}
    sgd = torch.optim.SGD(others.values(), lr=0.2, momentum=0.9)
    optimizer = Optimizer(lr=0.2, kind="muon", muon_lr=0.05, muon_momentum=0.7, weight_decay=0)
    velocity, terms = torch.zeros_like(weights), terms_of(engine, optimizer)
    for gradient in torch.randn(3, len(weights), generator=torch.Generator().manual_seed(0)):
        pieces = layout.views(gradient)
        for name, parameter in others.items():
            parameter.grad = pieces[name].clone()
        sgd.step()
        for name in convolutions:
            piece = pieces[name].flatten(1).double().numpy()
            momenta[name] = 0.7 * momenta[name] + piece
            length = np.linalg.norm(expected[name])
            direction = by_decomposition(piece + 0.7 * momenta[name])
            expected[name] = expected[name] * np.sqrt(len(piece)) / length - 0.05 * direction
        descend(weights, velocity, gradient, terms, 0.2, optimizer)
    ours = layout.views(weights)
    for name, matrix in expected.items():
        assert np.allclose(ours[name].flatten(1), matrix, atol=1e-4), name
    for name, parameter in others.items():
        assert torch.allclose(ours[name], parameter, rtol=1e-4, atol=1e-5), name


def test_rates_by_name_are_those_of_matrices_too():
    """What is frozen stays, byte for byte, and half the rate goes half as far."""
    net, engine = make("resnet8")
    gradient = torch.randn(engine.parameters.total, generator=torch.Generator().manual_seed(0))
    start = engine.parameters.pack(dict(net.named_parameters()))
    moved = {}
    for rates in ("", "stage1.*=0, stage2.*=0.5"):
        optimizer = Optimizer(lr=0.2, kind="muon", muon_lr=0.05, muon_momentum=0, weight_decay=0, rates=rates)
        weights = start.clone()
        descend(weights, torch.zeros_like(start), gradient, terms_of(engine, optimizer), 0.2, optimizer)
        moved[rates] = weights
    whole, part = (engine.parameters.views(weights) for weights in moved.values())
    before = engine.parameters.views(start)
    for name in (n for n, p in net.named_parameters() if p.dim() == 4 and not n.startswith("stem")):
        length = before[name].flatten(1).shape[0] ** 0.5 / before[name].norm()
        full, less = (tensors[name] - length * before[name] for tensors in (whole, part))
        if name.startswith("stage1"):
            assert torch.equal(part[name], before[name])
        else:
            assert torch.allclose(less, full * (0.5 if name.startswith("stage2") else 1.0), atol=1e-5), name


def test_its_rate_follows_the_schedule():
    _, engine = make("resnet8")
    optimizer = Optimizer(lr=0.2, kind="muon", muon_lr=0.05, muon_momentum=0)
    terms = terms_of(engine, optimizer)
    first = terms.convolutions[0]
    gradient = torch.randn(engine.parameters.total, generator=torch.Generator().manual_seed(0))
    moved = []
    for lr in (0.2, 0.02):
        weights = torch.ones(engine.parameters.total)
        first.of(weights).fill_(1 / 12)  # already of the length that Muon keeps
        before = first.of(weights).clone()
        descend(weights, torch.zeros_like(weights), gradient, terms, lr, optimizer)
        moved.append(first.of(weights) - before)
    assert torch.allclose(moved[0], 10 * moved[1], atol=1e-5)
    assert moved[0].flatten(1).norm(dim=1).mean() == pytest.approx(0.05 * 16**0.5, rel=0.2)


def test_it_learns(digits, tmp_path):
    recipe = with_fields(short_recipe(digits, 60), ["optimizer.kind=muon", "optimizer.muon_lr=0.1"])
    assert train_on(digits, recipe, tmp_path / "run", Surroundings())["val_error"] < 60, "chance is 90 %"
