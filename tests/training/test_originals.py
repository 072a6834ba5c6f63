"""The nets of the comparison, each by its own recipe: every one learns, is saved, and goes on where it stopped."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from reslab.data import load_dataset, measure
from reslab.engine import Execution, Layout, Request, Work, make_engine
from reslab.engine.work import lacking
from reslab.errors import UsageError
from reslab.evaluation import evaluate
from reslab.nets import HISTORIC, spec
from reslab.store import RunFolder, load
from reslab.training import (
    ORIGINALS,
    Facts,
    Interrupted,
    Optimizer,
    Recipe,
    Surroundings,
    facts_of,
    learning_rate,
    make_recipe,
    train_on,
    with_fields,
)
from reslab.training.by_name import named_values
from reslab.training.feed import batch_at
from reslab.training.loop import update
from reslab.training.optimizer import decay_of, limits_of, rates_of, rmsprop, terms_of
from reslab.training.presets import spec_of
from reslab.training.schedule import companions_learn, momentum
from reslab.training.state import initial_state
from reslab.training.suitable import check
from tests.conftest import short_recipe

CIFAR10 = Facts("cifar10", 10, 32, 45_000, mirror=True, official=True, split="45k/5k")
FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
ALONE = Surroundings(Request(threads=1))  # nets so small are slower on two
CIFAR = [name for name, row in HISTORIC.items() if row.size == 32]


def test_every_historic_net_has_a_recipe():
    assert set(ORIGINALS) == set(HISTORIC)


@pytest.mark.parametrize("preset", ["original", "fast", "small", "paper"])
@pytest.mark.parametrize("name", HISTORIC)
def test_recipes_fit_their_nets(name, preset):
    size = max(32, HISTORIC[name].smallest)
    facts = replace(CIFAR10, size=size)
    recipe = make_recipe(facts, name, preset)
    check(recipe, facts)  # every pattern of names matches, above all
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    rates = [learning_rate(recipe, step) for step in (0, recipe.steps // 2, recipe.steps - 1)]
    assert all(0 < rate <= recipe.optimizer.lr for rate in rates)


def test_fast_is_the_nets_own_recipe_in_20_epochs():
    own, fast = make_recipe(CIFAR10, "dsn", "original"), make_recipe(CIFAR10, "dsn", "fast")
    assert (fast.optimizer, fast.loss, fast.batch) == (own.optimizer, own.loss, own.batch)
    assert fast.steps == 9_000 and fast.schedule.drops == (6_750, 7_650) and fast.schedule.companion_steps == 2_250


def test_googlenet_sees_parts_of_photographs_in_other_colours():
    augment = make_recipe(replace(CIFAR10, size=224), "googlenet", "original").augment
    assert (augment.area, augment.aspect, augment.pad, augment.flip) == ((0.08, 1.0), (3 / 4, 4 / 3), 0, True)
    assert (augment.jitter, augment.lighting) == ((0.5, 0.5, 0.5), 0.1)
    assert not make_recipe(replace(CIFAR10, mirror=False), "googlenet", "original").augment.flip
    others = [make_recipe(replace(CIFAR10, size=224), name, "original") for name in HISTORIC if name != "googlenet"]
    assert all(not other.augment.area for other in others)


@pytest.mark.parametrize(
    ("name", "size", "scale", "mean"),
    [
        ("alexnet", 224, (256, 256), "pixel"),
        ("vgg16", 224, (256, 512), "channel"),
        ("vgg19", 224, (256, 512), "channel"),
        ("alexnet", 64, (73, 73), "pixel"),
        ("vgg19", 32, (37, 73), "channel"),
    ],
)
def test_alexnet_and_vgg_see_crops_of_scaled_images_in_other_colours(name, size, scale, mean):
    facts = replace(CIFAR10, name="photos", size=size, official=False)
    recipe = make_recipe(facts, name, "original")
    augment = recipe.augment
    assert (augment.scale, augment.lighting, augment.pad, augment.flip) == (scale, 0.1, 0, True)
    assert recipe.data.mean == mean
    assert not make_recipe(replace(facts, mirror=False), name, "original").augment.flip


@pytest.mark.parametrize("name", CIFAR)
def test_nets_for_small_images_are_padded_and_keep_the_data_sets_mean(name):
    recipe = make_recipe(CIFAR10, name, "original")
    assert recipe.augment.pad in (4, 8) and not recipe.augment.scale and recipe.data.mean == "pixel"


@pytest.mark.parametrize("preset", ["fast", "small", "record"])
def test_presets_for_all_nets_show_all_of_them_the_same(preset):
    facts = replace(CIFAR10, size=224)
    large = ("googlenet", "alexnet", "vgg16", "vgg19")
    seen = {make_recipe(facts, name, preset).augment for name in large}
    assert len(seen) == 1
    (seen,) = seen
    assert (seen.area, seen.scale, seen.jitter, seen.lighting, seen.pad) == ((), (), (0, 0, 0), 0, 28)
    for name in large:
        assert make_recipe(facts, name, preset).optimizer == make_recipe(facts, name, "original").optimizer


def test_a_row_says_what_is_not_done():
    assert "ZCA" in ORIGINALS["nin"].told and "ZCA" not in ORIGINALS["dsn"].told
    assert all(("Not done: " in row.told) == bool(row.lacks) for row in ORIGINALS.values())
    done = {name for name, row in ORIGINALS.items() if not row.lacks}
    assert done == {"maxout", "nin", "fitnet19", "highway19", "highway32"}


@pytest.mark.parametrize("name", CIFAR)
def test_nets_for_small_images_see_one_contrast_and_some_of_them_whitened_images(name):
    whitened = name in ("maxout", "nin", "fitnet19")
    for facts in (CIFAR10, replace(CIFAR10, name="photos", official=False)):
        data = make_recipe(facts, name, "original").data
        assert (data.gcn, data.zca, data.mean) == (True, whitened, "pixel")
    large = make_recipe(replace(CIFAR10, size=64), name, "original").data
    assert large.gcn and not large.zca, "a matrix of 151 million numbers"
    other = make_recipe(CIFAR10, name, "fast").data
    assert not other.gcn and not other.zca, "for all nets the same"


def test_paper_is_section_4_2_for_every_net():
    ours, theirs = (make_recipe(CIFAR10, name, "paper") for name in ("resnet20", "nin"))
    assert (ours.optimizer, ours.schedule, ours.batch) == (theirs.optimizer, theirs.schedule, theirs.batch)


def test_original_of_a_residual_net_is_its_papers():
    assert make_recipe(CIFAR10, "resnet56", "original") == replace(
        make_recipe(CIFAR10, "resnet56", "paper"), name="original"
    )
    warmed = make_recipe(CIFAR10, "preact20", "original").schedule
    assert (warmed.warmup_steps, warmed.warmup_lr) == (400, 0.01)


@pytest.mark.parametrize("name", [*CIFAR, "preact20"])
def test_one_step_lowers_the_loss_of_its_batch(digits, name):
    train = digits.splits["train"]
    few = replace(train, pixels=train.pixels[:16], labels=train.labels[:16])
    recipe = make_recipe(facts_of(digits), name, "original", batch=16)
    # A tenth of the rate: the first step of the whole one may be too long, and be mended by those that follow.
    recipe = with_fields(recipe, ["augment.pad=0", f"optimizer.lr={recipe.optimizer.lr / 10}"])
    engine = make_engine(spec_of(recipe), measure(few, "pixel"), FP32)
    without_dropout(engine)
    state = initial_state(recipe, engine, spec_of(recipe), None)
    terms, losses = terms_of(engine, recipe.optimizer), []
    for _ in range(2):
        update(recipe, state, engine, batch_at(recipe, few, state.step), terms)
        losses.append(float(state.sums[0]))
        state.sums.zero_()
    assert losses[1] < losses[0]


def without_dropout(engine) -> None:
    """Two steps see the same function."""
    for module in engine._net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0


@pytest.fixture(scope="module")
def few(digits):
    """So few images that measuring the result takes no time."""
    return replace(digits, splits={split: first(images, 24) for split, images in digits.splits.items()})


@pytest.mark.parametrize("name", CIFAR)
def test_trained_saved_loaded(few, tmp_path, name):
    result = train_on(few, short_recipe(few, 2, name, batch=8), tmp_path / "run", ALONE)
    assert result["model"] == name and result["test_images"] == 24 and result["engine"] == "torch"
    assert load(tmp_path / "run").identity.spec == spec(name, size=8)
    assert evaluate_on(tmp_path / "run", few) == pytest.approx(result["test_error"])


def test_tested_as_any_other_net(digits, tmp_path):
    result = train_on(digits, short_recipe(digits, 1, "dsn", batch=8), tmp_path / "run", ALONE)
    assert evaluate(tmp_path / "run").top1_error == result["test_error"]
    assert result["params"] > 966_986, "its companions learn, and stay in the file"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), [("alexnet", 63), ("vgg16", 32), ("vgg19", 32), ("googlenet", 32)])
def test_imagenet_nets_on_enlarged_digits(tmp_path, name, size):
    data = load_dataset("digits", size=size)
    data = replace(data, splits={split: first(images, 24) for split, images in data.splits.items()})
    result = train_on(data, short_recipe(data, 2, name, batch=4), tmp_path / "run", ALONE)
    assert evaluate_on(tmp_path / "run", data) == pytest.approx(result["test_error"])


@pytest.mark.parametrize("name", ["dsn", "maxout", "fitnet19", "resnet8"])
def test_stopped_and_continued_is_as_if_never_stopped(few, tmp_path, monkeypatch, name):
    recipe = short_recipe(few, 6, name, batch=8)
    recipe = with_fields(recipe, ["model.survival=0.5"] if name == "resnet8" else [])
    whole = train_on(few, recipe, tmp_path / "whole", ALONE)
    asked = []

    def line(self, written, write=RunFolder.append_metrics):
        if written["step"] >= 3 and not asked:
            asked.append(3)
            os.kill(os.getpid(), signal.SIGINT)
        write(self, written)

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "append_metrics", line)
        with pytest.raises(Interrupted):
            train_on(few, recipe, tmp_path / "stopped", ALONE)
    again = train_on(few, recipe, tmp_path / "stopped", ALONE)
    assert again["val_error"] == whole["val_error"]
    model = "model.safetensors"
    assert (tmp_path / "whole" / model).read_bytes() == (tmp_path / "stopped" / model).read_bytes()


def test_stochastic_depth_is_another_run_and_is_saved(few, tmp_path):
    plain = short_recipe(few, 2)
    recipe = with_fields(plain, ["model.survival=0.5"])
    assert recipe.digest() != plain.digest()
    train_on(few, recipe, tmp_path / "run", ALONE)
    assert load(tmp_path / "run").net.stage3[0].survival == 0.5


def test_native_kernels_are_for_the_nets_of_this_paper_alone():
    for found, reason in (
        (Work(spec("nin"), 1), "the layers of nin"),
        (Work(spec("preact20"), 1), "batch normalisation before convolutions"),
        (Work(spec("resnet20", survival=0.5), 1), "stochastic depth"),
        (Work(spec("resnet20"), 1, loss="squared_hinge"), "the loss squared_hinge"),
        (Work(spec("resnet20"), 1), None),
    ):
        assert lacking(found) == reason


LAYOUT = Layout(("stage1.0.weight", "stage1.0.bias", "head.0.weight", "head.0.bias"), ((2, 3), (2,), (1, 2), (1,)))
NOTHING = Layout((), ())


def test_rates_and_decays_by_name():
    optimizer = Optimizer(rates="*.bias=2, head.*=0.1", weight_decay=0.01, decays="head.*=10")
    assert rates_of(LAYOUT, NOTHING, optimizer).tolist() == pytest.approx([1] * 6 + [2] * 2 + [0.1] * 2 + [0.2])
    assert decay_of(LAYOUT, optimizer).tolist() == pytest.approx([0.01] * 6 + [0] * 2 + [0.1] * 2 + [0])


def test_lengths_are_limited_where_they_are_longer():
    (limit,) = limits_of(LAYOUT, Optimizer(max_norms="*=9, stage1.*=2, head.*=5"))[:1]
    weights = torch.tensor([3.0, 0.0, 4.0, 0.6, 0.0, 0.8, 7.0, 7.0, 3.0, 4.0, 9.0])
    limit.keep(weights)
    assert weights.tolist() == pytest.approx([1.2, 0.0, 1.6, 0.6, 0.0, 0.8, 7.0, 7.0, 3.0, 4.0, 9.0])
    (_, head) = limits_of(LAYOUT, Optimizer(max_norms="*=9, stage1.*=2, head.*=5"))
    assert (head.start, head.shape, head.length) == (8, (1, 2), 5.0), "the last pattern that matches, no biases"


def test_a_zero_unit_has_a_length_of_zero():
    (limit, *_) = limits_of(LAYOUT, Optimizer(max_norms="*=1"))
    weights = torch.zeros(11)
    limit.keep(weights)
    assert torch.equal(weights, torch.zeros(11))


def test_maxout_keeps_its_lengths_in_training(digits):
    recipe = make_recipe(facts_of(digits), "maxout", "original", batch=8)
    recipe = with_fields(recipe, ["optimizer.max_norms=stage1.*=0.01, head.*=0.02"])
    engine = make_engine(spec_of(recipe), measure(digits.splits["train"], "pixel"), FP32)
    state = initial_state(recipe, engine, spec_of(recipe), None)
    update(recipe, state, engine, batch_at(recipe, digits.splits["train"], 0), terms_of(engine, recipe.optimizer))
    views = engine.parameters.views(state.weights)
    assert views["stage1.1.weight"].flatten(1).norm(dim=1).max() <= 0.01 * (1 + 1e-5)
    assert views["head.2.weight"].norm(dim=1).max() <= 0.02 * (1 + 1e-5)
    assert views["stage2.1.weight"].flatten(1).norm(dim=1).max() > 0.1


def test_rmsprop_against_numpy():
    random = np.random.default_rng(0)
    w, s = random.normal(size=5), np.zeros(5)
    weights, squares = torch.from_numpy(w.copy()), torch.zeros(5, dtype=torch.double)
    optimizer, decay = Optimizer(kind="rmsprop", momentum=0.9), torch.full((5,), 0.1, dtype=torch.double)
    for _ in range(4):
        g = random.normal(size=5)
        step = g + 0.1 * w
        s = 0.9 * s + 0.1 * step**2
        w = w - 0.01 * step / np.sqrt(s)
        rmsprop(weights, squares, torch.from_numpy(g), decay, 0.01, optimizer)
    assert np.allclose(weights.numpy(), w)


def test_momentum_rises_linearly_to_its_end():
    recipe = make_recipe(CIFAR10, "maxout", "original")
    assert momentum(recipe, 0) == 0.5
    assert momentum(recipe, 97_656 // 2) == pytest.approx(0.575)
    assert momentum(recipe, 97_656) == momentum(recipe, 150_000) == 0.65
    assert momentum(make_recipe(CIFAR10, "resnet20"), 0) == 0.9


def test_rates_of_maxout_and_dsn():
    maxout, dsn = make_recipe(CIFAR10, "maxout", "original"), make_recipe(CIFAR10, "dsn", "original")
    assert learning_rate(maxout, 0) == pytest.approx(0.17)
    # The fall to a hundredth would have taken 500 epochs of 50,000 images; training ended after 474.
    assert learning_rate(maxout, maxout.steps) == pytest.approx(0.17 * (1 - 0.99 * 474 / 500), rel=0.01)
    assert [learning_rate(dsn, step) for step in (149_999, 150_000, 170_000)] == pytest.approx(
        [0.025, 0.00125, 0.0000625]
    )
    assert companions_learn(dsn, 49_999) and not companions_learn(dsn, 50_000)
    assert companions_learn(make_recipe(CIFAR10, "googlenet", "original"), 399_999)


@pytest.mark.parametrize("text", ["*.bias", "=2", "head=-1", "head=zero", "head=inf", "head=nan"])
def test_what_is_no_number_by_name(text):
    with pytest.raises(UsageError, match=r"write name=number, the number 0 or more"):
        named_values("optimizer.rates", text)


def test_a_length_of_zero_is_no_limit():
    with pytest.raises(UsageError, match=r"write name=number, the number above 0"):
        named_values("optimizer.max_norms", "head=0")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["optimizer.rates=heed.*=2"], r"optimizer.rates: no parameter of the net matches 'heed.\*'; it has stage1"),
        (["optimizer.max_norms=x"], "optimizer.max_norms 'x': write name=number"),
        (["augment.small_size=16"], "nin takes images of one size"),
        (["loss=hinge"], "unknown loss 'hinge': did you mean squared_hinge"),
        (["loss=squared_hinge", "smoothing=0.1"], "labels are smoothed in cross_entropy alone"),
        (["model.init=normal", "model.init_scale=0"], "init_scale 0.0: above 0 where"),
        (["model.init=he"], "init_scale 0.05: .*and 0 otherwise"),
        (["model.init=identity", "model.init_scale=0"], "no blocks of sec. 3.3"),
        (["schedule.drop=1"], r"drop 1.0: .*\(0, 1\)"),
        (["schedule.end=2"], r"end 2.0: .*\[0, 1\]"),
        (["schedule.companion_steps=-1"], "companion_steps -1"),
        (["schedule.momentum_start=1"], r"momentum_start 1.0: .*\[0, 1\)"),
        (["model.survival=0.5"], "nin has no blocks of sec. 3.3, and so no survival"),
        (["model.shortcut=A"], "and so no shortcut"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        check(with_fields(make_recipe(CIFAR10, "nin"), changes), CIFAR10)


def first(images, count: int):
    return replace(images, pixels=images.pixels[:count], labels=images.labels[:count])


def evaluate_on(run, dataset) -> float | None:
    """The test error that the saved model has on `dataset`."""
    model, images = load(run), dataset.splits["test"]
    answers = model(images.pixels).argmax(1).numpy()
    return 100 * float((answers != images.labels).mean())
