"""`reslab reproduce` as a user types it."""

import json
from pathlib import Path

import pytest

from reslab.experiments.registry import EXPERIMENTS
from tests.cli.test_commands import Answer


@pytest.fixture(autouse=True)
def short_trials(monkeypatch):
    monkeypatch.setattr("reslab.experiments.trial.TRIAL_SECONDS", 0.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tabel6"], "did you mean table6"),
        (["table6", "--scale", "smal"], "did you mean small"),
        (["table6", "--seeds", "0"], "1 or more"),
        (["table6", "--minutes", "0"], "more than 0 minutes"),
        (["table6", "--data", "photos", "--scale", "small"], "--data is for the ImageNet nets, and table6 has none"),
        (["table2", "--data", "photos", "--scale", "smoke"], "on the embedded digits"),
        (["figure1", "--finished", "--dry-run"], "trains nothing: leave --from and --dry-run out"),
        (["all", "--from", "runs/x"], "--from is for one experiment"),
        (["table1", "--from", "nowhere"], "no run folder"),
    ],
)
def test_mistakes_are_one_clear_line(words, message, tmp_path):
    answer = Answer("reproduce", *words, "--runs", tmp_path / "runs")
    assert answer.code in (1, 2) and message in answer.err and answer.out == ""
    assert not (tmp_path / "runs").exists(), "nothing is begun that cannot be done"


def test_without_its_data_the_smaller_scale_is_offered(tmp_path):
    answer = Answer("reproduce", "table2", "--scale", "small", "--data-root", tmp_path, "--runs", tmp_path / "runs")
    assert answer.code == 1 and "no tiny-imagenet-20 in" in answer.err and "--scale smoke needs less" in answer.err


def test_what_needs_no_run_is_there_at_once(tmp_path):
    answer = Answer("reproduce", "table1", "--runs", tmp_path, "--json")
    assert answer.code == 0 and answer.json["claim_holds"] is True and len(answer.json["rows"]) == 5
    written = {Path(file).name for file in answer.json["files"]}
    assert written == {"table1-smoke.md", "table1-smoke.json", "table1-smoke.svg"}
    values = json.loads((tmp_path / "reproduced" / "table1-smoke.json").read_text())
    assert values == {k: v for k, v in answer.json.items() if k != "files"}
    text = Answer("reproduce", "table1", "--out", tmp_path / "elsewhere").out
    assert "It holds here" in text and "11.28" in text and (tmp_path / "elsewhere" / "table1-smoke.svg").is_file()


def test_what_there_is_and_what_it_costs():
    answer = Answer("reproduce", "all", "--json")
    found = {e["name"]: e for e in answer.json["experiments"]}
    assert set(found) == set(EXPERIMENTS)
    scales = found["figure1"]["scales"]
    assert list(scales) == ["smoke", "small", "full"] and scales["smoke"]["runs"] == 2
    assert (
        scales["full"]["expected_seconds"] > scales["small"]["expected_seconds"] > scales["smoke"]["expected_seconds"]
    )
    assert scales["small"]["measured"] >= 1, "results/ has plain20 under fast"


def test_runs_are_shown_before_anything_is_done(tmp_path):
    answer = Answer("reproduce", "figure1", "--scale", "smoke", "--runs", tmp_path / "runs", "--dry-run")
    assert answer.code == 0 and answer.out.count("to do") == 2 and answer.err.startswith("2 runs; ")
    assert not (tmp_path / "runs").exists()


def test_minutes_choose_what_fits_and_stay_with_it(tmp_path):
    words = (
        "reproduce",
        "figure1",
        "--minutes",
        "1",
        "--data-root",
        tmp_path / "none",
        "--runs",
        tmp_path,
        "--dry-run",
    )
    first = Answer(*words)
    assert first.code == 0 and "--minutes 1: scale smoke" in first.err
    (kept,) = json.loads((tmp_path / "reproduced" / "budgets.json").read_text()).values()
    assert kept == {"scale": "smoke", "part": 1.0}
    assert "--minutes 1: scale" not in Answer(*words).err, "what was chosen stays chosen"
    little = Answer(*words[:3], "0.001", *words[4:])
    assert little.code == 2 and "give more minutes" in little.err


def test_what_is_finished_is_drawn_and_nothing_trained(tmp_path):
    words = ("reproduce", "budgets", "--scale", "smoke", "--finished", "--runs", tmp_path / "runs", "--out", tmp_path)
    answer = Answer(*words, "--json")
    assert answer.code == 0 and [row["ours"] for row in answer.json["rows"]] == [None] * 4
    assert {failed["why"] for failed in answer.json["failed"]} == {"not finished yet"}
    assert not (tmp_path / "runs").exists() and (tmp_path / "budgets-smoke.svg").is_file()
    assert "- resnet56, 0.32 epochs: not finished yet" in Answer(*words).out


@pytest.mark.slow
def test_a_cheap_one_from_end_to_end_and_again(tmp_path):
    words = ("reproduce", "figure1", "--scale", "smoke", "--seeds", "2", "--runs", tmp_path, "--json")
    first = Answer(*words)
    assert first.code == 0, first.err
    assert [row["n"] for row in first.json["rows"]] == [2] * 4 and first.json["too_small"] is True
    written = {path.name: path.read_bytes() for path in (tmp_path / "reproduced").iterdir()}
    again = Answer(*words)
    assert again.json == first.json and "nothing is left to do of 4 runs" in again.err
    assert {path.name: path.read_bytes() for path in (tmp_path / "reproduced").iterdir()} == written
    runs = [word for run in first.json["runs"] for word in ("--from", run["run"])]
    given = Answer("reproduce", "figure1", *runs, "--runs", tmp_path, "--json")
    assert [row["ours"] for row in given.json["rows"]] == [row["ours"] for row in first.json["rows"]]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_all_smokes(tmp_path):
    answer = Answer("reproduce", "all", "--scale", "smoke", "--runs", tmp_path, "--json")
    assert answer.code == 0, answer.err
    found = {e["experiment"]: e for e in answer.json["experiments"]}
    assert set(found) == set(EXPERIMENTS) and answer.json["missing"] == {}
    for name, values in found.items():
        assert values["failed"] == [] and values["rows"], name
        assert values["too_small"] is bool(EXPERIMENTS[name].rounds)
        assert all(Path(file).is_file() for file in values["files"])
        trained = [r for r in values["rows"] if r["unit"] == "error %" and r["ours"] is not None]
        assert all(r["n"] == 1 and r["images"] in (20, 100, 360) for r in trained)
    assert len(list(tmp_path.glob("*/result.json"))) == 30, "runs are shared"
    assert all(found[f"table{n}"]["measured"]["images"] == 20 for n in (2, 3, 4, 5))
    assert found["bottleneck"]["measured"]["px"] == 16
