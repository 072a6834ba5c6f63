"""Files of ours: self-describing, written in one step, refused when torn or foreign."""

import errno
import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reslab.data import Preprocessing
from reslab.errors import RunError
from reslab.nets import build, spec
from reslab.store import (
    Identity,
    Predictions,
    RunFolder,
    load,
    model_bytes,
    predictions_bytes,
    read_benches,
    read_predictions,
    read_record,
    read_results,
    write_bench,
    write_bytes,
    write_result,
)

CLASSES = ("Katze", "犬", "طائر")


def some_model(name: str = "resnet8", **choices) -> tuple[bytes, torch.nn.Module]:
    found = spec(name, classes=3, size=16, **choices)
    net = build(found)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
    weights = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    mean = np.random.default_rng(0).random((16, 16, 3), np.float32)
    return model_bytes(weights, Identity(name, found, CLASSES, "pets"), Preprocessing(mean, 60.0, 16)), net


@pytest.mark.parametrize(
    "choices", [{}, {"shortcut": "C"}, {"name": "plain8"}, {"name": "resnet50", "stride_in": "3x3"}]
)
def test_a_model_file_knows_what_it_is(tmp_path, choices):
    data, net = some_model(**choices)
    (tmp_path / "model.safetensors").write_bytes(data)
    model = load(tmp_path / "model.safetensors")
    assert model.classes == CLASSES and model.size == 16 and model.identity.data == "pets"
    assert model.identity.spec.stride_in == choices.get("stride_in", "1x1")
    pixels = np.random.default_rng(1).integers(0, 256, (2, 16, 16, 3), np.uint8)
    normalised = (torch.from_numpy(pixels) - torch.from_numpy(model.preprocessing.mean)) / 60
    assert torch.allclose(model(pixels), net.eval()(normalised.permute(0, 3, 1, 2)), atol=1e-5)


def test_a_model_file_knows_its_temperature(tmp_path):
    data, _ = some_model()
    (tmp_path / "plain.safetensors").write_bytes(data)
    plain = load(tmp_path / "plain.safetensors")
    assert plain.identity.temperature == 1 and b"temperature" not in data
    about = replace(plain.identity, temperature=1.5)
    (tmp_path / "t.safetensors").write_bytes(model_bytes(plain.net.state_dict(), about, plain.preprocessing))
    assert load(tmp_path / "t.safetensors").identity.temperature == 1.5


def test_the_same_model_is_the_same_bytes():
    torch.manual_seed(0)
    first = some_model()[0]
    torch.manual_seed(0)
    assert some_model()[0] == first


