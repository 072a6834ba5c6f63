"""What a training is expected to take and to come to, as the command says it before it begins."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reslab.cli.beforehand import time_words
from reslab.engine import Request
from reslab.store import RunFolder
from reslab.training import Estimate, Interrupted, Recipe, Surroundings, loop, recipe_for, train_on
from tests.cli.test_commands import Answer


def recorded(steps: int, error: float, seed: int = 0) -> dict:
    recipe = replace(recipe_for("digits", model="resnet8", steps=steps), seed=seed)
    return {"recipe": recipe.to_dict(), "result": {"val_error": error}}


@pytest.fixture(autouse=True)
def records(monkeypatch) -> list[dict]:
    found = [recorded(5, 40.0), recorded(5, 41.0, 1), recorded(20, 10.0)]
    monkeypatch.setattr("reslab.store.read_results", lambda: found)
    return found


@pytest.fixture
def trials(monkeypatch) -> list[Recipe]:
    """Trials that are made, each of no time."""
    tried = []
    module = sys.modules["reslab.training.estimate"]
    monkeypatch.setattr("reslab.experiments.trial.TRIAL_SECONDS", 0.0)
    real = module.initial_state

    def state(recipe, *more):
        tried.append(recipe)
        return real(recipe, *more)

    monkeypatch.setattr(module, "initial_state", state)
    return tried


def train(tmp_path: Path, *words: str) -> Answer:
    answer = Answer("train", "--model", "resnet8", "--threads", "1", "--runs", tmp_path, *words)
    assert answer.code == 0, answer.err
    return answer


def test_the_error_is_said_once_before_a_run_and_not_of_one_that_is_done(tmp_path, trials):
    first = train(tmp_path, "--steps", "5", "--seed", "7", "--json")
    assert "expect about 40.5 ± 0.7 % error on the validation images (2 runs)\n" in first.err
    assert first.json["steps"] == 5 and not any("expect" in key for key in first.json), "a result is what was measured"
    assert "expect" not in train(tmp_path, "--steps", "5", "--seed", "7").err
    assert trials == [], "a training of a second is not slowed down to say how long it takes"


def test_nothing_is_said_where_nothing_is_known(tmp_path, trials):
    assert "expect" not in train(tmp_path, "--steps", "5", "--lr", "0.07").err


def test_the_error_of_a_longer_or_shorter_training_than_all_that_are_recorded_is_not_known(tmp_path, trials, records):
    told = "expect an error that is not known: recorded are runs of 0.3 to 1.2 epochs\n"
    assert told in train(tmp_path, "--steps", "3").err
    assert "recorded are runs of 0.3 to 1.2 epochs" in train(tmp_path, "--steps", "50", "--dry-run").out
    records.pop()
    assert "recorded are runs of 0.3 epochs\n" in train(tmp_path, "--steps", "4").err


def test_a_dry_run_says_it_too(tmp_path, trials):
    plan = train(tmp_path, "--steps", "10", "--dry-run", "--json").json
    assert plan["expected_val_error"] == pytest.approx((40.5 * 10) ** 0.5, abs=0.01)
    assert plan["expected_val_error_runs"] == 3 and plan["expected_val_error_std"] is None
    assert train(tmp_path, "--steps", "5", "--dry-run", "--json").json["expected_val_error_std"] == 0.71
    text = train(tmp_path, "--steps", "10", "--dry-run").out
    assert "about 20.1 % error on the validation images (3 runs of 0.3 and 1.2 epochs)" in text
    other = train(tmp_path, "--steps", "50", "--dry-run", "--json").json
    assert other["expected_val_error"] is None and other["expected_val_error_runs"] == 0


def test_a_dry_run_of_what_is_done_says_so(tmp_path, trials):
    words = ("--model", "resnet8", "--steps", "2", "--seed", "5")
    assert train(tmp_path, *words, "--dry-run", "--json").json["done"] is False
    run = train(tmp_path, *words, "--json").json["run"]
    trials.clear()
    plan = train(tmp_path, *words, "--dry-run", "--json").json
    assert plan["done"] is True and plan["params"] == 75290 and plan["execution"]["threads"] == 1
    assert plan["expected_seconds"] is plan["expected_images_per_second"] is plan["expected_val_error"] is None
    text = train(tmp_path, *words, "--dry-run").out
    assert f"{run} is done: nothing is trained" in " ".join(text.split())
    assert not any(line.startswith(("time", "expect")) for line in text.splitlines())
    assert trials == [], "there is nothing to time"


def test_a_dry_run_of_what_lost_its_model_says_that(tmp_path, trials):
    words = ("train", "--model", "resnet8", "--steps", "2", "--threads", "1", "--run", tmp_path / "run")
    assert Answer(*words).code == 0
    (tmp_path / "run" / "model.safetensors").unlink()
    for more in ((), ("--dry-run",)):
        answer = Answer(*words, *more)
        assert answer.code == 1 and "is finished, but its model.safetensors is gone: put it back" in answer.err


def test_a_dry_run_of_what_is_half_done_tells_the_time_that_is_left(tmp_path, digits, monkeypatch):
    monkeypatch.setattr("reslab.experiments.trial.short_trial", lambda *words: Estimate(75290, 64.0, 100.0))
    run, recipe = tmp_path / "run", recipe_for("digits", model="resnet8", steps=100)
    original = loop.update

    def update(recipe, state, *more):
        if state.step == 80:
            raise Interrupted("stopped")
        original(recipe, state, *more)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "update", update)
        with pytest.raises(Interrupted):
            train_on(digits, recipe, run, Surroundings(Request(threads=1), save_every=0.0))
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    step = RunFolder(run).saved_step()
    plan = Answer("train", "--run", run, "--dry-run", "--json").json
    assert 0 < plan["step"] == step <= 80 and plan["steps"] == 100 and plan["expected_seconds"] == 100 - step
    text = Answer("train", "--run", run, "--dry-run").out
    assert f"{run} goes on from step {step}\n" in text
    assert f"about {100 - step} s for the {100 - step} steps that are left; 64 img/s on a short trial" in text
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    plan = Answer(
        "train", "--model", "resnet8", "--steps", "100", "--run", tmp_path / "new", "--dry-run", "--json"
    ).json
    assert (plan["step"], plan["expected_seconds"]) == (0, 100)


def test_a_dry_run_says_first_what_one_wants_to_know(tmp_path, trials):
    lines = train(tmp_path, "--steps", "50", "--lr", "0.07", "--set", "augment.pad=2", "--dry-run").out.splitlines()
    assert [line.split()[0] for line in lines] == ["run", "net", "steps", "time", "recipe"]
    assert "50 of 64 images (2.971 epochs of 1,077)" in lines[2]
    changes = "augment.pad 2 instead of 1, optimizer.lr 0.07 instead of 0.1"
    assert lines[4] == f"recipe  small, but {changes} (--json has every field)"
    assert len(trials) == 1 and trials[0].batch == 64
    assert "recipe  small (--json" in train(tmp_path, "--steps", "50", "--seed", "3", "--dry-run").out


def test_hours_of_photographs_are_said_with_a_way_out(digits):
    recipe = recipe_for("digits", model="resnet20", size=128)
    assert time_words(recipe, digits, 4 * 3600) == "about 4 h 0 min"
    photographs = replace(digits, folder=Path("photos"))
    assert time_words(recipe, photographs, 4 * 3600) == "about 4 h 0 min (--size 64 takes about 60 min)"
    assert time_words(recipe, photographs, 600) == "about 10 min"


def test_several_seeds(tmp_path, trials):
    answer = train(tmp_path, "--steps", "20", "--seeds", "2", "--dry-run", "--json")
    assert "expect of each about 10.0 % error on the validation images (1 run)" in answer.err
    assert answer.json["expected_val_error"] == 10.0 and answer.json["expected_val_error_runs"] == 1
    assert train(tmp_path, "--steps", "9999", "--seeds", "2", "--dry-run", "--json").json["expected_val_error"] is None


def test_a_trial_says_the_time_and_changes_nothing(tmp_path, trials, monkeypatch):
    without = train(tmp_path / "without", "--steps", "5", "--json").json
    monkeypatch.setattr("reslab.experiments.expectation.WORTH_A_TRIAL", 0.0)
    answer = train(tmp_path / "with", "--steps", "5", "--json")
    assert len(trials) == 1 and ", about 40.5 ± 0.7 % error" in answer.err and "expect about " in answer.err
    model = [Path(run["run"]) / "model.safetensors" for run in (without, answer.json)]
    assert model[0].read_bytes() == model[1].read_bytes()
    train(tmp_path / "with", "--steps", "5")
    assert len(trials) == 1, "none of a run that is done"
