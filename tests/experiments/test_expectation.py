"""What recorded runs let expect of a recipe: the same one at its length, or between two lengths; else nothing."""

import sys
from dataclasses import replace

import pytest
import torch

from reslab.engine import Execution
from reslab.experiments.expectation import expected_error, expected_seconds, same_but_for_length, smaller_size
from reslab.experiments.measured import CIFAR10
from reslab.training import Recipe, lasting, make_recipe, with_fields
from tests.conftest import short_recipe

FAST = make_recipe(CIFAR10, "resnet20", "fast")


def of(epochs: float, recipe: Recipe = FAST) -> Recipe:
    return lasting(recipe, 45_000, None, epochs)


def recorded(
    epochs: float,
    error: float | None,
    seed: int = 0,
    recipe: Recipe = FAST,
    changes: tuple = (),
    engine: str = "native",
):
    changed = with_fields(replace(of(epochs, recipe), seed=seed), list(changes))
    environment = {"execution": {"engine": engine}}
    return {"recipe": changed.to_dict(), "result": {"val_error": error}, "environment": environment}


def test_a_length_that_was_run_is_the_mean_of_its_runs():
    results = [recorded(8, 12.0), recorded(8, 13.0, seed=1), recorded(20, 9.0), recorded(4, 20.0)]
    found = expected_error(replace(of(8), seed=7), results)
    assert (found.error, found.runs, found.steps) == (12.5, 2, (of(8).steps,))
    assert found.spread == pytest.approx(0.5**0.5), "the standard deviation"
    assert expected_error(of(20), results).spread is None, "one run has none"


def test_a_seed_that_both_engines_trained_counts_once():
    results = [recorded(8, 14.0, engine="torch"), recorded(8, 12.0), recorded(8, 13.0, seed=1, engine="torch")]
    found = expected_error(of(8), results)
    assert (found.error, found.runs) == (12.5, 2)


def test_between_two_lengths_the_next_of_each_count():
    results = [recorded(2, 30.0), recorded(4, 20.0), recorded(16, 10.0), recorded(16, 10.0, 1), recorded(64, 7.0)]
    found = expected_error(of(8), results)
    assert found.steps == (of(4).steps, of(16).steps) and found.runs == 3 and found.spread is None
    assert found.error == pytest.approx(200**0.5, rel=1e-3), "halfway on both logarithmic axes"
    none_wrong = expected_error(of(8), [recorded(4, 20.0), recorded(16, 0.0)])
    assert none_wrong.error == pytest.approx(10.0, rel=1e-3)


@pytest.mark.parametrize("epochs", [2, 40])
def test_nothing_is_said_beyond_what_was_run(epochs):
    results = [recorded(4, 20.0), recorded(16, 10.0)]
    assert expected_error(of(epochs), results) is None
    assert expected_error(of(8), results[:1]) is None, "one length tells of itself alone"
    assert expected_error(of(4), results[:1]).error == 20.0
    assert expected_error(of(8), [recorded(8, None)]) is None and expected_error(of(8), []) is None


@pytest.mark.parametrize(
    "change",
    [
        "optimizer.lr=0.2",
        "optimizer.lr=0.3",
        "data.split=40k/5k/5k",
        "model.name=plain20",
        "average=0.9",
        "batch=64",
        "data.images=5000",
        "schedule.warmup_steps=0",
        "schedule.end=0.1",
        "schedule.kind=drops",
    ],
)
def test_another_recipe_says_nothing(change):
    assert expected_error(of(8), [recorded(8, 12.0, changes=(change,))]) is None
    assert expected_error(of(8), [recorded(8, 12.0)]) is not None


@pytest.mark.parametrize("preset", ["fast", "paper", "record"])
@pytest.mark.parametrize("model", ["resnet20", "plain20", "resnet110"])
def test_stretching_keeps_a_recipe_what_it_is(preset, model):
    whole = make_recipe(CIFAR10, model, preset)
    for epochs in (0.5, 3, 12, 60, 160):
        once = of(epochs, whole)
        assert same_but_for_length(once, whole) and same_but_for_length(whole, once)
        assert same_but_for_length(of(epochs, of(200, whole)), once), "rounded twice"
    assert not same_but_for_length(whole, FAST) or whole == FAST


def test_drops_elsewhere_are_another_recipe():
    paper = make_recipe(CIFAR10, "resnet20", "paper")
    for drops in ("30000,48000", "32000", ""):
        other = with_fields(paper, [f"schedule.drops=[{drops}]"])
        assert not same_but_for_length(of(20, other), of(20, paper)), drops
    half = with_fields(paper, ["schedule.companion_steps=1000"])
    assert not same_but_for_length(half, paper) and same_but_for_length(of(20, half), of(60, half))


def test_what_is_recorded_here_says_something_of_fast():
    from reslab.store import read_results

    found = expected_error(FAST, read_results())
    assert found.runs >= 2 and 5 < found.error < 15


def test_time_is_tried_where_it_is_worth_it(digits, monkeypatch):
    execution = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
    recipe = short_recipe(digits)
    asked = []

    def trial(recipe, dataset, execution, seconds, batch):
        asked.append(batch)
        torch.rand(3)
        torch.set_num_threads(1)
        return type("Estimate", (), {"seconds": 60.0})()

    monkeypatch.setattr(sys.modules["reslab.experiments.trial"], "estimate", trial)
    assert expected_seconds(recipe, digits, execution) is None and asked == []
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    assert expected_seconds(recipe.stretched(200_000_000), digits, execution) == 60.0
    assert torch.equal(before, torch.get_rng_state()) and torch.get_num_threads() == threads
    deep = replace(recipe, model=replace(recipe.model, name="resnet1202"), data=replace(recipe.data, size=16))
    expected_seconds(deep.stretched(1_000_000), digits, execution)
    assert asked == [64, 22], "a batch of a deep net would take long"


def test_an_estimate_by_smaller_batches_is_of_the_whole_recipe(digits):
    from reslab.training import estimate

    execution = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
    recipe = short_recipe(digits, 1000)
    found = estimate(recipe, digits, execution, 0.0, batch=16)
    assert found.seconds > 1000 * 64 / found.images_per_second > 0


def test_photographs_that_take_hours_are_done_in_one_at_a_smaller_size():
    from reslab.training import Data, Model

    recipe = Recipe(model=Model("resnet18", "B", classes=5), data=Data("photos", size=224, fingerprint="f"))
    assert smaller_size(recipe, 3600) is None
    size, seconds = smaller_size(recipe, 5 * 3600)
    assert size == 96 and seconds == pytest.approx(5 * 3600 * (96 / 224) ** 2, rel=1e-3)
    assert smaller_size(recipe, 1.1 * 3600)[0] == 192
    assert smaller_size(recipe, 1e9)[0] == 64, "smaller photographs are worth little, whatever they take"
    assert smaller_size(replace(recipe, data=replace(recipe.data, size=64)), 1e9) is None
    scaled = with_fields(recipe, ["augment.pad=0", "augment.scale=256,480"])
    assert smaller_size(scaled, 5 * 3600) == (size, seconds), "whatever else the recipe says of pixels"
