"""The verbs on exported files, as a user types them."""

import csv
import io
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reslab.interop import load
from tests.cli.test_commands import Answer
from tests.interop.by_hand import about, onnx_by_hand
from tests.interop.classifiers import classifier


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return onnx_by_hand(tmp_path_factory.mktemp("models") / "pets.onnx", classifier("resnet8", 8, shortcut="B"))


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """Photographs in folders of the net's classes."""
    folder = tmp_path_factory.mktemp("photos")
    random = np.random.default_rng(0)
    for name in ("Ängström", "犬", "cat", "dog"):
        (folder / "val" / name).mkdir(parents=True)
        for number in range(3):
            pixels = random.integers(0, 256, (9, 12, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "val" / name / f"{number}.png")
    shutil.copytree(folder / "val", folder / "train")
    return folder


def test_predict_in_words_json_and_csv(model, photos):
    photos = photos / "val"
    words = Answer("predict", model, photos)
    assert len(words.out.splitlines()) == 12 and words.err.splitlines()[-1].startswith("12 photographs: ")
    found = Answer("predict", model, photos, "--json").json
    assert found["run"] == str(model) and all(len(p["top"]) == 4 for p in found["predictions"])
    rows = list(csv.reader(io.StringIO(Answer("predict", model, photos, "--csv").out, newline="")))[1:]
    assert [(path, name) for path, name, _ in rows] == [(p["path"], p["name"]) for p in found["predictions"]]
    assert len({name for _, name, _ in rows}) > 1
    one = next(p for p in found["predictions"] if p["path"].endswith("0.png"))
    assert Answer("predict", model, one["path"], "--top", "1").out.split(": ")[1].startswith(one["name"])


def test_eval_on_a_folder(model, photos):
    answers = [p["name"] for p in Answer("predict", model, photos / "val", "--json").json["predictions"]]
    truth = [Path(p).parent.name for p in sorted(map(str, (photos / "val").rglob("*.png")))]
    wrong = 100 * np.mean([a != t for a, t in zip(answers, truth, strict=True)])
    found = Answer("eval", model, photos, "--split", "val", "--json")
    assert found.out.count("\n") == 1 and found.json["images"] == 12 and found.json["members"] == [str(model)]
    assert found.json["top1_error"] == pytest.approx(wrong, abs=1e-3)
    text = Answer("eval", model, photos, "--split", "val", "--views", "flip", "--ensemble", model).out
    assert "val, 2 views, 2 nets" in text


def test_info(model):
    found = Answer("info", model, "--json").json
    said = found["exported"]
    assert (found["name"], found["shortcut"], found["classes"], found["input_size"]) == ("resnet8", "B", 4, 8)
    assert said["class_names"] == ["Ängström", "犬", "cat", "dog"] and (said["size"], said["data"]) == (8, "pets")
    assert (said["file"], said["to"], said["output"]) == (str(model), "onnx", "probabilities")
    assert said["preprocessing"] == list(load(model).preprocessing)
    assert (said["precision"], said["ranges"]) == ("fp32", None)
    text = Answer("info", model).out
    for words in ("resnet8, input 8 x 8, 4 classes", "onnx, written by reslab", "trained on     pets", "犬", "EXIF"):
        assert words in text
    refused = Answer("info", model, "--size", "9")
    assert refused.code == 2 and "its net is fixed" in refused.err
    assert "exported" not in Answer("info", "resnet8", "--json").json


def test_a_file_in_int8_says_so(tmp_path, photos):
    made = classifier("resnet8", 8)
    said = {**about(made), "precision": "int8", "ranges": "512 training images of pets"}
    file = onnx_by_hand(tmp_path / "net.onnx", made, said)
    found = Answer("info", file, "--json").json["exported"]
    assert (found["precision"], found["ranges"]) == ("int8", "512 training images of pets")
    text = " ".join(Answer("info", file).out.split())
    assert "by onnxruntime, in int8, the ranges of activations from 512 training images of pets" in text
    assert Answer("eval", file, photos, "--json").json["precision"] == "int8"
    refused = Answer("eval", file, photos, "--precision", "fp32")
    assert refused.code == 2 and "--precision fp32: the exported" in refused.err and "in int8, by onnx" in refused.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["eval", "MODEL", "--scales", "8,10"], 2, "--views 10 cuts its size out of them"),
        (["eval", "MODEL", "--precision", "bf16"], 2, "runs on the CPU, in fp32, by onnxruntime"),
        (["predict", "no such.onnx", "photo.jpg"], 1, "no file or folder photo.jpg"),
        (["info", "no such.onnx"], 1, "no file no such.onnx; reslab export RUN --to onnx writes one"),
        (["export", "MODEL", "--to", "torch-export"], 1, "is an exported file"),
        (["train", "--from", "MODEL"], 1, "is an exported file"),
        (["analyze", "responses", "MODEL"], 1, "is an exported file"),
    ],
)
def test_mistakes(model, words, code, message):
    answer = Answer(*[model if word == "MODEL" else word for word in words])
    assert answer.code == code and message in answer.err and answer.out == ""


def test_without_onnxruntime(model, photos, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    for words in (["predict", model, photos], ["eval", model, photos], ["info", model]):
        answer = Answer(*words)
        assert answer.code == 2 and answer.out == ""
        assert answer.err.strip().endswith('pets.onnx needs onnxruntime: pip install "reslab[onnx]"')
