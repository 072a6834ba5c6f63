"""`reslab predict` on many photographs: a line each, CSV, a tally."""

import csv
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reslab.cli.predict import _tally
from reslab.data import Preprocessing
from reslab.evaluation import Prediction
from reslab.nets import create, spec
from reslab.store import Identity, model_bytes
from tests.cli.test_commands import Answer

CLASSES = ("chair", 'lap"top, grey', "犬")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    net = create("resnet8", classes=3, size=8)
    net[-1][2].weight.data *= 20  # answers that differ from image to image
    weights = {name: t for name, t in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    identity = Identity("resnet8", spec("resnet8", None, 3, 8), CLASSES, "things")
    path = tmp_path_factory.mktemp("models") / "things.safetensors"
    path.write_bytes(model_bytes(weights, identity, Preprocessing(np.full((1, 1, 3), 128, np.float32), 64.0, 8)))
    return path


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("photos") / "a, b"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(12):
        Image.fromarray(random.integers(0, 256, (9, 12, 3)).astype(np.uint8)).save(folder / f'no "{number:02}".png')
    return folder


def test_one_photograph_has_five_classes_and_no_tally(model, photos):
    answer = Answer("predict", model, photos / 'no "03".png')
    assert answer.out.count(" %") == 3 and "photographs:" not in answer.err, "the net has three classes"


def test_several_have_one_class_each_and_a_tally(model, photos):
    answer = Answer("predict", model, photos)
    lines = answer.out.splitlines()
    assert len(lines) == 12 and all(line.count(" %") == 1 for line in lines)
    assert answer.err.splitlines()[-1].startswith("12 photographs: ")
    assert Answer("predict", model, photos, "--top", "2").out.count(" %") == 24


def test_json_is_as_it_was(model, photos):
    answer = Answer("predict", model, photos, "--json")
    assert answer.out.count("\n") == 1 and all(len(p["top"]) == 3 for p in answer.json["predictions"])
    assert "12 photographs: " in answer.err


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_csv_says_what_json_says(model, photos):
    expected = Answer("predict", model, photos, "--json").json["predictions"]
    head, *rows = rows_of(Answer("predict", model, photos, "--csv").out)
    assert head == ["path", "class", "probability"]
    assert [(path, name) for path, name, _ in rows] == [(p["path"], p["name"]) for p in expected]
    assert [float(p) for *_, p in rows] == [p["probability"] for p in expected]
    assert len({name for _, name, _ in rows}) > 1


def test_csv_has_as_many_columns_as_were_asked_for_and_are_there(model, photos, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no image")
    answer = Answer("predict", model, tmp_path / "bad.png", photos / 'no "00".png', "--csv", "--top", "4")
    head, bad, good = rows_of(answer.out)
    assert head[:5] == ["path", "class", "probability", "class2", "probability2"]
    assert len(head) == len(good) == 7, "the net has three classes"
    assert bad == [str(tmp_path / "bad.png"), *[""] * 6]
    assert sorted(good[1:7:2]) == sorted(CLASSES) and sum(map(float, good[2:7:2])) == pytest.approx(1, abs=1e-5)
    assert answer.code == 1 and "bad.png" in answer.err and "not readable 1" in answer.err


def test_csv_and_json_together(model, photos):
    answer = Answer("predict", model, photos, "--csv", "--json")
    assert answer.code == 2 and answer.out == "" and "give one of them" in answer.err


def test_csv_is_utf8_with_line_ends_of_any_text(model, photos):
    words = [sys.executable, "-m", "reslab", "predict", str(model), str(photos), "--csv", "--top", "3"]
    answer = subprocess.run(words, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "cp1252"}, timeout=120)
    assert answer.returncode == 0 and answer.stdout.count(b"\n") == 13 and b"\r" not in answer.stdout
    assert all("犬" in row for row in rows_of(answer.stdout.decode("utf-8"))[1:])


def test_what_is_left_out_of_a_folder_is_said(model, photos, tmp_path):
    shutil.copy(photos / 'no "00".png', tmp_path / "one.png")
    for name in ("a.heic", "b.HEIC", "c.txt", "readme", ".hidden"):
        (tmp_path / name).write_bytes(b"something")
    answer = Answer("predict", model, tmp_path)
    assert answer.code == 0 and answer.out.count(" %") == 3
    assert f"{tmp_path}: 4 files are not read" in answer.err
    assert "2 .heic, 1 without any, 1 .txt; save .heic photographs as .jpg" in answer.err
    (tmp_path / "one.png").unlink()
    answer = Answer("predict", model, tmp_path)
    assert answer.code == 1 and f"no photograph in {tmp_path}: 4 files are not read" in answer.err


def test_an_address_is_no_file(model):
    answer = Answer("predict", model, "https://example.com/a.jpg")
    assert answer.code == 2 and "https://example.com/a.jpg is an address" in answer.err and "download it" in answer.err


def test_threads_may_be_said(model, photos):
    one, both = (Answer("predict", model, photos, "--json", "--threads", n).json["predictions"] for n in ("1", "2"))
    assert [p["name"] for p in one] == [p["name"] for p in both]
    answer = Answer("predict", model, photos, "--threads", "-1")
    assert answer.code == 2 and "--threads -1" in answer.err


def test_a_tally_of_many_classes_is_short():
    found = [Prediction(str(n), (f"class {n % 40:02}",), (1.0,)) for n in range(90)]
    line = _tally([*found, Prediction("x", (), (), "cannot be read")])
    assert line.startswith("91 photographs: class 00 3, class 01 3, ")
    assert line.endswith("class 09 3, 30 more classes 60, not readable 1")
    answers = [Prediction("x", (name,), (1.0,)) for name in ("laptop", "chair", "laptop")]
    assert _tally(answers) == "3 photographs: laptop 2, chair 1"
