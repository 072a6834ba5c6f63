"""The levers of short budgets: without them the plain loop, byte for byte; with each of them a resume is exact."""

import os
import signal
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from reslab.data import batch_indices, crop_and_flip, draw_crops, load_dataset, measure
from reslab.engine import Batch, Execution, Request, make_engine
from reslab.errors import UsageError
from reslab.nets.blocks import basic
from reslab.store import RunFolder, load
from reslab.training import Interrupted, Surroundings, learning_rate, train_on, with_fields, with_residual
from reslab.training.feed import batch_at
from reslab.training.presets import spec_of
from reslab.training.state import initial_state
from reslab.training.stem import stem_filters
from tests.conftest import short_recipe

TIMES = ("seconds", "images_per_second")
LEVERS = {
    "average": ["average=0.8"],
    "statistics": ["average=0.8", "statistics_batches=3"],
    "smoothing": ["smoothing=0.2"],
    "batch-norm biases": ["optimizer.bn_bias_lr=16"],
    "identity": ["model.init=identity"],
    "zero gamma": ["model.init=zero_gamma"],
    "whitening": ["model.stem_init=whitening"],
    "muon": ["optimizer.kind=muon", "optimizer.muon_lr=0.1"],
    "selective": ["selective=0.4"],
    "mixup and cutmix": ["mixup=0.4", "cutmix=1", "smoothing=0.1", "balance=1", "statistics_batches=2"],
    "mixup of the hardest": ["mixup=0.4", "selective=0.4"],
    "small crops": ["data.size=12", "augment.small_size=8", "augment.small_part=0.4"],
    "all at once": [
        "average=0.8",
        "statistics_batches=3",
        "smoothing=0.1",
        "selective=0.5",
        "augment.flip=true",
        "augment.flip_order=alternating",
        "model.init=zero_gamma",
        "model.stem_init=whitening",
        "optimizer.kind=muon",
        "optimizer.bn_bias_lr=8",
    ],
    "area": ["augment.pad=0", "augment.area=0.3,1"],
    "jitter": ["augment.brightness=0.4", "augment.contrast=0.4", "augment.saturation=0.4"],
    "erasing": ["augment.erase=0.5"],
    "trivial": ["augment.policy=trivial"],
    "alternating flip": ["augment.flip=true", "augment.flip_order=alternating"],
    "parts": ["accumulate=3", "statistics_batches=2"],
    "parts of the hardest": ["accumulate=3", "selective=0.5"],
    "whitened images": ["data.gcn=true", "data.zca=true"],
}


def untimed(run: Path) -> list[dict]:
    return [{k: v for k, v in line.items() if k not in TIMES} for line in RunFolder(run).metrics()]


