"""`reslab analyze`: rows of every layer, several nets in one picture."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from reslab.cli.app import app
from reslab.cli.looked import names_of
from reslab.errors import DataError, RunError, UsageError
from tests.interop.classifiers import classifier, saved


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


def test_nets_that_are_called_alike_are_numbered():
    found = [{"model": "resnet8", "run": f"{place}/model.safetensors"} for place in "ab"]
    assert names_of([*found, {"model": "plain8", "run": "c"}]) == [
        "resnet8 (model.safetensors)",
        "resnet8 (model.safetensors) (2)",
        "plain8",
    ]


@pytest.mark.parametrize("command", ["responses", "gradients", "lesion", "landscape", "cam"])
def test_no_more_threads_than_a_quota_pays_for(command, tmp_path, monkeypatch):
    found, photos = [], [str(tmp_path / "photo.png")] if command == "cam" else []
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.png")

    def opened(*_):
        found.append(torch.get_num_threads())
        raise RunError("enough")

    monkeypatch.setattr("reslab.engine.settings.usable_cores", lambda: 1)
    monkeypatch.setattr("reslab.interop.trained", opened)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        CliRunner().invoke(app, ["analyze", command, "resnet20-cifar10", *photos])
        assert found == [1] and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_text_names_the_images(run):
    answer = CliRunner().invoke(app, ["analyze", "responses", str(run), "--count", "5"])
    assert "5 images of digits, val" in answer.stdout and "over 7 layers" in answer.stdout


@pytest.mark.parametrize("command", ["responses", "gradients", "lesion", "landscape"])
@pytest.mark.parametrize(("name", "said"), [("x.png", ".svg"), (".", "is a folder"), ("none/x.svg", "no folder")])
def test_a_place_for_no_picture_is_refused_before_any_work(tmp_path, command, name, said):
    answer = CliRunner().invoke(app, ["analyze", command, "no-such-net", "--out", str(tmp_path / name)])
    assert isinstance(answer.exception, UsageError) and said in str(answer.exception)


@pytest.mark.parametrize("command", ["responses", "gradients", "lesion", "landscape"])
def test_advice_names_options_that_the_command_has(tmp_path, command):
    answer = CliRunner().invoke(app, ["analyze", command, "resnet20-cifar10", "--data-root", str(tmp_path)])
    assert isinstance(answer.exception, DataError) and "--images FOLDER" in str(answer.exception)
    in_classes = "in folders named as the net's classes" in str(answer.exception)
    assert in_classes == (command != "responses")


@pytest.fixture(scope="module")
def album(tmp_path_factory) -> Path:
    """Photographs of three of the ten digits, in another order than the net's, some of them for testing."""
    place = tmp_path_factory.mktemp("album") / "album"
    for split, name, shade in (("train", "7", 90), ("test", "7", 30), ("test", "2", 120), ("test", "5", 250)):
        (place / split / name).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (10, 12), (shade, number, 0)).save(place / split / name / f"{number}.png")
    return place


@pytest.mark.parametrize("command", ["gradients", "lesion", "landscape"])
def test_what_needs_labels_looks_with_photographs_of_the_nets_classes(run, album, command):
    words = ["analyze", command, str(run), "--images", str(album), "--json"]
    more = ["--directions", "1", "--points", "1"] if command == "landscape" else []
    answer = CliRunner().invoke(app, [*words, *more])
    (found,) = json.loads(answer.stdout)["nets"]
    assert (found["images"], found["data"]) == (6, "album, test")
    (part,) = json.loads(CliRunner().invoke(app, [*words, *more, "--split", "train"]).stdout)["nets"]
    assert (part["images"], part["data"]) == (2, "album, train")


def test_classes_that_the_net_does_not_know_are_named(run, tmp_path):
    for name in ("3", "cat", "dog"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (10, 12)).save(tmp_path / name / "0.png")
    answer = CliRunner().invoke(app, ["analyze", "lesion", str(run), "--images", str(tmp_path)])
    assert isinstance(answer.exception, DataError)
    assert "the net does not know class 'cat' of" in str(answer.exception)
    loose = CliRunner().invoke(app, ["analyze", "lesion", str(run), "--images", str(tmp_path / "3")])
    assert "(and 1 more); it knows 0, 1, 2" in str(answer.exception) and "leave other classes out" in str(
        answer.exception
    )
    assert isinstance(loose.exception, DataError) and "no class folder" in str(loose.exception)


def test_gradients_of_a_net_and_of_its_start(run, tmp_path):
    picture = tmp_path / "norms.svg"
    words = ["analyze", "gradients", str(run), "--count", "20", "--out", str(picture), "--json"]
    (trained,) = json.loads(CliRunner().invoke(app, words).stdout)["nets"]
    (start,) = json.loads(CliRunner().invoke(app, [*words, "--start"]).stdout)["nets"]
    assert (trained["images"], trained["data"], trained["start"], start["start"]) == (20, "digits, train", False, True)
    assert [layer["stage"] for layer in start["layers"]] == ["stem", *(f"stage{1 + i // 2}" for i in range(6))]
    assert all(layer["gradient"] > 0 for layer in trained["layers"]) and trained["layers"] != start["layers"]
    assert "resnet8" in picture.read_text()