@pytest.mark.parametrize("damage", ["cut", "empty", "foreign", "text", "strange", "short"])
def test_torn_and_foreign_files_are_refused_by_name(tmp_path, damage):
    path = tmp_path / "model.safetensors"
    data = some_model()[0]
    if damage == "foreign":
        save_file({"a": torch.zeros(1)}, path)
    elif damage == "strange":
        save_file({"a": torch.zeros(1)}, path, {"reslab": json.dumps({"format": 1})})
    elif damage == "short":
        path.write_bytes(data.replace(b'\\"depths\\": [1, 1, 1]', b'\\"depths\\": [1, 2, 1]'))
        assert path.read_bytes() != data
    else:
        path.write_bytes({"cut": data[: len(data) // 2], "empty": b"", "text": b"hello" * 100}[damage])
    with pytest.raises(RunError, match=r"model\.safetensors"):
        load(path)


def test_a_newer_format_asks_for_a_newer_program(tmp_path):
    data = some_model()[0]
    (tmp_path / "model.safetensors").write_bytes(data.replace(b'\\"format\\": 1', b'\\"format\\": 9'))
    with pytest.raises(RunError, match="format 9, and this version reads 2"):
        load(tmp_path / "model.safetensors")


def test_metrics_torn_in_their_middle_are_named(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n{"st\n{"step": 3}\n')
    with pytest.raises(RunError, match=r"metrics\.jsonl is torn"):
        RunFolder(tmp_path).metrics()


def test_what_is_not_there(tmp_path):
    with pytest.raises(RunError, match="no run folder or model file"):
        load(tmp_path / "nothing")
    with pytest.raises(RunError, match="is no run folder"):
        load(tmp_path)
    RunFolder(tmp_path).write_recipe({"name": "small"})
    with pytest.raises(RunError, match="not finished; go on with: reslab train --run"):
        load(tmp_path)


def test_writing_is_all_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="No space left on device"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_metrics_are_cut_back_to_the_checkpoint(tmp_path):
    folder = RunFolder(tmp_path)
    for step in (1, 2):
        folder.append_metrics({"step": step})
    folder.save_state({"weights": torch.ones(3)}, {"step": 2})
    folder.append_metrics({"step": 3})
    with (tmp_path / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 4, "lo')  # the power went
    assert [line["step"] for line in folder.metrics()] == [1, 2, 3]
    tensors, facts = folder.load_state()
    assert facts == {"step": 2} and tensors["weights"].tolist() == [1, 1, 1]
    assert [line["step"] for line in folder.metrics()] == [1, 2]


def test_metrics_that_were_lost_are_missed(tmp_path):
    folder = RunFolder(tmp_path)
    folder.append_metrics({"step": 1})
    folder.save_state({}, {"step": 1})
    (tmp_path / "metrics.jsonl").write_bytes(b"")
    with pytest.raises(RunError, match="torn"):
        folder.load_state()


def test_predictions_survive_the_file(tmp_path):
    some = Predictions(
        np.array([0, 2]), np.eye(3, dtype=np.float32)[:2], np.array([1]), np.full((1, 4, 4, 3), 9, np.uint8)
    )
    (tmp_path / "p").write_bytes(predictions_bytes({"val": some}, CLASSES))
    splits, classes = read_predictions(tmp_path / "p")
    assert classes == CLASSES and list(splits) == ["val"]
    for field in ("labels", "probabilities", "worst", "worst_images"):
        assert np.array_equal(getattr(splits["val"], field), getattr(some, field))


def test_no_record_without_a_recipe(tmp_path):
    with pytest.raises(RunError, match="is no run folder"):
        read_record(tmp_path)
    (tmp_path / "recipe.toml").write_text("torn = [")
    with pytest.raises(RunError, match=r"recipe\.toml"):
        read_record(tmp_path)


def test_results_hold_no_path_of_a_machine(tmp_path):
    run = tmp_path / "pets-resnet18-small-0-s0"
    folder = RunFolder(run)
    run.mkdir()
    folder.write_recipe({"name": "small", "data": {"name": str(tmp_path / "pets")}})
    folder.write("result.json", {"run": str(run), "data": str(tmp_path / "pets"), "val_error": 3.0})
    folder.write("environment.json", {"machine": {"processor": "x", "compiler": "/usr/bin/g++"}})
    (tmp_path / "results").mkdir()
    written = write_result(read_record(run), tmp_path / "results")
    assert str(tmp_path) not in written.read_text() and "/usr" not in written.read_text()
    assert read_results(tmp_path / "results")[0]["result"]["val_error"] == 3.0


def test_measurements_of_speed_are_no_runs(tmp_path):
    write_bench("bench-x", {"images_per_second": 5.0}, {"machine": {"compiler": "/usr/bin/g++"}}, tmp_path)
    (tmp_path / "run-s0.json").write_text(json.dumps({"name": "run-s0", "result": {}}))
    assert [result["name"] for result in read_results(tmp_path)] == ["run-s0"]
    (bench,) = read_benches(tmp_path)
    assert bench["name"] == "bench-x" and bench["result"] == {"images_per_second": 5.0}
    assert bench["environment"]["machine"]["compiler"] == "g++"
