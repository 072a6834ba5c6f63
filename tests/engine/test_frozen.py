"""Frozen parts on the torch engine, against autograd on a net whose first parts are in evaluation mode."""

from collections import OrderedDict
from copy import deepcopy
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reslab.data import Mixing, Preprocessing
from reslab.engine import Batch, Execution, Layout, Request, TorchEngine, Work, choose, parameter_layout, this_machine
from reslab.engine.work import lacking
from reslab.nets import companions_of, create, parts_until, spec
from reslab.nets.blocks import conv_bn

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
PLAIN = Preprocessing(np.full((1, 1, 3), 120, np.float32), 64.0, 16)
DRAWN = torch.Generator().manual_seed(0)


def some_batch(**changes) -> Batch:
    random = np.random.default_rng(0)
    return Batch(random.integers(0, 256, (8, 16, 16, 3), np.uint8), random.integers(0, 10, 8), **changes)


def make(name: str, frozen: str, execution: Execution = FP32, **options):
    """An engine, weights and running statistics for it, and a net that has these, its first parts as in testing."""
    engine = TorchEngine(create(name, size=16, **options), PLAIN, execution, frozen)
    twin = create(name, size=16, **options)
    weights = engine.parameters.pack(dict(twin.named_parameters()))
    statistics = torch.rand(engine.statistics.total, generator=DRAWN) + 0.5
    twin.load_state_dict(engine.statistics.views(statistics), strict=False)
    for module in (*twin.train().modules(), *engine._net.modules()):
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    for part in parts_until(twin, frozen):
        twin.get_submodule(part).eval()
    return engine, weights, statistics, twin


def loss_of(twin: nn.Module, batch: Batch) -> Tensor:
    images = (torch.from_numpy(batch.images).float() - 120).permute(0, 3, 1, 2) / 64
    labels = torch.from_numpy(batch.labels)
    loss = nn.functional.cross_entropy(twin(images), labels)
    for companion in companions_of(twin):
        if companion.training:
            loss = loss + companion.weight * nn.functional.cross_entropy(companion.take(), labels)
    return loss


NETS = [
    ("resnet8", "stem", {}),
    ("resnet8", "stage2", {"shortcut": "B"}),
    ("resnet8", "stage3", {}),
    ("plain8", "stage1", {}),
    ("preact20", "stage3", {}),
    ("resnet8", "stage3", {"survival": 0.5}),
    ("dsn", "stage1", {}),
    ("highway19", "stage3", {}),
]


@pytest.mark.parametrize(("name", "frozen", "options"), NETS)
def test_the_gradient_of_the_rest_is_autograds(name, frozen, options):
    engine, weights, statistics, twin = make(name, frozen, **options)
    output = engine.step(weights, some_batch(), statistics)
    loss = loss_of(twin, some_batch())
    loss.backward()
    assert output.loss.item() == pytest.approx(loss.item(), rel=1e-4)
    found, held = engine.parameters.views(output.gradient), parts_until(twin, frozen)
    for parameter, tensor in twin.named_parameters():
        if parameter.partition(".")[0] in held:
            assert not found[parameter].any(), parameter
        else:
            assert tensor.grad.any() or tensor.ndim == 1, parameter
            assert torch.allclose(found[parameter], tensor.grad, rtol=1e-3, atol=1e-5), parameter
    measured = engine.statistics.learned
    theirs = engine.statistics.pack(dict(twin.named_buffers()))
    assert torch.allclose(output.statistics[measured], theirs[measured], rtol=1e-3, atol=1e-5)


def test_nothing_is_kept_of_frozen_parts_for_a_backward_pass():
    engine, weights, statistics, _ = make("resnet8", "stage2")
    needed = {}
    for name, part in engine._net.named_children():
        part.register_forward_hook(lambda _part, _in, out, name=name: needed.__setitem__(name, out.requires_grad))
    engine.step(weights, some_batch(), statistics)
    assert needed == {"stem": False, "stage1": False, "stage2": False, "stage3": True, "head": True}


def test_after_testing_frozen_parts_are_as_in_the_step_before():
    engine, weights, statistics, _ = make("resnet8", "stage2")
    first = engine.step(weights, some_batch(), statistics).gradient.clone()
    engine.logits(weights, statistics * 2, some_batch().images)
    assert torch.equal(engine.step(weights, some_batch(), statistics).gradient, first)
    assert not torch.equal(engine.step(weights, some_batch(), statistics * 2).gradient, first), "it is by these"


