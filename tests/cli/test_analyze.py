"""`reslab analyze`: rows of every layer, several nets in one picture."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reslab.cli.app import app
from reslab.errors import UsageError


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "eight"
    assert CliRunner().invoke(app, ["train", "--model", "resnet8", "--steps", "3", "--run", str(path)]).exit_code == 0
    return path


def test_rows_and_picture(run, tmp_path):
    picture = tmp_path / "figure7.svg"
    words = ["analyze", "responses", run, run / "model.safetensors", "--count", "20", "--out", picture, "--json"]
    answer = CliRunner().invoke(app, [str(word) for word in words])
    assert answer.exit_code == 0 and answer.stdout.count("\n") == 1
    first, second = json.loads(answer.stdout)["nets"]
    assert first["layers"] == second["layers"] and len(first["layers"]) == 7
    assert set(first["layers"][0]) == {"layer", "name", "stage", "std", "mean"}
    assert (first["images"], first["data"], first["model"]) == (20, "digits, val", "resnet8")
    assert "resnet8 (eight)" in picture.read_text() and "resnet8 (model.safetensors)" in picture.read_text()


def test_text_names_the_images(run):
    answer = CliRunner().invoke(app, ["analyze", "responses", str(run), "--count", "5"])
    assert "5 images of digits, val" in answer.stdout and "over 7 layers" in answer.stdout


def test_another_picture_is_refused(run, tmp_path):
    answer = CliRunner().invoke(app, ["analyze", "responses", str(run), "--out", str(tmp_path / "x.png")])
    assert isinstance(answer.exception, UsageError) and ".svg" in str(answer.exception)


def test_gradients_of_a_net_and_of_its_start(run, tmp_path):
    picture = tmp_path / "norms.svg"
    words = ["analyze", "gradients", str(run), "--count", "20", "--out", str(picture), "--json"]
    (trained,) = json.loads(CliRunner().invoke(app, words).stdout)["nets"]
    (start,) = json.loads(CliRunner().invoke(app, [*words, "--start"]).stdout)["nets"]
    assert (trained["images"], trained["data"], trained["start"], start["start"]) == (20, "digits, train", False, True)
    assert [layer["stage"] for layer in start["layers"]] == ["stem", *(f"stage{1 + i // 2}" for i in range(6))]
    assert all(layer["gradient"] > 0 for layer in trained["layers"]) and trained["layers"] != start["layers"]
    assert "resnet8" in picture.read_text()


def test_gradients_in_words_and_refusals(run, tmp_path):
    answer = CliRunner().invoke(app, ["analyze", "gradients", str(run), "--count", "5", "--start"])
    assert "as training begins with it" in answer.stdout and "first layer / last" in answer.stdout
    for words, said in ((["--count", "1"], "at least two images"), (["--out", str(tmp_path / "x.png")], ".svg")):
        refused = CliRunner().invoke(app, ["analyze", "gradients", str(run), *words])
        assert isinstance(refused.exception, UsageError) and said in str(refused.exception)
