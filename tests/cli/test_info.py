"""`reslab info --draw`: a net as a picture, in the form that the file's name asks for."""

import json
from dataclasses import replace

import pytest
from torch import nn
from typer.testing import CliRunner

from reslab.cli.app import app
from reslab.errors import RunError, UsageError
from reslab.nets import count_params, create, digest_of
from reslab.nets.blocks import basic
from reslab.store import RunFolder
from reslab.training import Facts, make_recipe
from tests.interop.by_hand import onnx_by_hand
from tests.interop.classifiers import classifier, saved


@pytest.mark.parametrize("form", ["svg", "pdf", "png"])
def test_a_net_is_drawn(tmp_path, form):
    picture = tmp_path / f"net.{form}"
    answer = CliRunner().invoke(app, ["info", "resnet50", "--draw", str(picture), "--json"])
    assert answer.exit_code == 0 and json.loads(answer.stdout)["drawing"] == str(picture)
    assert picture.read_bytes()[:5].strip(b"\x89-\r") in (b"<?xml", b"%PDF", b"PNG")
    if form == "svg":
        assert "3,857,973,248 multiply-adds" in picture.read_text() and "1×1 projection" in picture.read_text()


def test_what_is_no_picture_is_refused(tmp_path):
    answer = CliRunner().invoke(app, ["info", "resnet20", "--draw", str(tmp_path / "net.gif")])
    assert isinstance(answer.exception, UsageError) and ".svg, .pdf, .png" in str(answer.exception)
    assert not list(tmp_path.iterdir())


def test_the_net_of_a_run(tmp_path):
    recipe = make_recipe(Facts("pets", 7, 64, 100, True, False), "resnet50", stride_in="3x3")
    RunFolder(tmp_path).write_recipe(recipe.to_dict())
    found, given = (
        json.loads(CliRunner().invoke(app, ["info", *words, "--json"]).stdout)
        for words in ([str(tmp_path)], ["resnet50", "--stride-in", "3x3", "--classes", "7", "--size", "64"])
    )
    assert found == given and (found["classes"], found["input_size"], found["stride_in"]) == (7, 64, "3x3")
    assert "resnet50, input 64 x 64, 7 classes" in CliRunner().invoke(app, ["info", str(tmp_path)]).stdout


def test_errors_that_the_paper_prints_of_a_net_and_on_which_images():
    def told(*words):
        return json.loads(CliRunner().invoke(app, ["info", *words, "--json"]).stdout)["paper_errors"]

    assert [(one["error"], one["place"]) for one in told("resnet152")] == [
        (21.43, "Table 3"),
        (5.71, "Table 3"),
        (19.38, "Table 4"),
        (4.49, "Table 4"),
    ]
    assert [one["error"] for one in told("resnet34", "--shortcut", "C")] == [24.19, 7.40, 21.53, 5.60]
    assert [(one["error"], one["images"]) for one in told("resnet20")] == [(8.75, "CIFAR-10's 10,000 test images")]
    assert [one["error"] for one in told("resnet18", "--shortcut", "A")] == [27.88]
    assert [one["error"] for one in told("plain34")] == [28.54, 10.02], "once, though two tables have it"
    assert [one["tested"] for one in told("googlenet")] == ["top-5 of ten crops", "top-5"], "not said how, in Table 4"
    assert told("resnet110")[0]["runs"] == "the best of several, 6.61 ± 0.16"
    assert told("resnet50", "--stride-in", "3x3") == [] == told("resnet18"), "nets that the paper does not have"
    assert told("resnet20", "--shortcut", "B") == told("resnet50", "--classes", "7") == told("resnet26") == []


def wide(channels_in: int, width: int, stride: int, stride_in: str) -> nn.Module:
    return nn.Sequential(nn.Conv2d(channels_in, width, 5, stride, 2, bias=False), nn.BatchNorm2d(width))


