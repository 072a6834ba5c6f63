"""Exported files read back: what they know and answer, and what is said of those that are none of ours."""

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from reslab.engine import Request
from reslab.errors import RunError, UsageError
from reslab.evaluation import evaluate, predict
from reslab.interop import export, load, opened
from reslab.interop.onnx_graph import PACKAGES
from reslab.store import Classifier, ExportedNet
from reslab.store import load as load_classifier
from reslab.training import Surroundings, train_on
from tests.conftest import short_recipe
from tests.interop.by_hand import about, onnx_by_hand, probabilities
from tests.interop.classifiers import classifier, noise, saved


def test_it_knows_what_it_is_and_answers(tmp_path):
    made = classifier("resnet8", 8, shortcut="B")
    net = load(onnx_by_hand(tmp_path / "net.onnx", made))
    assert isinstance(net, ExportedNet) and net.identity == made.identity and net.size == 8
    assert net.classes == ("Ängström", "犬", "cat", "dog") and "8 x 8" in net.preprocessing[-1]
    assert (net.format, net.runtime, net.scores) == ("onnx", "onnxruntime", False) and net.version
    pixels = noise(7, 8)
    np.testing.assert_allclose(net.probabilities(pixels), probabilities(pixels, 4), atol=1e-5)
    np.testing.assert_allclose(net.probabilities(torch.from_numpy(pixels[:1])), probabilities(pixels[:1], 4), atol=1e-5)


def test_the_softmax_of_scores_is_taken(tmp_path):
    net = load(onnx_by_hand(tmp_path / "net.ONNX", scores=True))
    assert net.scores
    np.testing.assert_allclose(net.probabilities(noise(3, 8)), probabilities(noise(3, 8), 4), atol=1e-5)


def test_which_images_were_held_out_is_said_and_names_like_numbers_stay_names(tmp_path):
    made = classifier("resnet8", 8)
    made.identity = replace(
        made.identity, data="2024", split="40k/5k/5k", fingerprint="12e4", residual="mine:block", before=("12", "pets")
    )
    assert load(onnx_by_hand(tmp_path / "net.onnx", made)).identity == made.identity
    older = {name: value for name, value in about(made).items() if name not in ("split", "fingerprint", "residual")}
    found = load(onnx_by_hand(tmp_path / "older.onnx", made, older)).identity
    assert (found.split, found.fingerprint, found.residual, found.data) == (None, None, None, "2024")


def test_it_has_as_many_threads_as_pytorch(tmp_path):
    net, before = load(onnx_by_hand(tmp_path / "net.onnx")), torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        np.testing.assert_allclose(net.probabilities(noise(3, 8)), probabilities(noise(3, 8), 4), atol=1e-5)
    finally:
        torch.set_num_threads(before)


def test_anything_else_is_as_it_was(tmp_path):
    file = saved(tmp_path / "net.safetensors", classifier("resnet8", 8))
    assert isinstance(load(file), Classifier) and opened(file) == file
    (tmp_path / "a run.onnx").mkdir()
    assert opened(tmp_path / "a run.onnx") == tmp_path / "a run.onnx"
    assert isinstance(load("resnet56-cifar10"), Classifier)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"classes": None, "size": None},
            r"does not say what it is \(no classes, size in its metadata\): .* --to onnx",
        ),
        ({"classes": ["cat", "dog"]}, r"says that it knows 2 classes, and gives float32 of shape \(1, 4\)"),
        ({"size": 9}, "its graph takes no images of 9 x 9 pixels, as it says"),
        ({"size": "eight"}, "what it says of itself is not to be understood"),
        ({"spec": {"depth": 8}}, "not to be understood|not the description"),
    ],
)
def test_a_file_that_says_too_little_or_another_thing(tmp_path, change, message):
    path = onnx_by_hand(tmp_path / "net.onnx", said={**about(classifier("resnet8", 8)), **change})
    with pytest.raises(RunError, match=message) as error:
        load(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_foreign_graph(tmp_path):
    with pytest.raises(RunError, match=r"foreign\.onnx: it does not say what it is \(no reslab, model, spec"):
        load(onnx_by_hand(tmp_path / "foreign.onnx", said={}))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("torn.onnx", b"\x08\x0a\x12", "onnxruntime does not run the graph"),
        ("empty.onnx", b"", "onnxruntime does not run the graph"),
        ("torn.pt2", b"PK\x03\x04 and no more", "torn, or no program of torch.export"),
        ("empty.pt2", b"", "torn, or no program of torch.export"),
    ],
)
def test_torn_files_are_named(tmp_path, name, content, message):
    if name.endswith("onnx"):
        pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RunError, match=message) as error:
        load(tmp_path / name)
    assert name in str(error.value) and "\n" not in str(error.value)


def test_an_absent_file_names_the_way_to_one(tmp_path):
    with pytest.raises(RunError, match=r"no file .*net\.pt2; reslab export RUN --to torch-export writes one"):
        load(tmp_path / "net.pt2")


def test_without_onnxruntime(tmp_path, monkeypatch):
    (tmp_path / "net.onnx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UsageError, match=r'net\.onnx needs onnxruntime: pip install "reslab\[onnx\]"$'):
        load(tmp_path / "net.onnx")


def test_what_needs_a_net_says_that_there_is_none(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"")
    for ask in (load_classifier, export):
        with pytest.raises(RunError, match=r"net\.onnx is an exported file, .* the run folder or model file"):
            ask(tmp_path / "net.onnx")


@pytest.fixture(scope="module")
def run(digits, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "digits"
    train_on(digits, short_recipe(digits, 100), path, Surroundings(Request("torch", precision="fp32", threads=1)))
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("to", "scores"), [("torch-export", False), ("torch-export", True), ("onnx", False), ("onnx", True)]
)
def test_a_file_answers_as_the_run_it_came_from(run, digits, tmp_path, to, scores):
    if to == "onnx" and (missing := [name for name in PACKAGES if find_spec(name) is None]):
        pytest.skip(f"needs {', '.join(missing)}: the extra `onnx`")
    path = export(run, to, tmp_path / {"onnx": "net.onnx", "torch-export": "net.pt2"}[to], scores=scores).path
    ours, theirs = load_classifier(run), load(path)
    assert theirs.identity == ours.identity and theirs.scores == scores and theirs.format == to
    pixels = digits.splits["val"].pixels
    np.testing.assert_allclose(theirs.probabilities(pixels), ours(pixels).softmax(dim=1), atol=1e-5)
    in_fp32 = Request(precision="fp32", threads=1)
    for choice in ({}, {"split": "val", "views": "flip"}, {"views": 10}, {"views": "centre", "scales": (9, 12)}):
        found, expected = (evaluate(net, request=in_fp32, **choice) for net in (theirs, run))
        assert found.top1_error == pytest.approx(expected.top1_error, abs=0.3) and found.top1_error < 70
        assert abs(found.confusions - expected.confusions).sum() <= 2
    pictures = list(pixels[:20])
    for found, expected in zip(predict(theirs, pictures), predict(run, pictures, request=in_fp32), strict=True):
        assert found.classes[0] == expected.classes[0]
        assert found.probabilities == pytest.approx(expected.probabilities, abs=1e-5)
