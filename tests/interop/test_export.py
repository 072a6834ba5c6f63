"""From a run to a file: where it lies, on which images it is tried, and that nothing wrong is kept."""

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reslab.errors import DataError, RunError, UsageError
from reslab.interop import export, load
from reslab.store import Predictions, predictions_bytes
from tests.interop.by_hand import onnx_by_hand
from tests.interop.classifiers import classifier, noise, saved


@pytest.fixture(scope="module")
def net():
    return classifier("resnet18", 16)


@pytest.fixture
def run(net, tmp_path) -> Path:
    """A run folder with three mistakes of its own on val, and two on test."""
    folder = tmp_path / "run"
    folder.mkdir()
    saved(folder / "model.safetensors", net)
    (folder / "recipe.toml").write_text("")
    splits = {
        split: Predictions(np.zeros(9, np.int64), np.full((9, 4), 0.25, np.float32), np.arange(kept), noise(kept, 16))
        for split, kept in (("val", 3), ("test", 2))
    }
    (folder / "predictions.safetensors").write_bytes(predictions_bytes(splits, net.classes))
    return folder


def test_it_lies_in_the_run_and_was_tried_on_the_runs_own_mistakes_and_on_photographs(run, tmp_path):
    Image.fromarray(noise(1, 40)[0]).save(tmp_path / "photo.png")
    found = export(run, "torchvision", check=[tmp_path / "photo.png"])
    assert found.path == run / "model.torchvision.safetensors" and found.path.stat().st_size == found.bytes
    assert (found.agreement.random_images, found.agreement.real_images) == (8, 3 + 2 + 1)
    assert found.notes == () and found.input is None and found.size == 16
    assert not list(run.glob(".*.part"))


def test_the_file_is_tried_with_no_more_threads_than_a_quota_pays_for(run, monkeypatch):
    compare, found = sys.modules["reslab.interop.export"].compare, []

    def compared(*words):
        found.append(torch.get_num_threads())  # which onnxruntime takes, too: see `read_onnx`
        return compare(*words)

    monkeypatch.setattr("reslab.engine.settings.usable_cores", lambda: 1)
    monkeypatch.setattr(sys.modules["reslab.interop.export"], "compare", compared)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        export(run, "torchvision")
        assert found == [1] and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_timms_folder(run):
    found = export(run, "timm")
    assert found.path == run / "model-timm"
    assert sorted(p.name for p in found.path.iterdir()) == ["config.json", "model.safetensors"]
    assert sum(p.stat().st_size for p in found.path.iterdir()) == found.bytes


def test_a_file_that_differs_is_not_kept_and_what_was_there_stays(run, monkeypatch):
    there = run / "model.torchvision.safetensors"
    there.write_bytes(b"an older file")

    def spoilt(data):
        return (lambda pixels: np.zeros((len(pixels), 4), np.float32)), {}

    monkeypatch.setattr(sys.modules["reslab.interop.export"], "read_torchvision", spoilt)
    with pytest.raises(RunError, match=r"computes another function: scores differ by .* was not written"):
        export(run, "torchvision")
    assert there.read_bytes() == b"an older file"


def test_a_photograph_that_cannot_be_read_is_named_and_nothing_written(run, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"bad\.png"):
        export(run, "torchvision", check=[tmp_path / "bad.png"])
    assert not (run / "model.torchvision.safetensors").exists()


def test_beside_a_model_file_and_for_shipped_nets_in_the_current_folder(net, tmp_path, monkeypatch):
    file = saved(tmp_path / "pets.safetensors", net)
    assert export(file, "torchvision").path == tmp_path / "pets.torchvision.safetensors"
    from reslab.interop.export import _destination
    from reslab.store import find_model

    shipped = find_model(Path("resnet56-cifar10"))
    assert _destination(Path("resnet56-cifar10"), shipped, "onnx", None) == Path("resnet56-cifar10.onnx")


