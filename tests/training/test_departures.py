"""In what a recipe departs from its preset, with its data at hand or without."""

from dataclasses import replace

import pytest

from reslab.training import Facts, departures, facts_of, lasting, make_recipe, told_departures, with_fields
from tests.conftest import short_recipe

PETS = Facts("pets", 3, 64, 900, True, False, fingerprint="0123")
CIFAR = Facts("cifar10", 10, 32, 45_000, True, True, "45k/5k")


def test_what_was_changed_is_named_and_length_and_seed_are_not(digits):
    recipe = replace(with_fields(short_recipe(digits, 20), ["optimizer.lr=0.3", "accumulate=2"]), seed=5)
    assert departures(recipe, facts_of(digits)) == {"accumulate": (2, 1), "optimizer.lr": (0.3, 0.1)}


@pytest.mark.parametrize("facts", [PETS, CIFAR, Facts("digits", 10, 8, 1077, False, True)], ids=lambda f: f.name)
@pytest.mark.parametrize("preset", ["paper", "fast", "small", "record", "original"])
def test_a_recipe_says_of_its_data_what_its_preset_has_to_know(facts, preset):
    whole = make_recipe(facts, "resnet20", preset)
    for recipe in (whole, lasting(whole, 1, 97, None), lasting(whole, 1, 509, None)):
        assert told_departures(recipe) == {}
    assert told_departures(replace(whole, accumulate=2, seed=4)) == {"accumulate": 2}


def test_a_warm_up_that_was_asked_for_is_no_rounding(digits):
    recipe = short_recipe(digits, 100)
    assert recipe.schedule.warmup_steps == 5
    for steps, found in ((6, {}), (20, {"schedule.warmup_steps": 20})):
        assert told_departures(with_fields(recipe, [f"schedule.warmup_steps={steps}"])) == found
    dropping = with_fields(recipe, ["schedule.kind=drops", "schedule.drops=50"])
    assert told_departures(dropping) == {"schedule.kind": "drops", "schedule.drops": (50,)}


def test_with_its_images_known_no_rounding_of_a_stretched_recipe_is_a_departure():
    stretched = make_recipe(CIFAR, "resnet20", "fast").stretched(210_940)
    assert told_departures(stretched, CIFAR.train_images) == {}
    assert told_departures(stretched) == {"schedule.warmup_steps": 10_530}, "351 of 7,031 is a little less than a 20th"
    few = make_recipe(replace(PETS, train_images=40), "resnet18", "small")
    assert few.batch == 40 and told_departures(few, 40) == {} and told_departures(few) == {"batch": 40}


@pytest.mark.parametrize("images", [335, 1_222, 1_778])
@pytest.mark.parametrize("start", [None, "net.safetensors"])
@pytest.mark.parametrize("epochs", [None, 17, 60])
@pytest.mark.parametrize("batch", [None, 48])
def test_no_rounding_is_a_departure_whatever_the_length_the_batch_and_the_start(images, start, epochs, batch):
    facts = replace(PETS, train_images=images)
    recipe = make_recipe(facts, "resnet20", "small", batch=batch, brief=start is not None)
    begun = replace(recipe.model, start=start, start_digest="0123" if start else None)
    recipe = lasting(replace(recipe, model=begun), images, None, epochs)
    assert set(departures(recipe, facts)) <= {"batch", "model.start", "model.start_digest"}


def test_a_recipe_of_no_preset_departs_from_none(recipe):
    assert told_departures(replace(recipe, name="mine", batch=3)) == {}
