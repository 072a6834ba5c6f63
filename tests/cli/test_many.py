"""Several runs from one command, as a user types it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from reslab.cli.watch import queue_words
from reslab.engine import this_machine
from reslab.experiments.queue import Now, Standing
from reslab.store import RunFolder
from tests.cli.test_commands import Answer
from tests.experiments.test_queue import begin

SHORT = ("--model", "resnet8", "--steps", "5")


@pytest.fixture(autouse=True)
def short_trials(monkeypatch):
    monkeypatch.setattr("reslab.experiments.trial.TRIAL_SECONDS", 0.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "--seeds", "2", "--run", "r"], "--run names one folder, and --seeds makes one for each seed"),
        (["train", "--workers", "2"], "give --seeds or --folds, too"),
        (["train", "--seeds", "0"], "1 or more"),
        (["train", "--seeds", "2", "--batch", "2000"], "larger than the 1077 training images"),
        (["train", "--seeds", "2", "--workers", "-1"], "--workers and --threads are 1 or more"),
        (["sweep"], "reslab train --seeds"),
        (["sweep", "--grid", "optimizer.rl=0.1,0.2"], "did you mean optimizer.lr"),
        (["sweep", "--grid", "optimizer.lr=0.1,0.2", "--lr", "0.1"], "one value in an option and several in the grid"),
        (["sweep", "--grid", "batch=16,32", "--set", "batch=8"], "leave the option out"),
        (["sweep", "--grid", "optimizer.lr=0.1,0.2", "--base", "optimizer.lr=0.3"], "is not in the grid"),
        (["sweep", "--models", "resnet8,plain8", "--model", "resnet8"], "leave the option out"),
        (["sweep", "--grid", "batch=16,2000"], "larger than the 1077 training images"),
        (["sweep", "--grid", "batch=16,016"], "takes a whole number"),
        (["sweep", "--grid", "optimizer.lr=0.1,1e-1"], "are the same recipe"),
        (["sweep", "--grid", "optimizer.lr=0.1,0.2", "--seeds", "0"], "1 or more"),
        (["sweep", "--models", "resnet8,plain21"], "6n"),
    ],
)
def test_mistakes_are_one_clear_line(words, message, tmp_path):
    answer = Answer(*words, "--runs", tmp_path / "runs")
    assert answer.code == 2 and message in answer.err
    assert not (tmp_path / "runs").exists(), "nothing is begun that cannot be done"


@pytest.mark.parametrize("verb", [("train",), ("sweep", "--grid", "optimizer.lr=0.1")])
def test_that_openmp_bounds_a_queue_is_said(verb, tmp_path, monkeypatch):
    monkeypatch.setattr("reslab.experiments.plan.core_numbers", lambda: (0, 1, 2, 3))
    monkeypatch.setattr("reslab.experiments.plan.usable_cores", lambda: 4)
    words = (*verb, *SHORT, "--seeds", "3", "--runs", tmp_path / "runs", "--dry-run", "--json")
    for openmp, at_once in (("2", "2 at once (OMP_NUM_THREADS=2);"), ("4", "4 at once;")):
        monkeypatch.setenv("OMP_NUM_THREADS", openmp)
        answer = Answer(*words)
        assert f"3 runs; 3 with 1 thread; at most {at_once}" in answer.err
        assert answer.json["threads"] == [1, 1, 1] and answer.json["at_once"] == int(openmp)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert "3 with 1 thread; at most 2 at once; about" in Answer(*words, "--workers", "2").err, "not by that"


def test_that_threads_are_those_of_the_runs_before_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("reslab.experiments.plan.core_numbers", lambda: tuple(range(16)))
    monkeypatch.setattr("reslab.experiments.plan.usable_cores", lambda: 16)
    # Sixteen threads on fewer cores would take their trial minutes.
    monkeypatch.setattr("reslab.experiments.outlook.short_trial", lambda *_: SimpleNamespace(seconds=1.0))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    words = ("train", *SHORT, "--seeds", "5", "--runs", tmp_path, "--dry-run")
    fresh = Answer(*words, "--json")
    assert "5 runs; 5 with 3 threads; at most 5 at once; " in fresh.err
    begin(Path(fresh.json["runs"][0]), threads=16)
    why = "(as many as the runs before; --workers overrules)"
    assert f"5 runs; 5 with 16 threads {why}; at most 1 at once; " in Answer(*words).err
    overruled = Answer(*words, "--workers", "4")
    assert "1 with 16 threads, 4 with 4 threads; at most 4 at once; " in overruled.err


def test_what_is_to_come_is_said_before_anything_is_done(tmp_path):
    grid = ("--grid", "optimizer.lr=0.1,0.2", "--models", "resnet8,plain8", "--seeds", "2", "--steps", "5")
    answer = Answer("sweep", *grid, "--runs", tmp_path / "runs", "--dry-run", "--json")
    assert len(answer.json["runs"]) == 8 and answer.json["ended"] == 0 and answer.json["expected_seconds"] > 0
    assert answer.err.count("\n") == 1 and answer.err.startswith("8 runs; ") and "; about " in answer.err
    assert Answer("train", *SHORT, "--seeds", "3", "--runs", tmp_path / "runs", "--dry-run").out.count("to do") == 3
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("verb", [("train", "--seeds", "2"), ("sweep", "--grid", "optimizer.lr=0.1,0.2")])
def test_more_threads_than_cores_work_and_that_is_said(verb, tmp_path):
    answer = Answer(*verb, *SHORT, "--threads", "999", "--runs", tmp_path / "runs", "--dry-run", "--json")
    assert answer.code == 0 and "999 threads are more than the " in answer.err
    assert answer.json["threads"] == [this_machine().cores] * 2


def test_cifar_is_searched_on_images_of_its_own(real_data, tmp_path):
    words = ("sweep", "cifar10", "--data-root", real_data, *SHORT, "--grid", "optimizer.lr=0.1,0.2", "--dry-run")
    answer = Answer(*words, "--runs", tmp_path)
    assert "split 40k/5k/5k: judged on 5,000 images that are not those of the 45k/5k split" in answer.err
    assert "judged" not in Answer(*words, "--split", "45k/5k", "--runs", tmp_path).err
    assert "judged" not in Answer(*words, "--set", "data.split=45k/5k", "--runs", tmp_path).err
    answer = Answer(*words, "--split", "50k", "--runs", tmp_path)
    assert answer.code == 2 and "no validation images to choose by" in answer.err


def test_progress_is_one_line():
    now = tuple(Now(f"lr {k}, seed 0", 20 * k, 100, 30.0, 12.34 if k > 1 else None) for k in range(5))
    assert queue_words(Standing(3, 1, 12, now, 240.0)) == (
        "3 of 12 runs done, 1 failed, 4 min left: lr 0, seed 0 begins; lr 1, seed 0 step 20/100, error 30.0 %; "
        "lr 2, seed 0 step 40/100, val error 12.3 %; and 2 more"
    )
    assert queue_words(Standing(12, 0, 12, (), 0.0)) == "12 of 12 runs done"


@pytest.mark.slow
def test_seeds(tmp_path):
    words = ("train", *SHORT, "--seeds", "2", "--seed", "3", "--runs", tmp_path, "--json")
    first = Answer(*words)
    assert first.code == 0, first.err
    assert [run["seed"] for run in first.json["runs"]] == [3, 4] and first.json["failed"] == []
    errors = [run["val_error"] for run in first.json["runs"]]
    assert first.json["summary"]["n"] == 2
    assert first.json["summary"]["val_error_mean"] == pytest.approx(sum(errors) / 2, abs=1e-3)
    assert first.json["summary"]["test_images"] == 360
    again = Answer(*words)
    assert again.json == first.json and "nothing is left to do of 2 runs" in again.err
    alone = Answer("train", *SHORT, "--seed", "4", "--runs", tmp_path, "--json")
    assert alone.json == first.json["runs"][1] and "is done" in alone.err
    table = Answer(*words[:-1]).out
    assert "mean of 2" in table and " ± " in table and "360 test images" in table


@pytest.mark.slow
def test_another_net_and_another_field_are_changes_of_one_sweep(tmp_path):
    words = ("sweep", *SHORT, "--change", "model.name=plain8", "--change", "smoothing=0.1", "--seeds", "2")
    ahead = Answer(*words, "--runs", tmp_path, "--dry-run", "--json")
    assert ahead.code == 0, ahead.err
    assert ["plain8" in run for run in ahead.json["runs"]] == [False, True, False] * 2


@pytest.mark.parametrize(
    ("change", "lacks"), [("model.name=resnet18", "a stem for ImageNet"), ("mixup=0.2", "images that are mixed")]
)
def test_a_point_that_the_native_engine_cannot_train_is_named_before_the_first_run(
    change, lacks, tmp_path, monkeypatch
):
    for compiled in ("library", "tier"):  # of the points that it can train, here or not
        monkeypatch.setattr(f"reslab.engine.execution.{compiled}", lambda *_: "compiled")
    words = ("sweep", "--size", "32", "--steps", "3", "--change", change, "--runs", tmp_path / "runs")
    answer = Answer(*words, "--engine", "native")
    assert answer.code == 2 and not (tmp_path / "runs").exists()
    assert f"{change}: --engine native: they are not made for {lacks}" in answer.err
    assert Answer(*words, "--engine", "auto", "--dry-run").code == 0
    seeds = ("--size", "32", "--set", "mixup=0.2", "--seeds", "2", "--runs", tmp_path / "runs")
    alone = Answer("train", *seeds, "--engine", "native")
    assert alone.code == 2 and alone.err.startswith("--engine native: they are not made")


def test_a_sweep_with_a_point_that_diverges(tmp_path):
    words = ("sweep", *SHORT, "--grid", "optimizer.lr=0.1,1e30", "--runs", tmp_path, "--json")
    first = Answer(*words)
    assert first.code == 1, first.err
    good, bad = first.json["points"]
    assert good["values"] == {"optimizer.lr": "0.1"} and good["val_images"] == 360 and good["n"] == 1
    assert bad["n"] == 0 and "diverged" in first.json["failed"][0]["why"]
    assert "diverged: lr 1e30" in first.err and "diverged" in first.err
    out = Path(first.json["out"])
    assert out.parent == tmp_path and out.name.startswith("sweep-")
    written = {path.name: path.read_bytes() for path in out.iterdir()}
    assert set(written) == {"sweep.md", "sweep.svg", "sweep.json"}
    assert json.loads(written["sweep.json"]) == {k: v for k, v in first.json.items() if k != "out"}
    again = Answer(*words)
    assert again.code == 1 and again.json == first.json and "nothing is left to do" in again.err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == written
    text = Answer(*words[:-1]).out
    assert text.startswith("| optimizer.lr |") and "0 of 1" in text and str(out) in text


@pytest.mark.slow
def test_a_folder_of_photographs_with_seeds(tmp_path):
    pets = tmp_path / "my pets"
    for shade, name in ((20, "猫"), (200, "dog")):
        (pets / name).mkdir(parents=True)
        for number in range(10):
            Image.fromarray(np.full((30, 40, 3), shade + number, np.uint8)).save(pets / name / f"{number}.png")
    words = ("train", pets, "--model", "resnet8", "--size", "16", "--steps", "3", "--seeds", "2", "--runs", tmp_path)
    answer = Answer(*words, "--json")
    assert answer.code == 0, answer.err
    assert [run["val_images"] for run in answer.json["runs"]] == [4, 4]
    assert (answer.json["summary"]["test_error_mean"], answer.json["summary"]["test_images"]) == (None, 0)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_and_the_same_command(tmp_path):
    words = [
        "train",
        "--model",
        "resnet8",
        "--steps",
        "150",
        "--seeds",
        "2",
        "--workers",
        "1",
        "--runs",
        str(tmp_path),
    ]
    command = [sys.executable, "-m", "reslab", *words, "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not list(tmp_path.glob("*/metrics.jsonl")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and out == "" and "0 of 2 runs are done" in errors and "the same command" in errors
    (begun,) = tmp_path.glob("*/state.safetensors")
    step = RunFolder(begun.parent).load_state()[1]["step"]
    assert 0 < step < 150
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert finished.returncode == 0, finished.stderr
    assert [run["exact"] for run in json.loads(finished.stdout)["runs"]] == [True, True]