@pytest.mark.parametrize(
    ("to", "out", "message"),
    [
        ("torchvision", "run/model.safetensors", "what models of reslab's own are called"),
        ("torchvision", "run", r"is a folder; name a file in it, as .*model\.torchvision\.safetensors"),
        ("torchvision", "net.onnx", "name of a file for --to onnx"),
        ("torch-export", "net.onnx", "name of a file for --to onnx"),
        ("torchvision", "away/net.safetensors", r"--out .*net\.safetensors: there is no folder .*away$"),
        ("timm", "run", "a folder of its own"),
        ("timm", "run/recipe.toml", "a folder of its own"),
        ("torch-export", "plain", r"the name of a file for --to torch-export ends in \.pt2"),
        ("torch-export", "victim.jpg", r"ends in \.pt2"),
        ("torchvision", "victim.jpg", r"the name of a file for --to torchvision ends in \.safetensors"),
        ("torchvision", "victim.safetensors", "reslab export did not make it"),
        ("timm", "victims", "has other files in it, which stay"),
        ("tensorflow", "net.pb", "unknown format 'tensorflow'"),
        ("torch", "net.pt2", "did you mean torch"),
    ],
)
def test_places_that_cannot_be_meant(run, tmp_path, to, out, message):
    (tmp_path / "victims").mkdir()
    for victim in ("victim.jpg", "victim.safetensors", "victims/config.json", "victims/model.safetensors"):
        (tmp_path / victim).write_bytes(b"a user's")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=message):
        export(run, to, tmp_path / out)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(("to", "name"), [("onnx", "model.onnx"), ("torch-export", "model.pt2")])
@pytest.mark.parametrize("out", [True, False])
def test_a_file_of_somebody_elses_stays(run, to, name, out):
    if to == "onnx":
        pytest.importorskip("onnx", reason="needs the extra `onnx`")
        pytest.importorskip("onnxscript", reason="needs the extra `onnx`")
    theirs = run / name
    for content in (b"theirs", b"", *_foreign(theirs)):
        theirs.write_bytes(content)
        with pytest.raises(UsageError, match=r"is there already, and reslab export did not make it; name another file"):
            export(run, to, theirs if out else None)
        assert theirs.read_bytes() == content


def _foreign(file: Path) -> list[bytes]:
    """A whole file of that kind, which says nothing of itself."""
    if file.suffix == ".onnx":
        return [onnx_by_hand(file, said={"author": "somebody"}).read_bytes()]
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("net/models/model.json", "{}")
    return [file.read_bytes()]


def test_what_was_exported_may_be_exported_again(run, tmp_path):
    for to, out in (("torchvision", "net.safetensors"), ("timm", "folder")):
        assert export(run, to, tmp_path / out).path == export(run, to, tmp_path / out).path


def test_a_loaded_net_is_exported_with_the_weights_that_it_has(run, net, tmp_path, monkeypatch):
    model = load(run)
    model.net[-1][2].bias[3] += 5
    model.train()
    found = export(model, "torchvision")
    assert found.path == run / "model.torchvision.safetensors" and found.agreement.real_images == 5
    assert load(found.path).net[-1][2].bias[3] == model.net[-1][2].bias[3] != net.net[-1][2].bias[3]
    assert model.training, "it is left as it was"
    monkeypatch.chdir(tmp_path)
    assert export(net, "torchvision").path == Path("resnet18.torchvision.safetensors"), "it lies in no file"


def test_an_exported_net_has_nothing_to_export(tmp_path):
    with pytest.raises(RunError, match=r"net\.onnx is an exported file, a graph without a net"):
        export(load(onnx_by_hand(tmp_path / "net.onnx")), "torch-export")


def test_weights_for_others_tell_how_images_are_normalised(run):
    found = export(run, "torchvision")
    assert found.mean == pytest.approx((110 / 255, 120 / 255, 130 / 255)) and found.std == (57.5 / 255,) * 3
    assert found.to_dict()["mean"] == found.mean


@pytest.mark.slow
@pytest.mark.parametrize(("scores", "notes"), [(False, 1), (True, 0)])
def test_answers_that_are_all_certain_are_told(tmp_path, scores, notes):
    certain = classifier("resnet8", 8)
    certain.net.head[2].weight.data.zero_()
    certain.net.head[2].bias.data[:] = torch.tensor([0.0, 500.0, 0.0, 0.0])
    found = export(saved(tmp_path / "certain.safetensors", certain), "torch-export", scores=scores)
    assert len(found.notes) == notes and all("--scores compares" in note for note in found.notes)


def test_scores_are_asked_for_of_whole_functions_only(run):
    with pytest.raises(UsageError, match="--scores"):
        export(run, "torchvision", scores=True)


def test_a_file_that_cannot_be_written(run, tmp_path):
    with pytest.raises(RunError, match="cannot write"):
        export(run, "torchvision", tmp_path / f"{'n' * 240}.safetensors")  # too long, with what stands beside it first
