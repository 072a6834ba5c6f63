"""Trained nets that ship with the package: made of a run, in half precision, without images, found by name."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import reslab
from reslab.cli import keep
from reslab.errors import RunError
from reslab.store import (
    Classifier,
    list_trained,
    load,
    read_record,
    read_trained,
    trained_names,
    trained_nets,
    write_trained_model,
)
from reslab.training import Surroundings, train_on
from tests.conftest import short_recipe


@pytest.fixture(scope="module")
def run(digits, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "short"
    train_on(digits, short_recipe(digits), path, Surroundings())
    return path


@pytest.fixture
def shelf(run, tmp_path, monkeypatch, capsys) -> Path:
    """A folder of trained nets of its own, with one in it."""
    folder = tmp_path / "trained"
    for module in ("trained_places", "trained_nets"):
        monkeypatch.setattr(f"reslab.store.{module}.TRAINED", folder)
    keep.main([str(run)])
    assert capsys.readouterr().out.strip() == str(folder / "resnet8-digits.json")
    return folder


def test_it_is_found_by_its_name(shelf, run):
    assert trained_names() == ("resnet8-digits",)
    net, own = reslab.load("resnet8-digits"), load(run)
    assert net.identity == own.identity
    pixels = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3)).astype(np.uint8)
    assert torch.allclose(net(pixels), own(pixels), atol=0.05)
    assert (shelf / "resnet8-digits.safetensors").stat().st_size < 0.7 * (run / "model.safetensors").stat().st_size


def test_only_weights_are_halved(shelf, run):
    net, own = load("resnet8-digits").net.state_dict(), load(run).net.state_dict()
    for name, tensor in own.items():
        wanted = tensor.half().float() if tensor.dim() > 1 else tensor
        assert torch.equal(net[name], wanted), name


def test_its_record_is_that_of_the_run_without_images(shelf, run):
    record, own = read_record("resnet8-digits"), read_record(run)
    assert (record.recipe, record.metrics, record.classes) == (own.recipe, own.metrics, own.classes)
    assert {**record.result, "run": ""} == {**own.result, "run": ""}
    for split, answers in own.predictions.items():
        kept = record.predictions[split]
        assert (kept.labels == answers.labels).all() and kept.labels.dtype == np.int64
        assert np.allclose(kept.probabilities, answers.probabilities, atol=1e-3)
        assert len(kept.worst) == len(kept.worst_images) == 0
    assert "<html" in reslab.report("resnet8-digits")
    assert str(run.parent) not in (shelf / "resnet8-digits.json").read_text()


def test_what_was_measured_afterwards(shelf, run):
    measured = read_trained("resnet8-digits")["measured"]
    assert len(measured["responses"]["layers"]) == 7 and measured["responses"]["data"] == "digits, val"
    assert measured["half"]["images"] == 360
    assert abs(measured["half"]["top1_error"] - read_record(run).result["val_error"]) < 1
    assert reslab.evaluate("resnet8-digits", split="val").top1_error == measured["half"]["top1_error"]


def test_it_is_listed(shelf):
    (listed,) = list_trained()
    assert (listed["name"], listed["model"], listed["val_images"]) == ("resnet8-digits", "resnet8", 360)


def test_names_that_are_none(shelf):
    with pytest.raises(RunError, match="did you mean the trained resnet8-digits"):
        load("resnet8-digit")
    with pytest.raises(RunError, match="trained nets: resnet8-digits"):
        load("zzz")
    with pytest.raises(RunError, match="did you mean"):
        read_record("resnet8digits")


def test_a_folder_of_the_users_comes_first(shelf, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "resnet8-digits").mkdir()
    with pytest.raises(RunError, match="no run folder"):
        load("resnet8-digits")


def test_another_run_does_not_take_its_name(shelf, run, tmp_path):
    path = shelf / "resnet8-digits.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "name": "another"}))
    before = (shelf / "resnet8-digits.safetensors").read_bytes()
    with pytest.raises(RunError, match="of the run another"):
        keep.main([str(run)])
    assert (shelf / "resnet8-digits.safetensors").read_bytes() == before


def test_weights_beyond_half_precision_are_refused(run, tmp_path):
    own = load(run)
    own.net.get_submodule("head.2").weight.data[0, 0] = 1e6
    with pytest.raises(RunError, match="half precision"):
        write_trained_model("x", Classifier(own.net, own.identity, own.preprocessing), tmp_path)
    assert not list(tmp_path.iterdir())


def test_unfinished_runs_are_refused(tmp_path):
    with pytest.raises(RunError, match="reslab train makes one"):
        keep.main([str(tmp_path)])


def test_the_package_carries_the_folder():
    """Everything below reslab/ is packed into the wheel unless it is ignored."""
    ignored = (Path(__file__).parents[2] / ".gitignore").read_text().split()
    assert trained_nets.TRAINED.parts[-3:] == ("reslab", "store", "trained")
    assert not {"*.safetensors", "trained/", "*.json"} & set(ignored)
