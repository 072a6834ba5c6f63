"""Augmented photographs: batches are functions of (recipe, step), and each lever changes its own part of them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from reslab.data import (
    batch_indices,
    draw_areas,
    draw_erased,
    draw_factors,
    draw_operations,
    draw_orders,
    draw_places,
    jittered,
    load_dataset,
    measure,
    operated,
)
from reslab.data.areas import area_crop
from reslab.engine import Execution, Request, TorchEngine
from reslab.nets import create
from reslab.training import Surroundings, facts_of, make_recipe, train_on, with_fields
from reslab.training.feed import batch_at, batches
from tests.conftest import short_recipe

ALL = ["augment.pad=0", "augment.area=0.3,1", "augment.brightness=0.4", "augment.saturation=0.2", "augment.erase=0.5"]
FP32 = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)


def test_a_batch_is_a_function_of_seed_and_step(digits):
    recipe, images = with_fields(short_recipe(digits), ALL), digits.splits["train"]
    first, again, later = (batch_at(recipe, images, step) for step in (3, 3, 4))
    assert (first.images == again.images).all() and (first.erased == again.erased).all()
    assert (first.images != later.images).any() and (first.erased != later.erased).any()


def test_crops_are_cut_then_coloured(digits):
    recipe, images = with_fields(short_recipe(digits), [*ALL, "augment.aspect=0.5,2"]), digits.splits["train"]
    found, indices = batch_at(recipe, images, 5), batch_indices(len(images), 64, 0, 5)
    (parts, shapes), places = draw_areas(64, 0, 5), draw_places(64, 0, 5)
    cut = np.stack(
        [
            area_crop(Image.fromarray(images.pixels[i]), (part, shape), (0.3, 1.0), (0.5, 2.0), tuple(place), 8)
            for i, part, shape, place in zip(indices, parts, shapes, places, strict=True)
        ]
    )
    coloured = jittered(cut, draw_factors(64, (0.4, 0.0, 0.2), 0, 5), draw_orders(64, 0, 5))
    assert (found.images == coloured).all() and (coloured != cut).any() and found.crops is None


def test_what_was_coloured_is_operated_on(digits):
    recipe = with_fields(short_recipe(digits), [*ALL, "augment.policy=trivial"])
    plain = batch_at(with_fields(recipe, ["augment.policy=none"]), digits.splits["train"], 5)
    found = batch_at(recipe, digits.splits["train"], 5)
    expected, empty = operated(plain.images, draw_operations(64, 0, 5))
    assert (found.images == expected).all() and (found.empty == empty).all() and plain.empty is None
    assert (found.images != plain.images).any() and empty.any()
    part = batch_at(recipe, digits.splits["train"], 5, lambda count: slice(20, 30))
    assert (part.images[20:30] == expected[20:30]).all() and (part.empty[20:30] == empty[20:30]).all()
    assert not part.images[30:].any() and (found.only(slice(3, 9)).empty == empty[3:9]).all()


def test_stored_pixels_are_left_as_they_are(digits):
    images = digits.splits["train"]
    before = images.pixels.copy()
    recipe = with_fields(short_recipe(digits), ["augment.policy=trivial", "augment.erase=1"])
    batch = batch_at(recipe, images, 0)
    batch.pixels(measure(images, "pixel").mean)
    assert (images.pixels == before).all() and (batch.images != before[batch_indices(len(images), 64, 0, 0)]).any()


@pytest.mark.parametrize("changes", [["augment.pad=2"], ["data.size=12", "augment.small_size=8", "augment.pad=1"]])
@pytest.mark.parametrize("mean", ["pixel", "channel"])
def test_what_is_erased_is_zero_to_the_net_wherever_it_is_cropped_to(changes, mean):
    data = load_dataset("digits", size=12)
    recipe = make_recipe(facts_of(data), "resnet8", batch=8)
    recipe = with_fields(recipe, ["augment.erase=0.7", "augment.flip=true", *changes])
    engine = TorchEngine(create("resnet8"), measure(data.splits["train"], mean), FP32)
    for step in range(4):
        batch = batch_at(recipe, data.splits["train"], step)
        size = batch.size or 12
        assert (batch.erased == draw_erased(8, 0.7, size, 0, step)).all()
        seen = engine._pictures.augmented(batch)
        mirrored = torch.where(torch.from_numpy(batch.flips)[:, None, None, None], seen.flip(3), seen)
        assert seen.shape == (8, 3, size, size)
        inside = np.zeros((8, size, size), bool)
        for number, (top, left, bottom, right) in enumerate(batch.erased):
            inside[number, top:bottom, left:right] = True
        values = mirrored.permute(0, 2, 3, 1)[torch.from_numpy(inside)]
        assert inside.any() and values.abs().max() <= 0.5 / measure(data.splits["train"], mean).std + 1e-5
        whole = engine._pictures.augmented(replace(batch, erased=None))
        there = torch.from_numpy(np.where(batch.flips[:, None, None], inside[:, :, ::-1], inside))
        assert torch.equal(seen.permute(0, 2, 3, 1)[~there], whole.permute(0, 2, 3, 1)[~there])


@pytest.mark.parametrize("crops", [["augment.pad=2"], ["augment.pad=0"], ["augment.pad=1", "augment.small_size=8"]])
def test_what_is_erased_has_no_colour_added(crops):
    data = load_dataset("digits", size=12)
    recipe = make_recipe(facts_of(data), "resnet8", batch=8)
    recipe = with_fields(recipe, ["augment.erase=0.7", "augment.lighting=0.1", "augment.flip=true", *crops])
    batch = batch_at(recipe, data.splits["train"], 3)
    engine = TorchEngine(create("resnet8"), measure(data.splits["train"], "pixel"), FP32)
    plain, coloured = (engine._pictures.augmented(replace(batch, lighting=light)) for light in (None, batch.lighting))
    whole = engine._pictures.augmented(replace(batch, erased=None))
    uncoloured = engine._pictures.augmented(replace(batch, erased=None, lighting=None))
    inside = np.zeros((8, *plain.shape[2:]), bool)
    for number, (top, left, bottom, right) in enumerate(batch.erased):
        inside[number, top:bottom, left:right] = True
    there = torch.from_numpy(np.where(batch.flips[:, None, None], inside[:, :, ::-1], inside))
    plain, coloured, whole, uncoloured = (seen.permute(0, 2, 3, 1) for seen in (plain, coloured, whole, uncoloured))
    assert inside.any() and torch.equal(coloured[there], plain[there])
    assert torch.equal(coloured[~there], whole[~there]) and not torch.equal(whole[there], uncoloured[there])


@pytest.mark.parametrize("mean", ["pixel", "channel"])
@pytest.mark.parametrize("more", [[], ["augment.lighting=0.1"], ["augment.lighting=0.1", "augment.erase=0.5"]])
def test_where_an_image_was_moved_away_it_is_zero_to_the_net(mean, more):
    data = load_dataset("digits", size=12)
    recipe = make_recipe(facts_of(data), "resnet8", batch=64)
    recipe = with_fields(recipe, ["augment.policy=trivial", "augment.pad=0", "augment.flip=true", *more])
    batch, prepared = batch_at(recipe, data.splits["train"], 1), measure(data.splits["train"], mean)
    engine = TorchEngine(create("resnet8"), prepared, FP32)
    seen, other = (engine._pictures.augmented(each).permute(0, 2, 3, 1) for each in (batch, replace(batch, empty=None)))
    empty = torch.from_numpy(np.where(batch.flips[:, None, None], batch.empty[:, :, ::-1], batch.empty))
    assert seen[empty].abs().max() <= 0.5 / prepared.std + 1e-5 and torch.equal(seen[~empty], other[~empty])
    assert other[empty].abs().max() > 0.5


def test_of_chosen_images_each_keeps_its_rectangle(digits):
    recipe = with_fields(short_recipe(digits), ["augment.erase=0.5"])
    batch = batch_at(recipe, digits.splits["train"], 0)
    assert (batch.only(slice(3, 9)).erased == batch.erased[3:9]).all()


@pytest.mark.parametrize(
    ("changes", "made"),
    [
        ([], [3]),
        (["augment.contrast=0.3"], [3, 4]),
        (["augment.policy=trivial"], [3, 4]),
        (["augment.pad=0", "augment.area=0.3,1"], [3, 4]),
    ],
)
def test_pixels_that_are_changed_are_changed_while_the_net_is_at_work(digits, monkeypatch, changes, made):
    recipe, images, steps = with_fields(short_recipe(digits, 9), changes), digits.splits["train"], []
    expected = batch_at(recipe, images, 3)

    def counted(recipe, images, step, part):
        steps.append(step)
        return batch_at(recipe, images, step, part)

    monkeypatch.setattr("reslab.training.feed.batch_at", counted)
    with batches(recipe, images) as batch_of:
        found = batch_of(3)
    assert steps == made and (found.images == expected.images).all() and (found.labels == expected.labels).all()


def test_a_run_is_the_same_bytes_whenever_its_pixels_are_changed(digits, tmp_path, monkeypatch):
    recipe = with_fields(short_recipe(digits, 5), [*ALL, "augment.policy=trivial"])
    train_on(digits, recipe, tmp_path / "ahead", Surroundings(Request(threads=1)))
    monkeypatch.setattr("reslab.training.feed.changed", lambda _: False)
    train_on(digits, recipe, tmp_path / "asked", Surroundings(Request(threads=1)))
    ahead, asked = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("ahead", "asked"))
    assert ahead == asked
