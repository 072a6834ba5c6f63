"""Training on mixed images: losses of both labels, metrics between them, and who refuses what."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from reslab.data import Mixing, Preprocessing, draw_mixing, load_dataset, measure
from reslab.engine import Batch, Execution, Request, TorchEngine, choose, make_engine, sample_losses, this_machine
from reslab.engine.work import lacking
from reslab.errors import UsageError
from reslab.nets import companions_of, create
from reslab.store import RunFolder
from reslab.training import Facts, Surroundings, make_recipe, train_on, with_fields
from reslab.training.feed import batch_at
from reslab.training.presets import spec_of, work_of
from reslab.training.rules import LARGEST_ALPHA, LEAST_ALPHA
from reslab.training.state import initial_state
from reslab.training.statistics import estimated_statistics
from reslab.training.suitable import check_parts
from tests.conftest import short_recipe

FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
PLAIN = Preprocessing(np.full((1, 1, 3), 120, np.float32), 64.0, 8)
CIFAR = Facts("cifar10", 10, 32, 45_000, mirror=True, official=True, split="45k/5k")
BOX = Mixing(1 - 12 / 64, (2, 1, 5, 5))


def some_batch(mixing: Mixing, **choices) -> Batch:
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (6, 8, 8, 3), np.uint8), random.integers(0, 10, 6)
    return Batch(images, labels, mixing=mixing, **choices)


def engine_of(name: str = "resnet8", **options):
    """An engine, its net's weights, and the net's twin; without dropout."""
    nets = [create(name, **options), create(name, **options)]
    nets[1].load_state_dict(nets[0].state_dict())
    for module in (*nets[0].modules(), *nets[1].modules()):
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    engine = TorchEngine(nets[0], PLAIN, FP32)
    return engine, engine.buffer(engine.parameters.pack(dict(nets[1].named_parameters()))), nets[1].train()


def mixed_by_hand(batch: Batch) -> torch.Tensor:
    images = (torch.from_numpy(batch.images).float() - 120).permute(0, 3, 1, 2) / 64
    other = images[[5, 0, 1, 2, 3, 4]]
    if batch.mixing.box is None:
        return batch.mixing.own * images + (1 - batch.mixing.own) * other
    top, left, bottom, right = batch.mixing.box
    inside = torch.zeros(8, 8, dtype=torch.bool)
    inside[top:bottom, left:right] = True
    return torch.where(inside, other, images)


@pytest.mark.parametrize("mixing", [Mixing(0.3), BOX])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_loss_and_gradient_are_those_of_mixed_labels(mixing, smoothing):
    engine, weights, twin = engine_of()
    batch = some_batch(mixing, smoothing=smoothing)
    output = engine.step(weights, batch)
    labels, own = torch.from_numpy(batch.labels), mixing.own
    hot = nn.functional.one_hot(labels, 10).float()
    targets = (1 - smoothing) * (own * hot + (1 - own) * hot[[5, 0, 1, 2, 3, 4]]) + smoothing / 10
    scores = twin(mixed_by_hand(batch))
    losses = -(targets * scores.log_softmax(1)).sum(1)
    losses.mean().backward()
    assert torch.allclose(output.losses, losses, rtol=1e-4)
    assert output.loss.item() == pytest.approx(losses.mean().item(), rel=1e-4)
    expected = torch.cat([p.grad.reshape(-1) for p in twin.parameters()])
    assert torch.allclose(output.gradient, expected, rtol=1e-3, atol=1e-5)
    answers = scores.argmax(1)
    wrong = own * (answers != labels) + (1 - own) * (answers != labels[[5, 0, 1, 2, 3, 4]])
    assert torch.allclose(output.errors, wrong)


def test_a_label_weighs_what_its_own_image_does():
    engine, weights, twin = engine_of()
    batch = some_batch(Mixing(0.3), weights=np.array([0, 1, 2, 3, 4, 5], np.float32))
    scores, labels = twin(mixed_by_hand(batch)), torch.from_numpy(batch.labels)
    losses = -scores.log_softmax(1)
    expected = sum(
        0.3 * number * losses[number, labels[number]] + 0.7 * ((number - 1) % 6) * losses[number, labels[number - 1]]
        for number in range(6)
    )
    assert engine.step(weights, batch).loss.item() == pytest.approx(expected.item() / 6, rel=1e-4)


def test_all_heads_and_losses_learn_both_labels():
    engine, weights, twin = engine_of("dsn", size=8)
    batch = some_batch(Mixing(0.3), loss="squared_hinge")
    output = engine.step(weights, batch)
    labels = torch.from_numpy(batch.labels)
    own = twin(mixed_by_hand(batch))

    def both(scores):
        first = sample_losses("squared_hinge", scores, labels)
        return 0.3 * first + 0.7 * sample_losses("squared_hinge", scores, labels.roll(1))

    total = both(own) + sum(each.weight * both(each.take()) for each in companions_of(twin))
    assert torch.allclose(output.losses, both(own), rtol=1e-4)
    assert output.loss.item() == pytest.approx(total.mean().item(), rel=1e-4)
    total.mean().backward()
    expected = torch.cat([p.grad.reshape(-1) for p in twin.parameters()])
    assert torch.allclose(output.gradient, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("changes", [[], ["augment.small_size=8", "augment.small_part=0.5"], ["augment.lighting=0.1"]])
@pytest.mark.parametrize("kind", ["mixup=0.4", "cutmix=1"])
def test_images_are_mixed_as_they_are_cropped_mirrored_and_coloured(changes, kind):
    data = load_dataset("digits", size=12)
    recipe = make_recipe(Facts("digits", 10, 12, 1_077, mirror=True, official=True), "resnet8", batch=6).stretched(8)
    recipe = with_fields(recipe, ["augment.erase=0.5", "augment.pad=2", kind, *changes])
    engine = TorchEngine(create("resnet8"), measure(data.splits["train"], "pixel"), FP32)
    for step in (2, 6):
        batch = batch_at(recipe, data.splits["train"], step)
        assert batch.mixing == draw_mixing(recipe.mixup, recipe.cutmix, batch.size or 12, 0, step)
        alone, found = engine._pictures.augmented(replace(batch, mixing=None)), engine._pictures.augmented(batch)
        others, inside = alone[[5, 0, 1, 2, 3, 4]], torch.ones(alone.shape[2:], dtype=torch.bool)
        own = batch.mixing.own
        if batch.mixing.box is not None:
            top, left, bottom, right = batch.mixing.box
            inside[:], own = False, 0.0
            inside[top:bottom, left:right] = True
        assert torch.allclose(found, torch.where(inside, own * alone + (1 - own) * others, alone), atol=1e-6)
        assert not torch.equal(found, alone)


def test_metrics_are_weighted_between_both_labels(digits, tmp_path):
    """Half and half, a net that knows all digits is still wrong about half of nearly all."""
    recipe = with_fields(short_recipe(digits, 150), ["mixup=10000"])
    result = train_on(digits, recipe, tmp_path / "run", Surroundings(Request(threads=1)))
    last = [line["train_error"] for line in RunFolder(tmp_path / "run").metrics() if "train_error" in line][-10:]
    assert 45 < np.mean(last) < 75 and result["train_error"] < 20, "the result's own is of whole images"


def test_statistics_that_are_taken_anew_are_of_whole_images(digits):
    plain = replace(short_recipe(digits), statistics_batches=2)
    images = digits.splits["train"]
    engine = make_engine(spec_of(plain), measure(images, "pixel"), FP32)
    state = initial_state(plain, engine, spec_of(plain), None)
    whole, *mixed = (
        estimated_statistics(recipe, state.weights, state.statistics, engine, images)
        for recipe in (plain, replace(plain, mixup=1.0), replace(plain, cutmix=1.0))
    )
    assert all(torch.equal(statistics, whole) for statistics in mixed)


def test_native_kernels_mix_nothing():
    recipe = make_recipe(CIFAR, "resnet20")
    assert lacking(work_of(recipe)) is None
    for change in ("mixup=0.2", "cutmix=1"):
        work = work_of(with_fields(recipe, [change]))
        assert lacking(work) == "images that are mixed (mixup, cutmix)"
        with pytest.raises(UsageError, match="--engine native: they are not made for images that are mixed"):
            choose(Request(engine="native"), this_machine(), work)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["mixup=-0.1"], r"mixup -0.1: alpha of a Beta distribution: 0 \(off\), .*; 0.2 is usual"),
        (["cutmix=inf"], "cutmix=inf: that field takes a number"),
        (["cutmix=1e999"], "cutmix inf: alpha of a Beta distribution"),
        (["cutmix=1e308"], r"cutmix 1e\+308: .* to 10,000, where all are mixed half and half; 1 is usual"),
        (["mixup=1e-200"], "mixup 1e-200: .* from 0.001, where nearly every image stays whole"),
        (["mixup=10001"], "mixup 10001.0: "),
        (["batch=1", "cutmix=1"], "batch 1: one image has none to be mixed with; --batch 2"),
        (["mix_up=1"], "did you mean mixup"),
    ],
)
def test_what_cannot_be_mixed_is_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        with_fields(make_recipe(CIFAR), changes)


def test_at_the_bounds_of_alpha_images_stay_whole_or_are_mixed_half_and_half():
    for alpha, far, apart in ((LEAST_ALPHA, 0.0, 0.01), (LARGEST_ALPHA, 0.5, 0.02)):
        owns = np.array([draw_mixing(alpha, 0, 8, 0, step).own for step in range(1000)])
        distance = np.minimum(np.abs(owns - far), np.abs(1 - owns - far))
        assert np.quantile(distance, 0.99) < apart and ((owns >= 0) & (owns <= 1)).all()


def test_processes_that_would_have_one_image_each_are_refused():
    recipe = with_fields(make_recipe(CIFAR, batch=5), ["mixup=0.2"])
    check_parts(recipe, 2)
    with pytest.raises(UsageError, match=r"leaves some of 3 processes one image, .* --batch 6"):
        check_parts(recipe, 3)


def test_a_part_of_one_image_has_none_to_be_mixed_with(recipe):
    with pytest.raises(UsageError, match=r"batch 64 in 40 parts: .* --batch 80"):
        replace(recipe, mixup=0.2, accumulate=40)
    divided = replace(recipe, mixup=0.2, accumulate=32)
    with pytest.raises(UsageError, match=r"2 processes with 32 parts each one image, .*: --batch 128"):
        check_parts(divided, 2)
    check_parts(divided, 1)


def test_parts_are_mixed_by_the_one_mixing_of_their_batch(digits, recipe):
    batch = batch_at(replace(recipe, mixup=0.2, accumulate=4), digits.splits["train"], 0)
    assert batch.mixing is not None and {part.mixing for part in batch.divided()} == {batch.mixing}
