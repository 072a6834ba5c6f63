"""Calibrated probabilities as a user asks for them: of `reslab eval`, `predict` and `export`."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reslab.data import load_dataset
from tests.cli.test_commands import Answer


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("runs") / "first"
    assert Answer("train", "--model", "resnet8", "--steps", "40", "--run", place, "--threads", "1").code == 0
    return place


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "digit.png"
    Image.fromarray(load_dataset("digits").splits["test"].pixels[3]).save(path)
    return path


def test_eval_in_json_and_in_words(run):
    answer = Answer("eval", run, "--calibration", "--json")
    found = answer.json["calibration"]
    assert answer.out.count("\n") == 1 and set(found["as_trained"]) == set(found["at_temperature"])
    text = Answer("eval", run, "--calibration").out
    head, _, steps = text.partition("as trained, by confidence")
    lines = {line.split("  ")[0]: line.split()[-4:] for line in head.splitlines() if line}
    trained, tempered = found["as_trained"], found["at_temperature"]
    assert f"temperature {found['temperature']:.3f}" in head
    for name, key in (
        ("expected calibration error", "ece"),
        ("that of a calibrated net, by chance", "ece_by_chance"),
        ("19 times of 20 at most", "ece_by_chance_at_most"),
        ("mean confidence", "confidence"),
    ):
        assert lines[name] == [f"{trained[key]:.2f}", "%", f"{tempered[key]:.2f}", "%"]
    assert lines["negative log-likelihood"][-2:] == [f"{trained['nll']:.4f}", f"{tempered['nll']:.4f}"]
    assert lines["Brier score"][-2:] == [f"{trained['brier']:.4f}", f"{tempered['brier']:.4f}"]
    assert "360 images; temperature fitted on 360 validation images, tested in the same way" in head
    rows = [line.split() for line in steps.strip().splitlines()[1:]]
    assert [int(row[-1]) for row in rows] == [b["images"] for b in trained["bins"][::-1] if b["images"]]


def test_eval_without_a_temperature_says_why(run, tmp_path):
    file = shutil.copy(run / "model.safetensors", tmp_path / "lone.safetensors")
    folder = tmp_path / "photos"
    for number in range(4):
        (folder / str(number % 2)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), 60 * number, np.uint8)).save(folder / str(number % 2) / f"{number}.png")
    text = Answer("eval", file, folder, "--calibration").out
    assert "4 images; no temperature: " in text and "give the folder of its run" in text
    assert "negative log-likelihood" in text and "temperature fitted" not in text


def test_predict(run, photo):
    plain, found = Answer("predict", run, photo, "--json"), Answer("predict", run, photo, "--calibrated", "--json")
    assert (plain.json["calibrated"], found.json["calibrated"]) == (False, True)
    before, after = plain.json["predictions"][0], found.json["predictions"][0]
    assert before["name"] == after["name"] and before["probability"] != after["probability"]
    assert "probabilities at temperature " in found.err and "temperature" not in plain.err


def test_predict_with_a_lone_file_says_what_to_do(run, photo, tmp_path):
    file = shutil.copy(run / "model.safetensors", tmp_path / "lone.safetensors")
    answer = Answer("predict", file, photo, "--calibrated")
    assert answer.code == 2 and answer.err.endswith(
        "lone.safetensors has no recorded answers to fit a temperature on: give the folder of its run (reslab eval "
        "FILE FOLDER --split val --calibration fits a temperature on photographs of yours)"
    )


def test_export_says_what_is_not_on_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("RESLAB_CACHE", str(tmp_path))
    answer = Answer("export", "resnet50-imagenet", "--to", "torch-export", "--calibrated")
    assert answer.code == 1 and "resnet50-imagenet is not on this machine" in answer.err


def test_an_exported_file_says_that_it_is_calibrated_and_takes_no_other_temperature(run, photo, tmp_path):
    out = tmp_path / "digits.pt2"
    answer = Answer("export", run, "--to", "torch-export", "--calibrated", "--out", out)
    assert answer.code == 0 and "temperature  " in answer.out and "fitted on 360 validation images" in answer.out
    ours = Answer("predict", run, photo, "--calibrated", "--json").json["predictions"][0]
    theirs = Answer("predict", out, photo, "--json").json["predictions"][0]
    assert ours["name"] == theirs["name"] and ours["probability"] == pytest.approx(theirs["probability"], abs=0.02)
    again = Answer("predict", out, photo, "--calibrated", "--json")
    fitted = Answer("export", run, "--to", "torch-export", "--calibrated", "--out", out, "--json").json["temperature"]
    assert f"{out} is calibrated already, at temperature {fitted:.3f} inside it" in again.err
    assert again.json["predictions"][0] == theirs
    assert again.json["calibrated"] is Answer("predict", out, photo, "--json").json["calibrated"] is True
    assert Answer("info", out, "--json").json["exported"]["temperature"] == fitted
    assert f"temperature    {fitted:.3f} inside: calibrated" in Answer("info", out).out


def test_a_calibrated_file_is_judged_as_it_is(run, tmp_path):
    out = tmp_path / "digits.pt2"
    fitted = Answer("export", run, "--to", "torch-export", "--calibrated", "--out", out, "--json").json["temperature"]
    own = Answer("eval", run, "--calibration", "--precision", "fp32", "--json").json["calibration"]["at_temperature"]
    for split, judged in (("test", own), ("val", None)):
        found = Answer("eval", out, "--split", split, "--calibration", "--json").json["calibration"]
        assert found["temperature"] is found["at_temperature"] is None and found["temperature_inside"] == fitted
        assert "is calibrated already" in found["basis"]
        assert judged is None or found["as_trained"]["nll"] == pytest.approx(judged["nll"], abs=5e-3)
    text = Answer("eval", out, "--calibration").out
    assert f"calibrated already, at temperature {fitted:.3f} inside it" in " ".join(text.split())
    assert "as exported, by confidence" in text and "as trained" not in text


def test_an_exported_file_that_is_not_calibrated_says_where_a_temperature_is(run, photo, tmp_path):
    out = tmp_path / "digits.pt2"
    assert Answer("export", run, "--to", "torch-export", "--out", out).code == 0
    assert (
        Answer("info", out, "--json").json["exported"]["temperature"] == 1 and "inside:" not in Answer("info", out).out
    )
    answer = Answer("predict", out, photo, "--calibrated")
    assert answer.code == 2 and "give the run that it came from" in answer.err


def test_export_of_what_has_no_temperature_writes_nothing(run, tmp_path):
    file = shutil.copy(run / "model.safetensors", tmp_path / "lone.safetensors")
    answer = Answer("export", file, "--to", "torch-export", "--calibrated")
    assert answer.code == 2 and "has no recorded answers" in answer.err
    assert not list(tmp_path.glob("*.pt2"))
