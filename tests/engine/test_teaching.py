"""Distillation and hints on the torch engine, against autograd and the equations written out."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, log_softmax, softmax

from reslab.data import Mixing, Preprocessing, mixed
from reslab.engine import Batch, Execution, Teaching, TorchEngine, Work
from reslab.engine.work import lacking
from reslab.errors import UsageError
from reslab.nets import create, hint_regressor, spec

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
OURS = Preprocessing(np.full((1, 1, 3), 120, np.float32), 64.0, 16)
THEIRS = Preprocessing(np.full((1, 1, 3), 90, np.float32), 50.0, 16)  # the teacher has another mean and scale


def some_batch(**changes) -> Batch:
    random = np.random.default_rng(0)
    return Batch(random.integers(0, 256, (6, 16, 16, 3), np.uint8), random.integers(0, 10, 6), **changes)


def trained(name: str = "resnet14") -> nn.Sequential:
    """A net whose statistics are not those of a batch."""
    net = create(name, size=16).eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return net


def seen(batch: Batch, by: Preprocessing) -> torch.Tensor:
    return (torch.from_numpy(batch.images).float() - float(by.mean.flat[0])).permute(0, 3, 1, 2) / by.std


def make(hints: tuple[str, str] | None = None, temperature: float = 3.0):
    torch.manual_seed(0)
    teacher, twin = trained(), create("resnet8", size=16)
    engine = TorchEngine(create("resnet8", size=16), OURS, FP32, teaching=Teaching(teacher, THEIRS, temperature, hints))
    named = dict(twin.named_parameters())
    if hints:
        regressor = hint_regressor(twin, teacher, hints, 16)
        named |= dict(regressor.named_parameters("hint"))
    else:
        regressor = nn.Identity()
    return engine, engine.parameters.pack(named), teacher, twin, regressor


def test_the_loss_is_of_the_labels_and_of_softened_answers():
    engine, weights, teacher, twin, _ = make()
    batch = some_batch(teaching=2.5)
    scores = twin.train()(seen(batch, OURS))
    with torch.no_grad():
        answers = softmax(teacher(seen(batch, THEIRS)) / 3, 1)
    taught = -(answers * log_softmax(scores / 3, 1)).sum(1).mean()
    loss = cross_entropy(scores, torch.from_numpy(batch.labels))
    (loss + 2.5 * taught).backward()
    output = engine.step(weights, batch)
    assert output.loss.item() == pytest.approx((loss + 2.5 * taught).item(), rel=1e-5)
    assert output.losses.mean().item() == pytest.approx(loss.item(), rel=1e-5)  # of the labels alone
    for name, gradient in engine.parameters.views(output.gradient).items():
        assert torch.allclose(gradient, twin.get_parameter(name).grad, atol=1e-5), name


def test_without_a_weight_the_teacher_says_nothing():
    engine, weights, *_ = make()
    alone = TorchEngine(create("resnet8", size=16), OURS, FP32)
    assert engine.parameters == alone.parameters
    assert torch.equal(engine.step(weights, some_batch()).gradient, alone.step(weights, some_batch()).gradient)


def test_a_teacher_sees_what_is_mixed_and_cropped():
    random = np.random.default_rng(1)
    changes = {
        "crops": random.integers(0, 5, (6, 2)),
        "flips": random.integers(0, 2, 6).astype(bool),
        "pad": 2,
        "mixing": Mixing(0.7, None),
    }
    engine, weights, teacher, twin, _ = make()
    batch = some_batch(teaching=1.0, **changes)
    # The same pixels, each as its own net normalises them: there is padding where an image and its mirror have none.
    one = replace(batch, mixing=None)
    mine, theirs = engine._pictures.augmented(one), engine._teacher._pictures.augmented(one)
    inside = (theirs != 0).any(1, keepdim=True).expand_as(theirs) & (mine != 0).any(1, keepdim=True).expand_as(mine)
    assert not inside.all() and inside.float().mean() > 0.7
    assert torch.allclose((mine * 64 + 120)[inside], (theirs * 50 + 90)[inside], atol=1e-3)
    scores = twin.train()(engine._pictures.augmented(batch))
    pictures = mixed(theirs.permute(0, 2, 3, 1), batch.mixing).permute(0, 3, 1, 2)
    answers = softmax(teacher(pictures) / 3, 1)
    taught = -(answers * log_softmax(scores / 3, 1)).sum(1)
    of_labels = [cross_entropy(scores, torch.from_numpy(b.labels), reduction="none") for b in (batch, batch.others())]
    wanted = (batch.mixing.blend(*of_labels) + taught).mean()
    assert engine.step(weights, batch).loss.item() == pytest.approx(wanted.item(), rel=1e-4)


def test_hints_teach_what_lies_below_them_and_their_regressor():
    engine, weights, teacher, twin, regressor = make(("stage2", "stage3"))
    batch = some_batch(hints=True, companions=False)
    theirs = seen(batch, THEIRS)
    with torch.no_grad():
        wanted = teacher.stage3(teacher.stage2(teacher.stage1(teacher.stem(theirs))))
    ours = twin.train()
    below = ours.stage2(ours.stage1(ours.stem(seen(batch, OURS))))
    loss = (regressor(below) - wanted).square().mean() / 2
    loss.backward()
    output = engine.step(weights, batch)
    assert output.loss.item() == pytest.approx(loss.item(), rel=1e-5)
    wrong = ours.head(ours.stage3(below.detach())).argmax(1) != torch.from_numpy(batch.labels)
    assert torch.equal(output.errors, wrong)
    named = dict(twin.named_parameters()) | dict(regressor.named_parameters("hint"))
    for name, gradient in engine.parameters.views(output.gradient).items():
        if name.startswith(("stage3", "head")):
            assert not gradient.any(), name
        else:
            assert torch.allclose(gradient, named[name].grad, rtol=1e-3, atol=1e-5), name


def test_the_regressor_lies_behind_the_net():
    engine, *_ = make(("stage2", "stage3"))
    whole, of_net = engine.parameters, engine.parameters.of_net
    assert of_net == TorchEngine(create("resnet8", size=16), OURS, FP32).parameters
    assert whole.names[len(of_net.names) :] == ("hint.0.weight", "hint.0.bias")
    # Maps of 8 px with 32 channels -> of 4 px with 64: a kernel of 5, two pieces a unit.
    assert whole.shapes[len(of_net.names) :] == ((128, 32, 5, 5), (128,))


def test_fitnet_guesses_maxouts_second_layer():
    regressor = hint_regressor(create("fitnet19"), create("maxout"), ("stage2", "stage2"), 32)
    # Maps of 8 px with 80 channels, behind the pool of the eleventh layer -> of 7 px with 192.
    assert regressor[0].weight.shape == (2 * 192, 80, 2, 2)
    assert regressor(torch.zeros(1, 80, 8, 8)).shape == (1, 192, 7, 7)


@pytest.mark.parametrize("hints", [None, ("stage1", "stage2")])
def test_parts_add_up_to_the_whole_batch(hints):
    torch.manual_seed(0)
    net = create("nin", size=16)  # nothing is normalised over a part
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    engine = TorchEngine(net, OURS, FP32, teaching=Teaching(trained("resnet14"), THEIRS, 3.0, hints))
    weights = 0.05 * torch.randn(engine.parameters.total)
    batch = some_batch(teaching=0.0 if hints else 2.0, hints=bool(hints))
    whole = engine.step(weights, replace(batch, weights=np.linspace(0.5, 2, 6, dtype=np.float32)))
    loss, losses, gradient = whole.loss.clone(), whole.losses.clone(), whole.gradient.clone()
    parts = engine.step(weights, replace(batch, weights=np.linspace(0.5, 2, 6, dtype=np.float32), parts=2))
    assert torch.allclose(parts.loss, loss, rtol=1e-5) and torch.allclose(parts.losses, losses, rtol=1e-4)
    assert torch.allclose(parts.gradient, gradient, atol=1e-4 * gradient.abs().max().item())
    assert gradient.any()


def test_weights_of_samples_weigh_their_hints():
    engine, weights, *_ = make(("stage2", "stage3"))
    batch = some_batch(hints=True, companions=False)
    weighing = np.linspace(0, 2, 6, dtype=np.float32)
    output = engine.step(weights, replace(batch, weights=weighing))
    assert output.loss.item() == pytest.approx((output.losses * torch.from_numpy(weighing)).mean().item(), rel=1e-5)


def test_errors_of_mixed_images_are_of_both_labels_in_hints_too():
    engine, weights, *_ = make(("stage2", "stage3"))
    output = engine.step(weights, some_batch(hints=True, companions=False, mixing=Mixing(0.25, None)))
    assert output.errors.dtype == torch.float32 and set(output.errors.tolist()) <= {0, 0.25, 0.75, 1}


def test_a_frozen_part_and_a_teacher():
    teacher = Teaching(trained(), THEIRS, 3.0)
    engine = TorchEngine(create("resnet8", size=16), OURS, FP32, "stage1", teacher)
    weights = engine.parameters.pack(dict(create("resnet8", size=16).named_parameters()))
    statistics = torch.rand(engine.statistics.total) + 0.5
    gradient = engine.step(weights, some_batch(teaching=1.0), statistics).gradient
    frozen = engine.parameters.frozen
    assert frozen and not gradient[:frozen].any() and gradient[frozen:].any()


@pytest.mark.parametrize(
    ("hints", "said"),
    [
        (("stage9", "stage3"), "unknown part of the net for hints 'stage9'"),
        (("stage2", "head"), "unknown part of its teacher for hints 'head'"),
        (("stage3", "stage1"), "the teacher's map of 16 x 16 is larger than the net's own of 4 x 4"),
    ],
)
def test_hints_that_cannot_be_are_refused(hints, said):
    with pytest.raises(UsageError, match=said):
        hint_regressor(create("resnet8", size=16), create("resnet14", size=16), hints, 16)


def test_kernels_of_our_own_have_no_teacher():
    assert lacking(Work(spec("resnet20"), 10, taught=True)) == "a net that teaches (teacher.net)"
    assert lacking(Work(spec("resnet20"), 10)) is None
