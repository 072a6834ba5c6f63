"""The torch engine against plain PyTorch: loss, gradient, statistics, augmentation."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from reslab.data import Preprocessing, draw_crops, draw_flips
from reslab.engine import Batch, Execution, TorchEngine
from reslab.nets import create

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=2)
PLAIN = Preprocessing(np.full((1, 1, 3), 120, np.float32), 64.0, 16)


def some_batch(count: int = 8, size: int = 16) -> Batch:
    random = np.random.default_rng(0)
    return Batch(random.integers(0, 256, (count, size, size, 3), np.uint8), random.integers(0, 10, count))


def make(execution: Execution = FP32, shortcut: str | None = "A"):
    torch.manual_seed(0)
    net = create("resnet8", shortcut=shortcut) if shortcut else create("plain8")
    twin = create("resnet8", shortcut=shortcut) if shortcut else create("plain8")
    twin.load_state_dict(net.state_dict())
    engine = TorchEngine(net, PLAIN, execution)
    weights = engine.buffer(engine.parameters.pack(dict(twin.named_parameters())))
    return engine, weights, twin


@pytest.mark.parametrize("shortcut", ["A", "B", "C", None])
def test_loss_and_gradient_are_pytorchs(shortcut):
    engine, weights, twin = make(shortcut=shortcut)
    batch = some_batch()
    output = engine.step(weights, batch)
    images = (torch.from_numpy(batch.images).float() - 120).permute(0, 3, 1, 2) / 64
    loss = nn.functional.cross_entropy(twin(images), torch.from_numpy(batch.labels))
    loss.backward()
    assert output.loss.item() == pytest.approx(loss.item(), rel=1e-5)
    expected = torch.cat([p.grad.reshape(-1) for p in twin.parameters()])
    assert torch.allclose(output.gradient, expected, rtol=1e-3, atol=1e-5)
    assert output.losses.shape == output.errors.shape == (8,)


def test_statistics_are_this_batchs():
    engine, weights, twin = make()
    output = engine.step(weights, some_batch())
    for module in twin.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    twin((torch.from_numpy(some_batch().images).float() - 120).permute(0, 3, 1, 2) / 64)
    views = engine.statistics.views(output.statistics)
    for name, expected in twin.named_buffers():
        if name in views:
            assert torch.allclose(views[name], expected, rtol=1e-4, atol=1e-6), name


def test_every_step_starts_from_a_gradient_of_zero():
    engine, weights, _ = make()
    first = engine.step(weights, some_batch()).gradient.clone()
    assert torch.equal(engine.step(weights, some_batch()).gradient, first)


def test_weights_of_samples():
    engine, weights, _ = make()
    batch = some_batch()
    plain = engine.step(weights, batch)
    expected, losses = plain.loss.item(), plain.losses.clone()
    ones = engine.step(weights, Batch(batch.images, batch.labels, weights=np.ones(8, np.float32)))
    assert ones.loss.item() == pytest.approx(expected)
    only = np.zeros(8, np.float32)
    only[3] = 8
    assert engine.step(weights, Batch(batch.images, batch.labels, weights=only)).loss.item() == pytest.approx(
        losses[3].item()
    )


def test_smoothed_labels_leave_every_class_a_part():
    engine, weights, twin = make()
    batch = replace(some_batch(), smoothing=0.2)
    output = engine.step(weights, batch)
    scores = twin((torch.from_numpy(batch.images).float() - 120).permute(0, 3, 1, 2) / 64)
    targets = torch.full((8, 10), 0.02)
    targets[torch.arange(8), torch.from_numpy(batch.labels)] = 0.82
    losses = -(targets * scores.log_softmax(1)).sum(1)
    losses.mean().backward()
    assert torch.allclose(output.losses, losses, rtol=1e-5)
    expected = torch.cat([p.grad.reshape(-1) for p in twin.parameters()])
    assert torch.allclose(output.gradient, expected, rtol=1e-3, atol=1e-5)


def test_augmentation_is_done_by_the_engine():
    engine, _, _ = make()
    batch = some_batch()
    crops, flips = draw_crops(8, 2, 0, 0), draw_flips(8, 0, 0)
    augmented = engine._pictures.augmented(Batch(batch.images, batch.labels, crops, flips, pad=2))
    normalised = np.pad((batch.images.astype(np.float32) - 120) / 64, ((0, 0), (2, 2), (2, 2), (0, 0)))
    for i in range(8):
        top, left = crops[i]
        cut = normalised[i, top : top + 16, left : left + 16]
        expected = cut[:, ::-1] if flips[i] else cut
        assert np.allclose(augmented[i].permute(1, 2, 0).numpy(), expected, atol=1e-6)


def test_inference_uses_the_running_statistics():
    engine, weights, twin = make()
    for _ in range(20):
        statistics = engine.step(weights, some_batch()).statistics.clone()
    scores = engine.logits(weights, statistics, some_batch().images)
    own = {**engine.parameters.views(weights), **engine.statistics.views(statistics)}
    twin.load_state_dict(own, strict=False)
    expected = twin.eval()((torch.from_numpy(some_batch().images).float() - 120).permute(0, 3, 1, 2) / 64)
    assert torch.allclose(scores, expected, atol=1e-4)
    assert torch.allclose(engine.logits(weights, statistics, some_batch().images[:2]), scores[:2], atol=1e-4)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_same_batch_same_bytes(precision):
    execution = Execution("torch", "cpu", precision, True, False, 2)
    outputs = []
    for _ in range(2):
        engine, weights, _ = make(execution)
        outputs.append(engine.step(weights, some_batch()).gradient.clone())
    assert torch.equal(*outputs)
    assert torch.isfinite(outputs[0]).all()


def test_buffers_are_independent_copies():
    engine, weights, _ = make()
    copy = engine.buffer(weights)
    copy.zero_()
    assert weights.any()
