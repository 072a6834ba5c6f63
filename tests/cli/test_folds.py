"""`reslab train FOLDER --folds`, as a user types it."""

import shutil

import pytest

from reslab.store import RunFolder
from tests.cli.test_commands import Answer
from tests.evaluation.test_source import make_photos

SHORT = ("--model", "resnet8", "--size", "16", "--steps", "3", "--batch", "6", "--threads", "1")


@pytest.fixture(autouse=True)
def short_trials(monkeypatch):
    monkeypatch.setattr("reslab.experiments.trial.TRIAL_SECONDS", 0.0)


@pytest.fixture
def pets(tmp_path):
    return make_photos(tmp_path / "pets", {"cat": 8, "dog": 6})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--folds", "1"], "2 folds or more"),
        (["--folds", "15"], "has 14 photographs; 14 folds at most"),
        (["--folds", "3", "--seeds", "2"], "--folds and --seeds both make several runs: give one of them"),
        (["--folds", "3", "--run", "r"], "name --runs instead"),
        (["--folds", "3", "--split", "fold1/3"], "leave the split fold1/3 out"),
        (["--folds", "3", "--set", "data.split=fold1/3"], "leave the split fold1/3 out"),
        (["--folds", "3", "--batch", "12"], "larger than the 9 training images"),
        (["--split", "fold4/3"], "numbered from 1 to 3"),
        (["--set", "data.split=80/20"], "as fold2/5, the second of five"),
        (["--workers", "2"], "give --seeds or --folds, too"),
    ],
)
def test_mistakes_are_one_clear_line(pets, words, message, tmp_path):
    answer = Answer("train", pets, *SHORT, *words, "--runs", tmp_path / "runs")
    assert answer.code == 2 and message in answer.err
    assert not (tmp_path / "runs").exists(), "nothing is begun that cannot be done"


@pytest.mark.parametrize("name", [[], ["digits"], ["cifar10", "--download"]])
def test_sets_of_fixed_splits_have_no_folds(name, tmp_path):
    answer = Answer("train", *name, "--folds", "5", "--runs", tmp_path / "runs", "--data-root", tmp_path)
    assert answer.code == 2 and "are fixed; a folder or a table of photographs is divided into folds" in answer.err


def test_what_is_to_come_is_said_before_anything_is_done(pets, tmp_path):
    words = ("train", pets, *SHORT, "--folds", "3", "--runs", tmp_path / "runs", "--dry-run")
    answer = Answer(*words, "--json")
    assert len({*answer.json["runs"]}) == answer.json["folds"] == 3 and answer.json["expected_seconds"] > 0
    assert answer.err.count("one of 3 folds, 4 or 5 images each, is held out as val") == 1
    assert Answer(*words).out.count("to do") == 3 and not (tmp_path / "runs").exists()


def test_copies_are_named_with_the_folds_that_they_trouble(pets, tmp_path):
    for number in range(4):
        shutil.copy(pets / "cat" / f"{number}.bmp", pets / "dog" / f"copy{number}.bmp")
    err = Answer("train", pets, *SHORT, "--folds", "3", "--runs", tmp_path, "--dry-run").err
    said = [line for line in err.splitlines() if "the same photograph twice" in line]
    apart = [line for line in said if "in two splits" in line]
    assert len(apart) >= 2 and all(line.startswith("fold ") and " held out: the same" in line for line in apart)


def test_one_fold_is_a_run_of_its_own(pets, tmp_path):
    words = ("train", pets, *SHORT, "--runs", tmp_path, "--json")
    plain = Answer(*words)
    one, other = Answer(*words, "--split", "fold1/3"), Answer(*words, "--set", "data.split=fold2/3")
    assert plain.code == one.code == other.code == 0, one.err + other.err
    assert len({answer.json["run"] for answer in (plain, one, other)}) == 3
    assert (one.json["val_images"], one.json["train_images"]) == (5, 9)
    assert "in other splits" not in one.err + other.err, "it was asked for"
    assert RunFolder(tmp_path / other.json["run"]).recipe()["data"]["split"] == "fold2/3"
    again = Answer("train", pets, "--run", other.json["run"], "--json")
    assert again.json == other.json and "is done" in again.err
    (tmp_path / other.json["run"] / "result.json").unlink()
    assert Answer("train", pets, "--run", other.json["run"], "--json").json["val_error"] == other.json["val_error"]
    refused = Answer("train", pets, "--run", other.json["run"], "--split", "fold1/3")
    assert refused.code == 2 and "data.split fold1/3 here, fold2/3 there" in refused.err


@pytest.mark.slow
def test_every_photograph_is_judged_once_and_the_same_command_shows_it_again(pets, tmp_path):
    words = ("train", pets, *SHORT, "--folds", "2", "--seed", "3", "--runs", tmp_path / "runs")
    first = Answer(*words, "--json")
    assert first.code == 0, first.err
    assert [run["fold"] for run in first.json["runs"]] == [1, 2] and first.json["failed"] == []
    assert {run["seed"] for run in first.json["runs"]} == {3}
    wrong = sum(round(run["val_error"] * run["val_images"] / 100) for run in first.json["runs"])
    assert first.json["pooled"]["val_images"] == 14 and len(first.json["mistakes"]) == wrong
    again = Answer(*words, "--json")
    assert again.json == first.json and "nothing is left to do of 2 runs" in again.err
    shown = Answer(*words).out
    assert "each of the 14 photographs is judged once" in shown
    for mistake in first.json["mistakes"]:
        assert mistake["file"] in shown
    assert ("These may be labelled wrongly" if wrong else "no mistake in any fold") in shown