def test_gradients_in_words_and_refusals(run):
    answer = CliRunner().invoke(app, ["analyze", "gradients", str(run), "--count", "5", "--start"])
    assert "as training begins with it" in answer.stdout and "first layer / last" in answer.stdout
    refused = CliRunner().invoke(app, ["analyze", "gradients", str(run), "--count", "1"])
    assert isinstance(refused.exception, UsageError) and "at least two images" in str(refused.exception)


def test_lesions_of_a_net(run, tmp_path):
    picture = tmp_path / "lesions.svg"
    words = ["analyze", "lesion", str(run), "--count", "20", "--out", str(picture)]
    (found,) = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)["nets"]
    assert [block["name"] for block in found["blocks"]] == ["stage1.0", "stage2.0", "stage3.0"]
    assert (found["images"], found["data"]) == (20, "digits, val") and "resnet8, whole" in picture.read_text()
    said = CliRunner().invoke(app, words).stdout
    assert "whole net" in said and "not left out" not in said and found["kept"] == []


def test_blocks_that_a_plain_net_cannot_do_without_are_named(tmp_path):
    made = classifier("plain20", 8, classes=10)
    made.identity = replace(made.identity, data="digits", classes=tuple("0123456789"))
    words = ["analyze", "lesion", str(saved(tmp_path / "plain.safetensors", made)), "--count", "10"]
    (found,) = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)["nets"]
    assert found["kept"] == [{"block": 4, "name": "stage2.0"}, {"block": 7, "name": "stage3.0"}]
    assert [row["block"] for row in found["blocks"]] == [1, 2, 3, 5, 6, 8, 9]
    said = " ".join(CliRunner().invoke(app, words).stdout.split())
    assert "not left out: 4 (stage2.0), 7 (stage3.0), which change the dimensions; a plain net has no shortcut" in said


def test_class_activation_maps_are_pictures(run, tmp_path):
    photographs = tmp_path / "photos"
    photographs.mkdir()
    for name, colour in (("a.png", "red"), ("b.png", "blue")):
        Image.new("RGB", (40, 30), colour).save(photographs / name)
    (photographs / "c.png").write_bytes(b"no picture")
    maps = tmp_path / "maps"
    words = ["analyze", "cam", str(run), str(photographs), "--out", str(maps), "--class", "7", "--json"]
    answer = CliRunner().invoke(app, words)
    first, second, third = json.loads(answer.stdout)["maps"]
    assert answer.exit_code == 1 and "c.png" in third["error"]
    assert (first["class"], Path(second["picture"]).name) == ("7", "002-b.png") and 0 <= first["probability"] <= 1
    with Image.open(first["picture"]) as picture:
        assert picture.size == (584, 288)
    for more, said in ((["--out", str(maps)], "not an empty folder"), (["--class", "77"], "unknown class '77'")):
        refused = CliRunner().invoke(app, [*words, *more])
        assert isinstance(refused.exception, UsageError) and said in str(refused.exception)
    assert sorted(path.name for path in maps.iterdir()) == ["001-a.png", "002-b.png"]


LANDSCAPE = ["--count", "20", "--directions", "2", "--points", "2"]


def test_landscape_of_nets(run, tmp_path):
    picture = tmp_path / "loss.svg"
    words = [
        "analyze",
        "landscape",
        str(run),
        str(run / "model.safetensors"),
        *LANDSCAPE,
        "--reach",
        "0.5",
        "--surface",
    ]
    answer = CliRunner().invoke(app, [*words, "--out", str(picture), "--json"])
    first, second = json.loads(answer.stdout)["nets"]
    assert (first["images"], first["data"], first["statistics"], first["seed"]) == (20, "digits, train", "training", 0)
    assert first["distances"] == [-0.5, -0.25, 0, 0.25, 0.5] and first["losses"] == second["losses"]
    assert [len(line) for line in first["losses"]] == [5, 5] and first["surface"][2] == first["losses"][0]
    assert "resnet8 (eight)" in picture.read_text() and "in the middle" in picture.read_text()
    assert "resnet8: 25 places, 20 images at each" in answer.stderr and "fp32" in answer.stderr


def test_landscape_in_words(run):
    words = ["analyze", "landscape", str(run), *LANDSCAPE]
    told = CliRunner().invoke(app, words).stdout
    assert "2 directions, on 20 images of digits, train; batch normalisation by the training" in told
    assert "rises at every step" in told and "+0.5" in told
    other = CliRunner().invoke(app, [*words, "--batch-statistics"]).stdout
    assert "batch normalisation by the batch" in other


def test_what_is_no_landscape_is_refused(run):
    for more, said in (
        (["--surface"], "--out FILE.svg or --json"),
        (["--directions", "0"], "at least one direction"),
        (["--reach", "0"], "reach 0"),
        (["--count", "1", "--batch-statistics"], "two images at least"),
    ):
        refused = CliRunner().invoke(app, ["analyze", "landscape", str(run), *more])
        assert isinstance(refused.exception, UsageError) and said in str(refused.exception)


def test_own_blocks_are_given_to_nets_of_them_only(run):
    words = ["analyze", "responses", str(run), "--count", "20", "--residual", "reslab.nets.blocks:basic"]
    refused = CliRunner().invoke(app, words)
    assert isinstance(refused.exception, UsageError) and f"{run} has no residual function of one's own" in str(
        refused.exception
    )
