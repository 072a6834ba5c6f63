"""The command as a user types it: text, JSON, exit codes, and one clear line for every mistake."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from reslab.cli.app import app
from reslab.errors import ReslabError
from reslab.nets import HISTORIC


class Answer:
    """What a command printed and how it ended."""

    def __init__(self, *words: str) -> None:
        result = CliRunner().invoke(app, [str(word) for word in words])
        self.out, self.err, self.code = result.stdout, result.stderr, result.exit_code
        if isinstance(result.exception, ReslabError):
            self.code, self.err = result.exception.exit_code, f"{self.err}{result.exception}"
        elif result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception

    @property
    def json(self) -> dict:
        return json.loads(self.out)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "first"
    assert Answer("train", "--model", "resnet8", "--steps", "40", "--run", path).code == 0
    return path


@pytest.fixture(scope="module")
def pets(tmp_path_factory) -> Path:
    """A folder as people have them: class names in several scripts, spaces, hidden folders, odd images."""
    folder = tmp_path_factory.mktemp("my photos") / "pets"
    random = np.random.default_rng(0)
    for name, shade in (("2", 20), ("10", 90), ("猫 und Hund", 160), ("طائر", 230)):
        (folder / name).mkdir(parents=True)
        for number in range(10):
            pixels = (shade + random.integers(-15, 16, (30, 40, 3))).astype(np.uint8)
            image = Image.fromarray(pixels)
            image = image.convert(("RGB", "L", "P", "RGBA")[number % 4])
            image.save(folder / name / f"{number} Bild.png")
    (folder / ".ipynb_checkpoints").mkdir()
    return folder


# fmt: off
TRAIN_KEYS = {
    "run", "data", "model", "recipe", "seed", "steps", "epochs", "params", "engine", "precision", "compiled",
    "train_error", "train_images", "val_error", "val_images", "test_error", "test_images", "seconds",
    "images_per_second", "exact",
}
# fmt: on


def test_train_says_everything_in_json(tmp_path):
    answer = Answer("train", "digits", "--model", "resnet8", "--steps", "5", "--run", tmp_path / "r", "--json")
    assert set(answer.json) >= TRAIN_KEYS
    assert answer.out.count("\n") == 1
    assert "bf16" in answer.err or "fp32" in answer.err
    assert answer.json["steps"] == 5 and answer.json["val_images"] == 360


def test_the_default_folder_is_named_after_the_run_and_the_same_command_is_done(tmp_path):
    words = ("train", "--model", "resnet8", "--steps", "3", "--seed", "4", "--runs", tmp_path, "--json")
    first = Answer(*words)
    folder = Path(first.json["run"])
    assert folder.parent == tmp_path and folder.name.startswith("digits-resnet8-small-") and folder.name.endswith("-s4")
    second = Answer(*words)
    assert second.json == first.json and "is done" in second.err


def test_run_alone_continues_or_trains_the_defaults(run):
    again = Answer("train", "--run", run, "--json")
    assert again.json["model"] == "resnet8" and "is done" in again.err


def test_a_contradicting_flag_is_refused(run):
    recorded = json.loads((run / "environment.json").read_text())["execution"]["precision"]
    other = {"fp32": "bf16", "bf16": "fp32"}[recorded]
    answer = Answer("train", "--run", run, "--precision", other)
    assert answer.code == 2 and "choose another --run" in answer.err


@pytest.mark.parametrize(
    ("words", "differences"),
    [
        (["--steps", "41"], "schedule.steps 41 here, 40 there"),
        (["--model", "resnet8", "--epochs", "1"], "schedule.steps 17 here, 40 there"),
        (["--lr", "0.2", "--seed", "3"], "seed 3 here, 0 there, optimizer.lr 0.2 here, 0.1 there"),
        (["--set", "augment.pad=3"], "augment.pad 3 here, 1 there"),
        (["cifar10"], "data.name cifar10 here, digits there"),
    ],
)
def test_options_of_an_existing_run_change_their_own_fields_alone(run, words, differences):
    answer = Answer("train", *words, "--run", run)
    assert answer.code == 2
    assert answer.err.startswith(f"{run} is there already: {differences}; a run's recipe is part of it: give another")


@pytest.mark.parametrize("words", [("--epochs", "3"), ("--lr", "0.2", "--steps", "41"), ("--set", "augment.pad=3")])
def test_a_run_that_has_ended_may_be_started_from(run, words, tmp_path):
    answer = Answer("train", *words, "--run", run)
    told, _, offered = answer.err.strip().rpartition("; or start from it: reslab ")
    assert told.endswith(("leave the option out", "leave the options out")) and offered == f"train digits --from {run}"
    going_on = Answer(*offered.split(), *words, "--runs", tmp_path, "--dry-run")
    assert going_on.code == 0 and "resnet8" in going_on.out


def test_a_run_is_not_to_be_started_from_where_that_is_no_way_out(run, tmp_path):
    for words in (
        ("--model", "resnet14", "--steps", "41"),
        ("--seed", "3"),
        ("cifar10",),
        ("--from", "resnet20-cifar10"),
    ):
        answer = Answer("train", *words, "--run", run)
        assert answer.code == 2 and "is there already" in answer.err and "start from it" not in answer.err
    shutil.copytree(run, tmp_path / "half done", ignore=shutil.ignore_patterns("result.json"))
    answer = Answer("train", "--epochs", "3", "--run", tmp_path / "half done")
    assert answer.code == 2 and "is there already" in answer.err and "start from it" not in answer.err


def test_options_that_an_existing_run_has_anyway_are_no_matter(run):
    words = (
        "--model",
        "ResNet-8",
        "--steps",
        "40",
        "--recipe",
        "small",
        "--set",
        "schedule.kind=linear",
        "--batch",
        "64",
    )
    assert "is done" in Answer("train", "digits", *words, "--run", run).err


def test_a_new_run_is_said_to_be_new(tmp_path):
    words = ("train", "--model", "resnet8", "--steps", "1", "--run", tmp_path / "r")
    first, again = Answer(*words), Answer(*words)
    assert first.err.startswith(f"resnet8 on digits: recipe small, 1 step, in the new folder {tmp_path / 'r'}\n")
    assert again.err == f"{tmp_path / 'r'} is done; this is its recorded result\n"


@pytest.mark.parametrize("option", ["--run", "--runs"])
def test_a_file_where_the_run_should_be_is_refused_before_anything_is_timed(option, tmp_path, monkeypatch):
    monkeypatch.setattr("reslab.cli.train.words_beforehand", lambda *_: pytest.fail("timed"))
    (tmp_path / "file").touch()
    answer = Answer("train", "--model", "resnet8", "--steps", "1", option, tmp_path / "file")
    assert answer.code == 2 and f"{tmp_path / 'file'} is a file, and a run is a folder" in answer.err


def test_where_runs_are_made_and_the_run_itself_are_not_both_said(tmp_path):
    one, many = tmp_path / "one", tmp_path / "many"
    for options in (["--run", one, "--runs", many], ["--run", one, "--runs", "runs"]):
        answer = Answer("train", "--model", "resnet8", "--steps", "1", "--dry-run", *options)
        assert answer.code == 2 and answer.err.startswith(
            f"--run {one} is the run's folder, --runs {options[-1]} where"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_lost_its_model_is_trained_anew_as_it_is_told(tmp_path):
    run = tmp_path / "r"
    words = ("train", "--model", "resnet8", "--steps", "2", "--threads", "1", "--run", run)
    first = Answer(*words, "--json").json
    (run / "model.safetensors").unlink()
    answer = Answer("eval", run)
    assert answer.code == 1 and f"delete its result.json and train it anew (reslab train --run {run})" in answer.err
    (run / "result.json").unlink()
    again = Answer("train", "--run", run, "--json").json
    assert again["val_error"] == first["val_error"] and Answer("eval", run).code == 0


def test_a_folder_that_is_no_run_is_left_alone(pets):
    before = sorted(pets.rglob("*"))
    answer = Answer("train", "--model", "resnet8", "--steps", "1", "--run", pets)
    assert answer.code == 2 and "is no run folder and not empty (it holds 10); give another --run" in answer.err
    assert sorted(pets.rglob("*")) == before


@pytest.mark.parametrize("words", [["--size", "20000"], ["--set", "data.size=20000"]])
def test_images_that_would_fill_the_memory_are_refused_before_one_is_read(words, pets, tmp_path, monkeypatch):
    monkeypatch.setattr("reslab.training.source.load_dataset", lambda *_, **__: pytest.fail("read"))
    answer = Answer("train", pets, *words, "--runs", tmp_path / "runs")
    assert answer.code == 2 and "size 20000: images of 2,048 pixels at most" in answer.err


def test_epochs_steps_and_fields(tmp_path):
    plan = Answer(
        "train", "--epochs", "2", "--set", "optimizer.momentum=0.8", "--lr", "0.05", "--dry-run", "--json"
    ).json
    assert plan["steps"] == 34 and plan["recipe"]["optimizer"]["momentum"] == 0.8
    assert plan["recipe"]["optimizer"]["lr"] == 0.05 and plan["expected_seconds"] > 0
    assert not Path(plan["run"]).exists()


def test_epochs_count_batches_as_they_are_set():
    plan = Answer("train", "--model", "resnet8", "--epochs", "2", "--set", "batch=32", "--dry-run", "--json").json
    assert plan["steps"] == 67 and plan["epochs"] == pytest.approx(2, abs=0.02)
    drops = ("--set", "schedule.kind=drops", "--set", "schedule.drops=3,6")
    plan = Answer("train", "--model", "ResNet-8", "--steps", "9", *drops, "--dry-run", "--json").json
    assert plan["recipe"]["schedule"]["drops"] == [3, 6] and "-resnet8-" in plan["run"]


def test_evaluate(run):
    answer = Answer("eval", run, "--split", "val", "--json").json
    assert {"top1_error", "top5_error", "images", "split", "views", "model"} <= set(answer)
    assert (answer["images"], answer["split"], answer["views"], answer["model"]) == (360, "val", 1, "resnet8")
    assert (
        Answer("eval", run / "model.safetensors", "--split", "val", "--json").json["top1_error"] == answer["top1_error"]
    )
    assert "% of 360 images" in Answer("eval", run).out


def test_predict(run, tmp_path):
    Image.fromarray(np.zeros((20, 10, 3), np.uint8)).save(tmp_path / "dark 犬.png")
    answer = Answer("predict", run, tmp_path, "--json")
    (prediction,) = answer.json["predictions"]
    assert prediction["name"] in "0123456789" and len(prediction["top"]) == 5
    assert "dark 犬.png" in Answer("predict", run, tmp_path / "dark 犬.png").out
    (tmp_path / "bad.png").write_bytes(b"no image")
    answer = Answer("predict", run, tmp_path, "--json")
    assert answer.code == 1 and len(answer.json["predictions"]) == 2 and "bad.png" in answer.err


def test_report(run, tmp_path):
    answer = Answer("report", run, run, "--out", tmp_path / "both.html")
    page = (tmp_path / "both.html").read_text(encoding="utf-8")
    assert answer.code == 0 and "resnet8" in page and "360" in page
    assert Answer("report", run, "--json").json["report"] == str(run / "report.html")


@pytest.mark.slow
def test_the_page_of_the_paper(tmp_path):
    answer = Answer("report", "--paper", "--out", tmp_path / "paper.html", "--json")
    page = (tmp_path / "paper.html").read_text(encoding="utf-8")
    assert answer.json["bytes"] == len(page.encode()) and answer.json["runs"] == []
    for name in ("figure3", "table6", "overfit"):
        assert f'<article id="{name}"' in page and f"reslab reproduce {name}" in page
    assert "Option C has 13 projections." in page and "3×3 conv, 512" in page


@pytest.mark.parametrize("words", [["nowhere"], ["--paper"]])
def test_a_report_replaces_no_photograph(words, tmp_path):
    (tmp_path / "UP.JPG").write_bytes(b"a photograph")
    for name in ("UP.JPG", "plain"):
        answer = Answer("report", *words, "--out", tmp_path / name)
        assert answer.code == 2 and f"{name}: name a file that ends in .html or .htm" in answer.err
    assert (tmp_path / "UP.JPG").read_bytes() == b"a photograph" and not (tmp_path / "plain").exists()


def test_a_report_is_of_runs_or_of_the_paper(run):
    for words in (("report",), ("report", run, "--paper")):
        assert Answer(*words).code == 2 and "--paper" in Answer(*words).err


def test_list_tries_nothing_and_shows_the_times_that_are_known(monkeypatch, tmp_path):
    """A trial of each net takes a busy machine minutes, and who asks for names waits for none of them."""
    trials = []
    monkeypatch.setattr("reslab.experiments.costs._tried", lambda *_: trials.append(1) or 1e-9)

    def listed(scale: str = "small", what: str = "expected_seconds"):
        return {e["name"]: e["scales"][scale][what] for e in Answer("list", "--json").json["experiments"]}

    assert listed()["figure1"] > 600 and "engine native" in listed(what="expected_on")["figure1"] and not trials
    assert listed()["figure2"] == 0, "nothing is run"
    assert "2 runs, ~" in Answer("list").out, "by recorded runs, and so marked"
    smoke = ("reproduce", "figure1", "--scale", "smoke", "--runs", tmp_path, "--dry-run")
    assert Answer(*smoke).code == 0 and len(trials) == 1
    where = listed("smoke", "expected_on")
    assert listed("smoke")["figure1"] > 0 and where["figure1"] is None
    assert "engine torch" in where["table2"], "of ImageNet nets nothing was tried"
    Answer("reproduce", "all")
    tried = len(trials)
    assert listed()["figure1"] > 3600 and "2 runs, " in Answer("list").out and len(trials) == tried
    assert "~" not in Answer("list").out and set(listed(what="expected_on").values()) == {None}


def test_info_and_list(monkeypatch):
    monkeypatch.setattr("reslab.experiments.costs._tried", lambda *_: 1e-9)
    assert "reslab reproduce all tries this machine" in Answer("list").out, "and list tries nothing"
    Answer("reproduce", "all")
    assert "tries this machine" not in Answer("list").out
    found = Answer("info", "resnet50", "--json").json
    assert {"name", "depth", "params", "macs", "input_size", "classes", "shortcut", "stride_in", "stages"} <= set(found)
    assert found["stages"][1] | {"name": "stage1", "output": 56, "channels": 256, "blocks": 3} == found["stages"][1]
    assert (found["params"], found["macs"]) == (25_557_032, 3_857_973_248)
    text = Answer("info", "resnet20", "--shortcut", "B").out
    assert "[3x3, 16; 3x3, 16] x 3" in text and "272,474" in text
    everything = Answer("list", "--json").json
    assert list(everything) == ["models", "datasets", "recipes", "trained", "published", "experiments"]
    assert {"resnet50-imagenet", "resnet110-akamaster"} <= {net["name"] for net in everything["published"]}
    assert {"resnet20", "plain34", "resnet152"} <= {m["name"] for m in everything["models"]}
    assert {d["name"] for d in everything["datasets"]} == {"digits", "cifar10", "cifar100"}
    assert {"paper", "fast", "small", "record", "original"} == {r["name"] for r in everything["recipes"]}
    told = {e["name"]: e["scales"]["small"] for e in everything["experiments"]}["figure1"]
    assert told["runs"] == 2 and told["multiply_adds"] > 1e14 and told["expected_seconds"] > 3600
    assert told["measured"] and told["measured_seconds"] > 60 and told["measured_on"], "results/ has plain20 under fast"
    assert {net["epochs"] for net in everything["trained"]} == {19.999}, "as it is"
    assert "19.999" not in (printed := Answer("list").out) and re.search(r"resnet20-cifar10 .* 20 +2 ", printed)
    fields = {row["field"]: row for row in Answer("list", "--fields", "--json").json["fields"]}
    assert "fast, record 0.2" in fields["optimizer.lr"]["elsewhere"]
    assert "optimizer.lr " in Answer("list", "--fields").out
    own = {m["name"]: m["original"] for m in everything["models"]}
    assert all(own[name] for name in HISTORIC) and not own["resnet20"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("vgg16", ["138,357,544", "(paper: 15.3e9 FLOPs)", "convolutions alone"]),
        ("vgg19", ["143,667,240", "(paper: 19.6e9 FLOPs)"]),
        ("alexnet", ["60,965,224", "60M parameters", "LRN", "in 2 groups"]),
        ("googlenet", ["6,998,552", "inception, 1024", "6,379,728 more parameters"]),
        ("maxout", ["16,247,830", "8x8, 96 maxout of 2"]),
        ("nin", ["966,986", "5x5, 192; 1x1, 192 x 2; 3x3 max pool, /2"]),
        ("dsn", ["966,986", "2,580,510 more parameters", "[companion head]"]),
        ("fitnet19", ["2,742,102", "(paper: 2.5M)", "382M"]),
        ("highway19", ["2,256,838", "(paper: 2.3M)", "highway 3x3, 80 x 5"]),
        ("highway32", ["1,264,502", "(paper: 1.25M)", "(highway 1x1, 32; highway 3x3, 32) x 4"]),
        ("preact164", ["1,703,258", "before each convolution", "[1x1, 16; 3x3, 16; 1x1, 64] x 18"]),
    ],
)
def test_info_of_the_nets_of_the_comparison(name, words):
    text = Answer("info", name).out
    assert all(word in text for word in words), text
    found = Answer("info", name, "--classes", "7", "--json").json
    assert found["classes"] == 7 and found["paper"] == found["published"] == {}
    assert (found["block"] is None) == (name != "preact164")


def test_a_historic_net_from_the_command_line(tmp_path):
    words = ("--model", "NIN", "--recipe", "original", "--steps", "2", "--batch", "8", "--threads", "1", "--json")
    result = Answer("train", "digits", *words, "--run", tmp_path / "r").json
    assert (result["model"], result["recipe"], result["steps"]) == ("nin", "original", 2)
    assert Answer("eval", tmp_path / "r", "--json").json["top1_error"] == result["test_error"]
    assert "nin" in (tmp_path / "r" / "recipe.toml").read_text()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "dark.png")
    assert Answer("predict", tmp_path / "r", tmp_path / "dark.png").code == 0
    assert Answer("report", tmp_path / "r").code == 0


def test_doctor():
    found = Answer("doctor", "--json").json
    assert found["machine"]["cores"] >= 1 and found["execution"]["engine"] == "torch"
    assert "will use" in Answer("doctor").out


def test_a_folder_of_photographs(pets, tmp_path):
    words = ("train", pets, "--model", "resnet8", "--size", "16", "--steps", "60", "--run", tmp_path / "r", "--json")
    answer = Answer(*words)
    result = answer.json
    assert (result["train_images"], result["val_images"], result["test_error"], result["test_images"]) == (
        32,
        8,
        None,
        0,
    )
    assert result["val_error"] < 50
    split = json.loads((tmp_path / "r" / "split.json").read_text())
    assert split["classes"] == ["10", "2", "طائر", "猫 und Hund"] and len(split["files"]["val"]) == 8
    assert Answer("eval", tmp_path / "r", "--json").json["top1_error"] == result["val_error"]
    named = Answer("predict", tmp_path / "r", pets / "猫 und Hund" / "0 Bild.png", "--top", "1").out
    assert "Bild.png: " in named
    assert Answer("report", tmp_path / "r").code == 0


def test_new_photographs_do_not_change_what_a_run_was_judged_on(pets, tmp_path):
    folder = tmp_path / "pets"
    shutil.copytree(pets, folder)
    words = ("train", folder, "--model", "resnet8", "--size", "16", "--steps", "5", "--run", tmp_path / "r")
    assert Answer(*words).code == 0
    before = Answer("eval", tmp_path / "r", "--json").json
    for number in range(5):
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / "2" / f"new {number}.png")
    after = Answer("eval", tmp_path / "r", "--json").json
    assert (after["images"], after["top1_error"]) == (before["images"], before["top1_error"])
    answer = Answer(*words)
    assert answer.code == 0 and "is done" in answer.err


def test_a_changed_photograph_is_another_run(pets, tmp_path):
    folder = tmp_path / "pets"
    shutil.copytree(pets, folder)
    words = ("train", folder, "--model", "resnet8", "--size", "16", "--steps", "5", "--run", tmp_path / "r")
    assert Answer(*words).code == 0
    unfinished = tmp_path / "unfinished"
    shutil.copytree(tmp_path / "r", unfinished)
    (unfinished / "result.json").unlink()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / "2" / "0 Bild.png")
    answer = Answer(*words)
    assert answer.code == 1 and "pets does not hold the photographs that" in answer.err
    assert "for others, give another --run" in answer.err
    answer = Answer("train", "--run", unfinished)
    assert answer.code == 2 and "photographs have changed: choose another --run" in answer.err
    answer = Answer("train", folder, "--run", unfinished)
    assert answer.code == 2 and "data.fingerprint" in answer.err and "choose another --run" in answer.err


def test_a_moved_folder_is_the_same_run(pets, tmp_path):
    first, second = tmp_path / "a" / "pets", tmp_path / "b" / "pets"
    shutil.copytree(pets, first)
    words = ("--model", "resnet8", "--size", "16", "--steps", "5", "--run", tmp_path / "r", "--json")
    before = Answer("train", first, *words).json
    second.parent.mkdir()
    first.rename(second)
    unfinished = tmp_path / "unfinished"
    shutil.copytree(tmp_path / "r", unfinished)
    (unfinished / "result.json").unlink()
    answer = Answer("train", "--run", unfinished)
    assert answer.code == 2 and "reslab train NEW_PLACE --run" in answer.err
    assert Answer("train", second, *words).json == before
    assert Answer("eval", tmp_path / "r", "--json").json["top1_error"] == before["val_error"], "it knows the new place"
    third = second.rename(tmp_path / "animals")
    assert Answer("train", third, "--run", tmp_path / "r", "--json").json == before, "whatever its name, and by itself"
    other = tmp_path / "other"
    shutil.copytree(third, other)
    (other / "2" / "0 Bild.png").unlink()
    answer = Answer("train", other, "--run", tmp_path / "r")
    assert answer.code == 1 and "for others, give another --run" in answer.err
    answer = Answer("train", other, "--run", unfinished)
    assert answer.code == 1 and "goes on with its own photographs: for others, give another --run" in answer.err
    answer = Answer("train", "digits", "--run", tmp_path / "r")
    assert answer.code == 2 and "data.name digits here, pets there" in answer.err


def test_a_finished_run_needs_no_data(pets, tmp_path):
    folder, run = tmp_path / "pets", tmp_path / "r"
    shutil.copytree(pets, folder)
    words = ("train", folder, "--model", "resnet8", "--size", "16", "--epochs", "5", "--batch", "8", "--run", run)
    before = Answer(*words, "--json").json
    shutil.rmtree(folder)
    for again in (words, ("train", "--run", run)):
        answer = Answer(*again, "--json")
        assert answer.json == before and answer.err == f"{run} is done; this is its recorded result\n"
    answer = Answer("train", "--run", run, "--epochs", "6")
    assert answer.code == 2 and "schedule.steps 24 here, 20 there" in answer.err
    answer = Answer("train", tmp_path / "nowhere", "--run", run)
    assert answer.code == 2 and "no such folder of images" in answer.err


def test_bad_images_are_skipped_only_when_asked(pets, tmp_path):
    folder = tmp_path / "pets"
    shutil.copytree(pets, folder)
    (folder / "2" / "0 Bild.png").write_bytes(b"no image")
    words = ("train", folder, "--model", "resnet8", "--size", "16", "--steps", "5", "--run", tmp_path / "r", "--json")
    answer = Answer(*words)
    assert answer.code == 1 and "0 Bild.png" in answer.err and "--on-bad skip" in answer.err
    assert not (tmp_path / "r").exists()
    result = Answer(*words, "--on-bad", "skip").json
    assert result["train_images"] + result["val_images"] == 39
    again = Answer("eval", tmp_path / "r", "--on-bad", "skip", "--json").json
    assert (again["images"], again["top1_error"]) == (result["val_images"], result["val_error"])


def test_fine_tuning_takes_the_net_of_the_run_it_starts_from(run, pets, tmp_path):
    words = ("train", pets, "--from", run, "--size", "8", "--steps", "3", "--runs", tmp_path, "--set", "balance=1")
    result = Answer(*words, "--json").json
    assert (result["model"], result["data"]) == ("resnet8", "pets")
    written = tomllib.loads((Path(result["run"]) / "recipe.toml").read_text())
    assert written["model"]["start"] == str(run) and written["balance"] == 1
    assert "is done" in Answer(*words).err
    for refused in (("--model", "resnet14"), ("--shortcut", "B")):
        answer = Answer(*words, *refused)
        assert answer.code == 2 and "leave --model, --shortcut and --stride-in out" in answer.err
    assert Answer("sweep", pets, "--from", run, "--grid", "balance=0,1", "--size", "8", "--dry-run").code == 0


def test_all_but_the_head_is_frozen(run, pets, tmp_path):
    words = ("train", pets, "--from", run, "--size", "8", "--steps", "3", "--run", tmp_path / "r")
    answer = Answer(*words, "--freeze", "body")
    assert answer.code == 0 and "all up to stage3 stays as it came: 260 of" in answer.err
    written = tomllib.loads((tmp_path / "r" / "recipe.toml").read_text())
    assert written["model"]["frozen"] == "stage3"
    for same in (("--freeze", "body"), ("--freeze", "stage3"), ("--set", "model.frozen=body"), ()):
        assert "is done" in Answer(*words, *same).err
    refused = Answer(*words, "--freeze", "stage1")
    assert refused.code == 2 and "model.frozen stage1 here, stage3 there" in refused.err
    whole = (*words[:-1], tmp_path / "whole", "--freeze", "none")
    assert Answer(*whole).code == 0 and "is done" in Answer(*whole).err
    plan = Answer("train", pets, "--from", run, "--size", "8", "--freeze", "stem", "--dry-run", "--json").json
    assert plan["recipe"]["model"]["frozen"] == "stem" and plan["execution"]["engine"] == "torch"
    grid = ("--grid", "model.frozen=none,stem,body", "--size", "8", "--steps", "3", "--dry-run")
    assert len(Answer("sweep", pets, "--from", run, *grid, "--json").json["runs"]) == 3
    twice = Answer("sweep", pets, "--from", run, *grid, "--freeze", "stem")
    assert twice.code == 2 and "model.frozen has one value in an option and several in the grid" in twice.err


def test_a_trained_net_teaches(pets, tmp_path):
    teacher = tmp_path / "teacher"
    shown = ("--size", "8", "--steps", "2")
    assert Answer("train", pets, "--model", "resnet14", *shown, "--run", teacher).code == 0
    words = ("train", pets, "--model", "resnet8", *shown, "--run", tmp_path / "r")
    answer = Answer(*words, "--teacher", teacher, "--set", "teacher.temperature=2")
    assert answer.code == 0, answer.err
    written = tomllib.loads((tmp_path / "r" / "recipe.toml").read_text())["teacher"]
    assert (written["net"], written["temperature"]) == (str(teacher), 2)
    for same in (("--teacher", teacher), ()):
        assert "is done" in Answer(*words, *same).err
    other = Answer(*words, "--teacher", "resnet20-cifar10")
    assert other.code == 2 and "teacher.net resnet20-cifar10 here" in other.err
    foreign = Answer("train", pets, "--size", "32", "--teacher", "resnet20-cifar10", "--runs", tmp_path)
    assert foreign.code == 2 and "resnet20-cifar10 knows 'airplane', 'automobile', 'bird' (and 7 more)" in foreign.err
    grid = ("--grid", "teacher.weight=1,4", "--dry-run", "--json")
    assert len(Answer("sweep", pets, "--teacher", teacher, *shown, *grid).json["runs"]) == 2
    alone = Answer("train", pets, *shown, "--set", "teacher.weight=1")
    assert alone.code == 2 and "no net teaches; name one by --teacher" in alone.err


def test_ones_own_residual_function(tmp_path, monkeypatch):
    source = (
        "from torch import nn\nfrom reslab.nets.blocks import basic\n\n\ndef leaky(cin, width, stride, stride_in):\n"
        "    own = basic(cin, width, stride)\n    own[2] = nn.LeakyReLU(0.3)\n    return own\n"
    )
    (tmp_path / "my_block.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    words = ("--model", "resnet8", "--steps", "5", "--set", "model.residual=my_block:leaky", "--run", "r", "--json")
    result = Answer("train", *words).json
    refused = Answer("eval", "r")
    assert refused.code == 2 and "--residual my_block:leaky" in refused.err
    assert Answer("eval", "r", "--residual", "my_block:leaky", "--json").json["top1_error"] == result["test_error"]
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save("dark.png")
    assert Answer("predict", "r", "dark.png", "--residual", "my_block:leaky").code == 0
    Path("edited.py").write_text(source.replace("0.3", "3.0"))
    edited = Answer("eval", "r", "--residual", "edited:leaky", "--json")
    assert edited.json["notes"][0].startswith("my_block:leaky has changed since r was trained")
    shutil.copy("r/model.safetensors", "lone.safetensors")
    for words in (
        ("eval", "lone.safetensors"),
        ("predict", "lone.safetensors", "dark.png"),
        ("info", "lone.safetensors"),
    ):
        assert "has changed since" not in Answer(*words, "--residual", "my_block:leaky").err
        told = Answer(*words, "--residual", "edited:leaky")
        assert "my_block:leaky has changed since lone.safetensors was trained" in told.err, words
    assert "my_block:leaky has changed" in Answer("analyze", "lesion", "r", "--residual", "edited:leaky").err
    assert Answer("train", "--from", "r", "--steps", "2", "--run", "tuned", "--json").json["params"] == result["params"]
    swept = ("sweep", "--from", "r", "--grid", "optimizer.lr=0.1,0.2", "--steps", "2", "--dry-run", "--json")
    assert len(Answer(*swept).json["runs"]) == 2


def test_val_is_never_what_was_trained_on(real_data, tmp_path):
    words = ("train", "cifar10", "--split", "50k", "--model", "resnet8", "--steps", "1", "--set", "data.images=128")
    assert Answer(*words, "--run", tmp_path / "r", "--data-root", real_data).code == 0
    for run in (tmp_path / "r", tmp_path / "r" / "model.safetensors"):
        answer = Answer("eval", run, "cifar10", "--split", "val", "--data-root", real_data)
        assert answer.code == 2 and "unknown split of cifar10 'val'" in answer.err


def test_real_photographs(real_data, tmp_path):
    words = (
        "train",
        "caltech-10",
        "--size",
        "32",
        "--model",
        "resnet8",
        "--steps",
        "30",
        "--run",
        tmp_path / "r",
        "--json",
    )
    result = Answer(*words, "--data-root", real_data).json
    assert result["val_error"] < 90 and result["val_images"] > 100
    photo = next((real_data / "imagenet-samples-200").iterdir())
    assert len(Answer("predict", tmp_path / "r", photo, "--json").json["predictions"]) == 1


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["train", "nothing-like-it"], 2, "unknown data set 'nothing-like-it'"),
        (["train", "ciphar10"], 2, "did you mean cifar10"),
        (["train", "--model", "resnet21"], 2, "6n+2"),
        (["train", "--model", "plain20", "--shortcut", "A"], 2, "plain net"),
        (["train", "--recipe", "papper"], 2, "did you mean paper"),
        (["train", "--model", "nim"], 2, "did you mean nin"),
        (["train", "--model", "vgg16"], 2, "too small for vgg16: at least 32 pixels"),
        (["train", "--model", "nin", "--shortcut", "A"], 2, "nin has no blocks of sec. 3.3, and so no shortcut"),
        (["info", "highway18"], 2, "did you mean highway19"),
        (["info", "preact21"], 2, "6n+2 layers (sec. 4.2), or 9n+2 in bottlenecks, such as preact20 or preact26"),
        (["train", "--set", "optimizer.rl=1"], 2, "did you mean optimizer.lr"),
        (["train", "--steps", "0"], 2, "steps 0"),
        (["train", "--epochs", "0"], 2, "more than 0"),
        (["train", "--epochs", "inf"], 2, "an end"),
        (["train", "--steps", "5", "--set", "schedule.warmup_steps=5"], 2, "fewer than the run has steps (5)"),
        (["train", "--set", "data.split=50k"], 2, "only cifar10 and cifar100 have named splits"),
        (["train", "--set", "model.start=mine"], 2, "named by --from"),
        (["train", "--freeze", "body"], 2, "name them by --from"),
        (["train", "--set", "balance=2"], 2, "from 0, where each image weighs the same"),
        (["train", "--from", "resnet65-cifar10"], 1, "did you mean resnet56-cifar10"),
        (["train", "--set", "name=a/b"], 2, "letters, digits"),
        (["train", "--epochs", "1", "--steps", "5"], 2, "give one of them"),
        (["train", "--set", "schedule.kind=drops"], 2, "the rate would never fall"),
        (["train", "--set", "schedule.drops=1,1,1"], 2, "schedule.drops: the rate has no drops"),
        (["train", "--set", "schedule.drop=0.5"], 2, "set schedule.kind=drops"),
        (["train", "--recipe", "paper", "--set", "schedule.end=0.1"], 2, "set schedule.kind=linear"),
        (["train", "--set", "schedule.warmup_steps=0", "--set", "schedule.warmup_lr=0.01"], 2, "no warm-up"),
        (["train", "--set", "schedule.momentum_start=0.3"], 2, "set schedule.momentum_steps"),
        (["train", "--set", "model.residual_digest=x"], 2, "model.residual_digest: it is taken of the function"),
        (["train", "--set", "augment.pad=100000"], 2, "augment.pad=100000: padding is at most the image's own 8"),
        (["train", "--save-every", "nan"], 2, "--save-every nan: seconds between two checkpoints, 0 or more"),
        (["train", "--save-every", "-1"], 2, "--save-every -1"),
        (["train", "--batch", "2000"], 2, "larger than the 1077 training images"),
        (["train", "--batch", "0"], 2, "at least 1 image"),
        (["train", "--size", "4"], 2, "at least 8 pixels"),
        (["train", "--set", "model.residual=mine"], 2, "write module:function"),
        (["train", "--split", "45k/5k"], 2, "split"),
        (["train", "--engine", "nativ"], 2, "unknown engine"),
        (["train", "cifar10", "--size", "64"], 2, "32"),
        (["info", "resent50"], 2, "did you mean resnet50"),
        (["eval", "nowhere"], 1, "no run folder or model file nowhere"),
        (["predict", "nowhere", "image.png"], 1, "no file or folder image.png"),
        (["report", "nowhere"], 1, "no run folder"),
        (["data", "fetch", "cifar"], 2, "did you mean cifar10"),
    ],
)
def test_mistakes_are_one_clear_line(words, code, message, tmp_path):
    runs = ["--runs", tmp_path / "runs"] if words[0] == "train" else []
    answer = Answer(*words, *runs)
    assert answer.code == code and message in answer.err
    assert not (tmp_path / "runs").exists(), "nothing is begun that cannot be done"


def test_missing_data_tells_the_way_out(tmp_path):
    for words in (("train", "cifar10"), ("eval", "resnet56-cifar10")):
        answer = Answer(*words, "--data-root", tmp_path)
        assert answer.code == 1 and "reslab data fetch cifar10" in answer.err and "--data-root" in answer.err
        assert "--download" not in answer.err


@pytest.mark.parametrize("option", [["--download"], ["--data-url", "https://example.com"]])
@pytest.mark.parametrize("verb", [["train"], ["sweep", "--grid", "optimizer.lr=0.1"]])
def test_photographs_are_not_fetched(verb, option, pets, tmp_path):
    answer = Answer(verb[0], pets, *verb[1:], *option, "--runs", tmp_path / "runs")
    assert answer.code == 2 and f"{option[0]}: {pets} is a folder of photographs" in answer.err
    assert not (tmp_path / "runs").exists()
    assert "did you mean cifar10" in Answer(verb[0], "ciphar10", *verb[1:], *option).err


def reslab(*words: str, **environment: str) -> subprocess.CompletedProcess:
    """The command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "reslab", *words],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
    )