def test_behind_a_frozen_body_images_are_alone_and_parts_are_the_whole():
    engine, weights, statistics, _ = make("resnet8", "stage3")
    whole = engine.step(weights, some_batch(), statistics).gradient.clone()
    parted = engine.step(weights, some_batch(parts=3), statistics).gradient
    assert torch.allclose(parted, whole, rtol=1e-4, atol=1e-6)


def test_mixed_images_go_through_frozen_parts_mixed():
    engine, weights, statistics, twin = make("resnet8", "stage3")
    batch = some_batch(mixing=Mixing(0.3))
    output = engine.step(weights, batch, statistics)
    images = (torch.from_numpy(batch.images).float() - 120).permute(0, 3, 1, 2) / 64
    scores, labels = twin(0.3 * images + 0.7 * images.roll(1, 0)), torch.from_numpy(batch.labels)
    loss = 0.3 * nn.functional.cross_entropy(scores, labels) + 0.7 * nn.functional.cross_entropy(scores, labels.roll(1))
    loss.backward()
    expected = torch.cat([parameter.grad.reshape(-1) for parameter in twin.head.parameters()])
    assert torch.allclose(output.gradient[engine.parameters.learned], expected, rtol=1e-3, atol=1e-5)


def test_in_bf16_the_same_bytes_and_nearly_the_same_gradient():
    engine, weights, statistics, _ = make("resnet8", "stage1", replace(FP32, precision="bf16"))
    exact = TorchEngine(create("resnet8", size=16), PLAIN, FP32, "stage1").step(weights, some_batch(), statistics)
    first, second = (engine.step(weights, some_batch(), statistics).gradient.clone() for _ in range(2))
    assert torch.equal(first, second)
    assert (first - exact.gradient).norm() < 0.1 * exact.gradient.norm()


@pytest.mark.slow
def test_compiled_it_is_the_same(monkeypatch):
    """Traced as for the default backend, whose C++ takes a minute to compile."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    torch.manual_seed(0)
    parts = {"stem": nn.Sequential(*conv_bn(3, 4, 3), nn.ReLU()), "stage1": nn.Sequential(*conv_bn(4, 4, 3))}
    net = nn.Sequential(OrderedDict(parts, head=nn.Sequential(nn.Flatten(), nn.Linear(4 * 16 * 16, 10))))
    weights = parameter_layout(net).pack(dict(net.named_parameters()))
    statistics = torch.rand(16, generator=DRAWN) + 0.5
    plain, compiled = (
        TorchEngine(deepcopy(net), PLAIN, replace(FP32, compiled=compiled), "stem") for compiled in (False, True)
    )
    for factor in (1, 2):
        ours, theirs = (each.step(weights, some_batch(), factor * statistics) for each in (compiled, plain))
        assert not ours.gradient[: plain.parameters.frozen].any() and ours.gradient.any()
        assert torch.allclose(ours.gradient, theirs.gradient, rtol=1e-3, atol=1e-5)
        assert torch.allclose(ours.statistics, theirs.statistics, rtol=1e-3, atol=1e-5)


def test_frozen_numbers_are_the_first_of_a_layout():
    layout = Layout(("stem.0.weight", "stage1.0.weight", "head.0.bias"), ((2, 3), (4,), (1,)))
    assert (layout.frozen, layout.learned) == (0, slice(0, None))
    frozen = layout.freezing(("stem", "stage1"))
    assert (frozen.frozen, frozen.learned, frozen.total) == (10, slice(10, None), 11)
    with pytest.raises(AssertionError, match="not the first"):
        layout.freezing(("head",))


def test_native_kernels_freeze_nothing():
    able = replace(this_machine(), gpu=None, mps=False, features=("avx512f", "avx512_bf16"), cores=2)
    work = Work(spec("resnet20", None, 10, 32), 10**6, frozen=True)
    assert lacking(work) == "frozen parts of a net (model.frozen)" and lacking(replace(work, frozen=False)) is None
    chosen, line = choose(Request(), able, work)
    assert chosen.engine == "torch" and "no native kernels: they are not made for frozen parts" in line
    with pytest.raises(ValueError, match="--engine native: they are not made for frozen parts of a net"):
        choose(Request(engine="native"), able, work)