@pytest.mark.parametrize("lever", LEVERS)
def test_stopped_and_continued_is_as_if_never_stopped(digits, tmp_path, monkeypatch, lever):
    recipe = with_fields(short_recipe(digits, 14), LEVERS[lever])
    data = load_dataset("digits", size=recipe.data.size)
    result = train_on(data, recipe, tmp_path / "whole", Surroundings())
    for at in (5, 11):
        asked = []

        def line(self, written, write=RunFolder.append_metrics, at=at, asked=asked):
            if written["step"] >= at and not asked:
                asked.append(at)
                os.kill(os.getpid(), signal.SIGINT)
            write(self, written)

        with monkeypatch.context() as patch:
            patch.setattr(RunFolder, "append_metrics", line)
            with pytest.raises(Interrupted, match=f"stopped at step {at}"):
                train_on(data, recipe, tmp_path / "stopped", Surroundings())
    again = train_on(data, recipe, tmp_path / "stopped", Surroundings())
    for name in ("model.safetensors", "predictions.safetensors"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes()
    assert untimed(tmp_path / "whole") == untimed(tmp_path / "stopped")
    assert again["val_error"] == result["val_error"] == untimed(tmp_path / "stopped")[-1]["val_error"]


@pytest.mark.parametrize("average", [0.0, 0.7])
def test_without_levers_it_is_the_plain_loop(digits, tmp_path, average):
    recipe = replace(short_recipe(digits, 12), average=average)
    train_on(digits, recipe, tmp_path / "run", Surroundings())
    images, recorded = digits.splits["train"], RunFolder(tmp_path / "run").read("environment.json")["execution"]
    engine = make_engine(spec_of(recipe), measure(images, "pixel"), Execution.from_dict(recorded))
    state = initial_state(recipe, engine, spec_of(recipe), None)
    weights, velocity, statistics = state.weights, state.velocity, state.statistics
    layout = engine.parameters
    decay = layout.pack(
        {n: torch.full(s, 5e-4 * (len(s) > 1)) for n, s in zip(layout.names, layout.shapes, strict=True)}
    )
    mean_weights, mean_statistics = torch.zeros_like(weights), torch.zeros_like(statistics)
    for step in range(12):
        chosen = batch_indices(len(images), recipe.batch, 0, step)
        crops = draw_crops(recipe.batch, recipe.augment.pad, 0, step)
        output = engine.step(weights, Batch(images.pixels[chosen], images.labels[chosen], crops, pad=1))
        gradient = torch.addcmul(output.gradient, decay, weights) * learning_rate(recipe, step)
        velocity = velocity * 0.9 + gradient
        weights = weights - torch.add(gradient, velocity, alpha=0.9)
        statistics = torch.lerp(statistics, output.statistics, max(0.1, 1 / (step + 1)))
        mean_weights = torch.lerp(mean_weights, weights, max(1 - average, 1 / (step + 1)))
        mean_statistics = torch.lerp(mean_statistics, statistics, max(1 - average, 1 / (step + 1)))
    if average:
        weights, statistics = mean_weights, mean_statistics
    trained = load(tmp_path / "run").net.state_dict()
    for name, expected in {**engine.parameters.views(weights), **engine.statistics.views(statistics)}.items():
        assert torch.equal(trained[name], expected), name


def test_crops_are_small_at_first(digits):
    data = load_dataset("digits", size=12)
    recipe = with_fields(short_recipe(data, 10), ["augment.small_size=8", "augment.small_part=0.4", "augment.pad=0"])
    batches = [batch_at(recipe, data.splits["train"], step) for step in range(12)]
    assert [batch.size for batch in batches] == [8] * 4 + [0] * 8
    assert all(set(batch.crops.flatten()) == set(range(5)) for batch in batches[:4])
    assert all(batch.crops is None for batch in batches[4:])
    execution = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
    engine = make_engine(spec_of(recipe), measure(data.splits["train"], "pixel"), execution)
    state = initial_state(recipe, engine, spec_of(recipe), None)
    shapes = []
    engine._net.stem.register_forward_hook(lambda _module, _inputs, output: shapes.append(tuple(output.shape)))
    for step in (3, 4):
        engine.step(state.weights, batches[step])
    assert shapes == [(64, 16, 8, 8), (64, 16, 12, 12)]


def test_smoothing_is_handed_to_the_engine(digits):
    recipe = short_recipe(digits)
    assert batch_at(recipe, digits.splits["train"], 0).smoothing == 0
    assert batch_at(replace(recipe, smoothing=0.1), digits.splits["train"], 0).smoothing == 0.1


def test_an_image_is_mirrored_in_every_other_of_its_epochs(digits):
    images = digits.splits["train"]
    recipe = with_fields(short_recipe(digits, batch=100), LEVERS["alternating flip"])
    seen: dict[int, list[bool]] = {}
    for step in range(5 * len(images) // 100):  # batches run on across the ends of epochs
        flips = batch_at(recipe, images, step).flips
        for index, flip in zip(batch_indices(len(images), 100, 0, step), flips, strict=True):
            seen.setdefault(int(index), []).append(bool(flip))
    assert all(a != b for flips in seen.values() for a, b in pairwise(flips))
    assert min(len(flips) for flips in seen.values()) >= 4 and len(seen) == len(images)
    assert 0.45 < sum(flips[0] for flips in seen.values()) / len(seen) < 0.55
    assert not np.array_equal(batch_at(replace(recipe, seed=1), images, 3).flips, batch_at(recipe, images, 3).flips)


@pytest.mark.parametrize(("average", "selective"), [(0.0, 1.0), (0.8, 1.0), (0.8, 0.5)])
def test_statistics_are_the_mean_over_the_next_batches(digits, tmp_path, average, selective):
    plain = replace(short_recipe(digits, 12), average=average, selective=selective)
    fp32 = Surroundings(Request(precision="fp32"))
    train_on(digits, plain, tmp_path / "running", fp32)
    result = train_on(digits, replace(plain, statistics_batches=4), tmp_path / "estimated", fp32)
    running, estimated = (load(tmp_path / name).net for name in ("running", "estimated"))
    assert all(torch.equal(a, b) for a, b in zip(running.parameters(), estimated.parameters(), strict=True))
    images = digits.splits["train"]
    prepared = measure(images, "pixel")
    for module in running.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # PyTorch then keeps the plain mean of all batches
    running.train()
    for step in (12, 13, 14, 15):
        batch = batch_at(replace(plain, selective=1.0), images, step)
        pixels = torch.from_numpy((batch.images - prepared.mean) / np.float32(prepared.std))
        crops, unflipped = torch.from_numpy(batch.crops), torch.zeros(len(pixels), dtype=torch.bool)
        running(crop_and_flip(pixels, crops, unflipped, batch.pad).permute(0, 3, 1, 2))
    for name, expected in running.named_buffers():
        if not name.endswith("num_batches_tracked"):
            assert torch.allclose(estimated.state_dict()[name], expected, rtol=1e-3, atol=1e-4), name
    assert untimed(tmp_path / "estimated")[-1]["val_error"] == result["val_error"]


def test_killed_between_the_last_step_and_the_end(digits, tmp_path, monkeypatch):
    recipe = with_fields(short_recipe(digits, 6), LEVERS["statistics"])
    train_on(digits, recipe, tmp_path / "whole", Surroundings())
    with monkeypatch.context() as patch, pytest.raises(KeyError, match="killed"):
        patch.setattr("reslab.training.run.finish", lambda *_: {}["killed"])
        train_on(digits, recipe, tmp_path / "killed", Surroundings())
    train_on(digits, recipe, tmp_path / "killed", Surroundings())
    assert (tmp_path / "whole/model.safetensors").read_bytes() == (tmp_path / "killed/model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["model.name=plain8", "model.shortcut=none"], "zero_gamma: a plain net .* use he or identity"),
        (["model.residual=tests.training.test_levers:ending_in_relu"], "does not end in batch normalisation"),
    ],
)
def test_nets_that_would_be_dead_are_refused_before_anything_is_written(digits, tmp_path, changes, message):
    recipe = with_residual(with_fields(short_recipe(digits), ["model.init=zero_gamma", *changes]))
    with pytest.raises(UsageError, match=message):
        train_on(digits, recipe, tmp_path / "run", Surroundings())
    assert not (tmp_path / "run").exists()


def test_a_whitened_stem_is_of_these_images_and_the_rest_is_as_ever(digits):
    recipe = with_fields(short_recipe(digits), LEVERS["whitening"])
    images = digits.splits["train"]
    prepared = measure(images, "pixel")
    execution = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
    engine = make_engine(spec_of(recipe), prepared, execution)
    stem = stem_filters(recipe, engine, images, prepared)
    assert stem_filters(short_recipe(digits), engine, images, prepared) is None
    ours = engine.parameters.views(initial_state(recipe, engine, spec_of(recipe), None, stem).weights)
    he = engine.parameters.views(initial_state(recipe, engine, spec_of(recipe), None).weights)
    assert [name for name in ours if not torch.equal(ours[name], he[name])] == ["stem.0.weight"]
    seen = torch.from_numpy((images.pixels - prepared.mean) / np.float32(prepared.std)).permute(0, 3, 1, 2)
    responses = torch.nn.functional.conv2d(
        seen, ours["stem.0.weight"]
    )  # the channels of digits are alike: 9 components
    assert torch.allclose(responses.square().mean((0, 2, 3)), torch.ones(16), rtol=1e-3)


def test_a_whitened_stem_goes_on_learning(digits, tmp_path):
    recipe = with_fields(short_recipe(digits, 2), LEVERS["whitening"])
    train_on(digits, recipe, tmp_path / "run", Surroundings())
    learned = load(tmp_path / "run").net.stem[0].weight
    assert not torch.equal(learned[:8], -learned[8:]) and torch.allclose(learned[:8], -learned[8:], atol=0.3)


def ending_in_relu(channels_in: int, width: int, stride: int, stride_in: str) -> torch.nn.Module:
    return torch.nn.Sequential(basic(channels_in, width, stride), torch.nn.ReLU())
