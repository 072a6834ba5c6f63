"""Prediction leaves the caller's PyTorch alone, does not inherit how a run was trained, and reads files in threads."""

import json
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reslab.data import Images, Preprocessing
from reslab.engine import Execution, Request, this_machine
from reslab.errors import DataError, RunError, UsageError
from reslab.evaluation import Views, predict, probabilities, scores_of
from reslab.evaluation.predict import BATCH
from reslab.evaluation.scores import execution_for, execution_to_ask
from reslab.nets import create, spec
from reslab.progress import silent
from reslab.store import ENVIRONMENT, Classifier, Identity, model_bytes

SIZE = 32


@pytest.fixture(scope="module")
def model() -> Classifier:
    torch.manual_seed(0)
    net = create("resnet8", classes=3).requires_grad_(False).eval()
    net[-1][2].weight.mul_(8)  # answers that differ from image to image
    identity = Identity("resnet8", spec("resnet8", None, 3, SIZE), ("cat", "dog", "owl"), "pets")
    return Classifier(net, identity, Preprocessing(np.full((1, 1, 3), 128, np.float32), 64.0, SIZE))


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (BATCH + 3, SIZE, SIZE, 3)).astype(np.uint8)


@pytest.fixture
def trained_natively(model, tmp_path) -> Path:
    """A run folder that says it was trained on the native kernels, on one thread."""
    weights = {name: t for name, t in model.net.state_dict().items() if not name.endswith("num_batches_tracked")}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.toml").write_text("")
    (tmp_path / "run" / "model.safetensors").write_bytes(model_bytes(weights, model.identity, model.preprocessing))
    execution = Execution("native", "cpu", "fp32", channels_last=False, compiled=False, threads=1)
    (tmp_path / "run" / ENVIRONMENT).write_text(json.dumps({"execution": execution.to_dict()}))
    return tmp_path / "run"


@pytest.fixture
def threads() -> Iterator[int]:
    """A number of threads that nobody asks for."""
    before, other = torch.get_num_threads(), this_machine().cores + 1
    torch.set_num_threads(other)
    yield other
    torch.set_num_threads(before)


def test_threads_are_the_callers_whenever_he_is_at_work(model, pixels, threads):
    found = predict(model, pixels, request=Request(threads=1))
    for number, _ in enumerate(found):
        assert torch.get_num_threads() == threads
        if number == BATCH:
            break
    found.close()
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("views", [None, Views(), Views(scales=(SIZE, SIZE + 8))])
def test_they_are_the_callers_after_testing(model, pixels, threads, views):
    images = Images(pixels[:4], np.zeros(4, np.int64))
    execution = Execution("torch", "cpu", "fp32", channels_last=True, compiled=False, threads=1)
    if views is None:
        scores_of(model, images, execution)
    else:
        probabilities(model, images, views, execution)
    assert torch.get_num_threads() == threads


def test_how_a_run_was_trained_does_not_bind(trained_natively, pixels, monkeypatch):
    def compile_nothing(*_):
        raise AssertionError("kernels are not for prediction")

    monkeypatch.setattr("reslab.engine.execution.library", compile_nothing)
    assert len(list(predict(trained_natively, pixels[:2]))) == 2


def test_prediction_has_the_machines_threads_and_the_runs_precision(trained_natively, model):
    chosen = execution_to_ask(trained_natively, None, model, silent)
    assert (chosen.engine, chosen.precision, chosen.threads) == ("torch", "fp32", this_machine().cores)
    chosen = execution_to_ask(trained_natively, Request(precision="bf16", threads=1), model, silent)
    assert (chosen.engine, chosen.precision, chosen.threads) == ("torch", "bf16", 1)
    with pytest.raises(UsageError, match="--device cuda:77"):
        execution_to_ask(trained_natively, Request(device="cuda:77"), model, silent)


def test_a_run_from_another_device_is_asked_on_this_one(trained_natively, model):
    execution = Execution("torch", "cuda:77", "bf16", channels_last=True, compiled=False, threads=64)
    (trained_natively / ENVIRONMENT).write_text(json.dumps({"execution": execution.to_dict()}))
    chosen = execution_to_ask(trained_natively, None, model, silent)
    assert chosen == execution_for(None, Request("torch"), model, silent)


def test_files_are_read_in_threads_and_answered_in_order(model, pixels, tmp_path, monkeypatch):
    for number, picture in enumerate(pixels):
        Image.fromarray(picture).save(tmp_path / f"{number:03}.png")
    (tmp_path / "001.png").write_bytes(b"torn")
    readers = set()
    module = import_module("reslab.evaluation.predict")  # the room calls its function so
    read = module.read_photo
    monkeypatch.setattr(module, "read_photo", lambda *words: (readers.add(threading.get_ident()), read(*words))[1])
    found = list(predict(model, [tmp_path, pixels[7]]))
    assert [Path(p.path).name for p in found] == [*(f"{n:03}.png" for n in range(len(pixels))), "images[1]"]
    assert found[1].error and found[7].probabilities == found[-1].probabilities
    assert threading.get_ident() not in readers


def test_what_cannot_be_is_said_at_the_call(model, tmp_path):
    with pytest.raises(DataError, match="no file or folder"):
        predict(model, tmp_path / "missing.jpg")
    with pytest.raises(UsageError, match=r"images\[0\] is a uint8 array of shape \(8, 8\)"):
        predict(model, np.zeros((8, 8), np.uint8))
    with pytest.raises(UsageError, match="--top 0"):
        predict(model, np.zeros((8, 8, 3), np.uint8), top=0)
    with pytest.raises(RunError):
        predict(tmp_path / "no run", np.zeros((8, 8, 3), np.uint8))


def test_what_a_folder_leaves_out_is_said(model, pixels, tmp_path):
    Image.fromarray(pixels[0]).save(tmp_path / "0.png")
    (tmp_path / "1.heic").write_bytes(b"")
    said = []
    assert len(list(predict(model, tmp_path, say=said.append))) == 1
    assert said == [
        f"{tmp_path}: 1 file is not read, since it has no suffix of a picture that Pillow decodes: 1 .heic; "
        "save .heic photographs as .jpg"
    ]