def test_a_mistake_in_a_real_process():
    answer = reslab("train", "--model", "resnet21")
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("reslab: no model 'resnet21'") and answer.stderr.count("\n") == 1
    assert reslab("train", "--modle", "x").returncode == 2


def test_a_place_that_cannot_be_looked_at_in_a_real_process():
    answer = reslab("info", f"{'x' * 300}.pth")
    assert (answer.returncode, answer.stdout, answer.stderr.count("\n")) == (1, "", 1)
    assert answer.stderr.startswith("reslab: xxx") and ".pth: " in answer.stderr


def test_json_carries_any_script_through_any_pipe(pets, tmp_path):
    words = ("train", str(pets), "--model", "resnet8", "--size", "16", "--steps", "2", "--run", str(tmp_path / "r"))
    assert reslab(*words, PYTHONIOENCODING="cp1252").returncode == 0
    photo = str(pets / "2" / "0 Bild.png")
    answer = reslab("predict", str(tmp_path / "r"), photo, "--json", PYTHONIOENCODING="cp1252")
    (prediction,) = json.loads(answer.stdout)["predictions"]
    assert {entry["name"] for entry in prediction["top"]} == {"10", "2", "طائر", "猫 und Hund"}


def test_what_a_function_of_ones_own_prints_is_not_in_the_json(tmp_path, monkeypatch):
    code = "import torch\nprint('imported')\n\ndef mine(cin, width, stride, at):\n    print('made')\n"
    (tmp_path / "noisy.py").write_text(code + "    return torch.nn.Conv2d(cin, width, 3, stride, 1)\n")
    monkeypatch.chdir(tmp_path)
    answer = reslab("info", "resnet8", "--residual", "noisy:mine", "--json")
    assert json.loads(answer.stdout)["name"] == "resnet8", answer.stderr
    assert answer.stderr.startswith("imported\nmade\n")


def test_version_and_help_do_not_wait_for_pytorch():
    assert reslab("--version").stdout.startswith("reslab ")
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "reslab", "--help"], capture_output=True, text=True, timeout=60
    )
    assert answer.returncode == 0 and "train" in answer.stdout
    assert "| torch\n" not in answer.stderr and " torch\n" not in answer.stderr


@pytest.mark.slow
def test_without_a_compiler_and_with_one_thread(tmp_path):
    answer = reslab(
        "train", "--model", "resnet8", "--steps", "5", "--threads", "1", "--run", str(tmp_path / "r"), "--json", PATH=""
    )
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["engine"] == "torch" and "1 thread of the CPU" in answer.stderr


@pytest.mark.slow
def test_demo(tmp_path):
    answer = reslab("demo", "--runs", str(tmp_path), "--json")
    assert answer.returncode == 0, answer.stderr
    result = json.loads(answer.stdout)
    assert result["test_error"] <= 3 and result["test_images"] == 360
    assert Path(result["report"]).is_file() and len(result["predictions"]) == 6
    text = reslab("demo", "--runs", str(tmp_path)).stdout
    assert "report.html" in text and "% of 360 images" in text
