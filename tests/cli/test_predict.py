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

import reslab
from reslab.cli.predict import _tally
from reslab.data import Preprocessing, read_photo
from reslab.engine import Request
from reslab.evaluation import Prediction
from reslab.nets import create, spec
from reslab.store import Identity, model_bytes
from tests.cli.test_commands import Answer

CLASSES = ("chair", 'lap"top, grey', "犬")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("models") / "things.safetensors")


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("models") / "others.safetensors", seed=1)


def made(path: Path, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    net = create("resnet8", classes=3, size=8)
    net[-1][2].weight.data *= 20  # answers that differ from image to image
    weights = {name: t for name, t in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    identity = Identity("resnet8", spec("resnet8", None, 3, 8), CLASSES, "things")
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


def test_precision_may_be_said(model, photos):
    photo = photos / 'no "00".png'
    answers = []
    for precision in ("fp32", "bf16"):
        (asked,) = reslab.predict(model, photo, request=Request(precision=precision))
        (found,) = Answer("predict", model, photo, "--json", "--precision", precision).json["predictions"]
        answers.append([p["probability"] for p in found["top"]])
        assert answers[-1] == list(asked.probabilities)
    assert answers[0] != answers[1]
    answer = Answer("predict", model, photo, "--precision", "fp16")
    assert answer.code == 2 and "unknown precision 'fp16'" in answer.err


def test_views_and_members_are_those_of_eval(model, other, photos):
    one = Answer("predict", model, photos, "--json").json
    how = ("--views", "10", "--scales", "9,12", "--ensemble", other)
    together = Answer("predict", model, photos, "--json", *how).json
    assert (one["ensemble"], one["views"], one["scales"]) == ([], None, [])
    assert (together["ensemble"], together["views"], together["scales"]) == ([str(other)], "10", [9, 12])
    assert [p["path"] for p in one["predictions"]] == [p["path"] for p in together["predictions"]]
    (asked,) = reslab.predict(model, photos / 'no "00".png', views=10, scales=(9, 12), ensemble=str(other))
    assert together["predictions"][0]["probability"] == pytest.approx(asked.probabilities[0], abs=2e-3)
    assert [p["probability"] for p in one["predictions"]] != [p["probability"] for p in together["predictions"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--views", "12"], "unknown views '12'"),
        (["--scales", "8,x"], "--scales 8,x: whole numbers of pixels, as 224,256"),
        (["--views", "10", "--scales", "7"], "crops of 8 pixels need a shorter side from 8"),
        (["--ensemble", "resnet20-cifar10"], "an ensemble needs nets of the same classes"),
        (["--features", "photo.jpg"], "--features photo.jpg: name a file that ends in .npz"),
        (["--features", "a.npz", "--views", "10"], "--features are those of one net in its single view"),
    ],
)
def test_what_cannot_be_asked(model, photos, words, message):
    answer = Answer("predict", model, photos, *words)
    assert answer.code == 2 and message in answer.err and answer.out == ""


def test_a_member_that_knows_other_classes_is_refused_by_the_names_that_were_typed(model, photos):
    err = Answer("predict", model, photos, "--ensemble", "resnet20-cifar10").err
    assert f"{model} and resnet20-cifar10 cannot be averaged: {model} knows the class 'chair' (and 2 more)" in err


def test_a_photograph_in_the_place_of_the_net(model, photos):
    answer = Answer("predict", photos / 'no "00".png', photos)
    assert answer.code == 2 and 'no "00".png is a photograph: name a run' in answer.err and answer.out == ""


def test_features_go_into_a_file_beside_the_answer(model, photos, tmp_path):
    (tmp_path / "torn.png").write_bytes(b"no image")
    file = tmp_path / "features.npz"
    answer = Answer("predict", model, photos, tmp_path / "torn.png", "--csv", "--features", file)
    head, *rows = rows_of(answer.out)
    assert answer.code == 1 and len(rows) == 13 and f"{file}: 12 photographs, 64 features each" in answer.err
    with np.load(file, allow_pickle=False) as found:
        saved = [list(found[name]) for name in head]
        expected = reslab.load(model).features(np.stack([read_photo(path, 8) for path in found["path"]]))
        assert found["features"] == pytest.approx(expected.numpy(), abs=1e-4)
    for row, *cells in zip(rows, *saved, strict=False):
        assert row[:2] == cells[:2] and float(row[2]) == pytest.approx(cells[2], abs=1e-6)
    assert len(saved[0]) == 12, "the one that cannot be read is left out"


def test_features_take_no_other_files_place(model, photos, tmp_path):
    np.savez(tmp_path / "mine.npz", years=np.arange(3))
    before = (tmp_path / "mine.npz").read_bytes()
    answer = Answer("predict", model, photos, "--features", tmp_path / "mine.npz")
    assert answer.code == 2 and "is there already" in answer.err and answer.out == ""
    assert (tmp_path / "mine.npz").read_bytes() == before
    (tmp_path / "torn.png").write_bytes(b"no image")
    answer = Answer("predict", model, tmp_path / "torn.png", "--features", tmp_path / "new.npz")
    assert answer.code == 1 and "new.npz was not written" in answer.err and not (tmp_path / "new.npz").exists()


def test_a_tally_of_many_classes_is_short():
    found = [Prediction(str(n), (f"class {n % 40:02}",), (1.0,)) for n in range(90)]
    line = _tally([*found, Prediction("x", (), (), "cannot be read")])
    assert line.startswith("91 photographs: class 00 3, class 01 3, ")
    assert line.endswith("class 09 3, 30 more classes 60, not readable 1")
    answers = [Prediction("x", (name,), (1.0,)) for name in ("laptop", "chair", "laptop")]
    assert _tally(answers) == "3 photographs: laptop 2, chair 1"