def test_a_net_of_ones_own_blocks_is_counted_where_they_are_at_hand(tmp_path):
    own, params = f"{__name__}:wide", count_params(create("resnet20", size=8, residual=wide))
    recipe = make_recipe(Facts("digits", 10, 8, 100, False, True), "resnet20")
    recipe = replace(recipe, model=replace(recipe.model, residual=own, residual_digest=digest_of(wide)))
    RunFolder(tmp_path).write_recipe(recipe.to_dict())
    RunFolder(tmp_path).write("result.json", {"params": params})
    words = ["info", str(tmp_path)]
    unknown = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert (unknown["params"], unknown["macs"], unknown["stages"], unknown["depth"]) == (params, None, [], None)
    said = CliRunner().invoke(app, words).stdout
    assert f"{params:,}" in said and "269,722" not in said
    assert f"known with --residual {own}" in " ".join(said.split())
    known = json.loads(CliRunner().invoke(app, [*words, "--residual", own, "--json"]).stdout)
    stage = known["stages"][1]
    assert known["params"] == params and stage["macs"] == (16 * 16 * 25 * 3) * 8 * 8
    assert stage["layers"] == f"[{own}] x 3" and known["paper"] == {}
    other = CliRunner().invoke(app, [*words, "--residual", "reslab.nets.blocks:basic"])
    assert (
        f"has changed since {tmp_path} was trained (digest {digest_of(wide)} then, {digest_of(basic)}" in other.stderr
    )
    refused = CliRunner().invoke(app, [*words, "--draw", str(tmp_path / "net.svg")])
    assert isinstance(refused.exception, UsageError) and f"give --residual {own}" in str(refused.exception)


def test_own_blocks_of_a_net_that_has_none(tmp_path):
    own = f"{__name__}:wide"
    found = json.loads(CliRunner().invoke(app, ["info", "resnet20", "--residual", own, "--json"]).stdout)
    assert found["params"] == count_params(create("resnet20", residual=wide)) and found["residual"] == own
    files = (
        saved(tmp_path / "net.safetensors", made := classifier("resnet8", 8)),
        onnx_by_hand(tmp_path / "a.onnx", made),
    )
    for place in ("resnet20-cifar10", *map(str, files)):
        answer = CliRunner().invoke(app, ["info", place, "--residual", own])
        assert isinstance(answer.exception, UsageError), place
        assert f"{place} has no residual function of one's own" in str(answer.exception)


def test_a_folder_of_runs_is_said_to_be_one(tmp_path, monkeypatch):
    (tmp_path / "resnet20" / "one").mkdir(parents=True)
    RunFolder(tmp_path / "resnet20" / "one").write_recipe({})
    answer = CliRunner().invoke(app, ["info", str(tmp_path / "resnet20")])
    assert isinstance(answer.exception, RunError)
    assert f"it has no recipe.toml; there is a run in it, such as {tmp_path / 'resnet20' / 'one'}" in str(
        answer.exception
    )
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["info", "resnet20"]).exit_code == 0, "the net of that name"
    answer = CliRunner().invoke(app, ["info", "resnett20"])
    assert isinstance(answer.exception, UsageError) and "did you mean resnet20" in str(answer.exception)


@pytest.mark.parametrize("form", ["safetensors", "onnx"])
def test_names_that_several_classes_have_are_said(tmp_path, form):
    made, files = classifier("resnet8", 8), []
    for names in (("crane", "dog", "crane", "cat"), ("crane (0)", "dog", "crane (2)", "cat")):
        made.identity = replace(made.identity, classes=names)
        file = tmp_path / f"{len(files)}.{form}"
        files.append(saved(file, made) if form == "safetensors" else onnx_by_hand(file, made))
    said, silent = (CliRunner().invoke(app, ["info", str(file)]).stdout for file in files)
    assert "several classes each are called crane, and no answer tells which of them is meant; reslab convert" in said
    assert "several classes" not in silent and "crane (0), dog, crane (2), cat" in silent


@pytest.mark.parametrize(
    ("option", "words", "kinds"),
    [
        ("A", "where dimensions grow (3 of 16); no parameters", {"identity": 13, "padding": 3}),
        ("B", "projection where dimensions grow (3 of 16)", {"identity": 13, "projection": 3}),
        ("C", "projection everywhere (16 of 16)", {"projection": 16}),
    ],
)
def test_how_many_shortcuts_are_what(option, words, kinds):
    typed = ["info", "resnet34", "--shortcut", option]
    assert words in CliRunner().invoke(app, typed).stdout
    assert json.loads(CliRunner().invoke(app, [*typed, "--json"]).stdout)["shortcuts"] == kinds


@pytest.mark.parametrize(
    ("net", "option", "told"),
    [
        ("resnet34", "A", "(paper: 3.6e9 FLOPs)"),
        ("resnet34", "C", "(paper: 3.6e9 FLOPs, of option A)"),
        ("resnet50", "B", "(paper: 3.8e9 FLOPs)"),
        ("resnet50", "C", "(paper: 3.8e9 FLOPs, of option B)"),
        ("resnet20", "B", "(paper: 0.27M, of option A)"),
    ],
)
def test_the_papers_numbers_are_of_its_own_shortcuts(net, option, told):
    assert told in CliRunner().invoke(app, ["info", net, "--shortcut", option]).stdout
