"""Weights in Hugging Face's cache: the version that refs/main names, or the only one; and nothing written there."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from reslab.errors import RunError, UsageError
from reslab.interop import convert, export, load
from reslab.interop.checkpoint import weights_file
from reslab.interop.hub_cache import name_in_cache, snapshot_of
from tests.interop.classifiers import classifier, saved
from tests.interop.foreign_weights import akamaster_shapes, filled, torchvision_shapes

NAMES = ["cat", "dog", "owl", "fox", "bee"]
CONFIG = {"architecture": "resnet18", "label_names": NAMES, "pretrained_cfg": {"input_size": [3, 64, 64]}}


@pytest.fixture(scope="module")
def blob(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("blobs") / "f37072fd"
    save_file(filled(torchvision_shapes((2, 2, 2, 2))), path)
    return path


def cached(folder: Path, blob: Path, *versions: str, main: str | None = None, config: dict | None = None) -> Path:
    """A repository with these versions, as the hub's library lays it out: links to what lies elsewhere."""
    place = folder / "models--timm--resnet18.a1_in1k"
    (place / "refs").mkdir(parents=True)
    for version in versions:
        (place / "snapshots" / version).mkdir(parents=True)
        (place / "snapshots" / version / "model.safetensors").symlink_to(blob)
        (place / "snapshots" / version / "config.json").write_text(json.dumps(config or CONFIG))
    if main:
        (place / "refs" / "main").write_text(main)
    return place


def test_the_version_that_main_names_is_taken(tmp_path, blob):
    place = cached(tmp_path, blob, "0a1b", "c2d3", main="c2d3\n")
    other = place / "snapshots" / "0a1b" / "config.json"
    other.write_text(json.dumps({**CONFIG, "label_names": list("abcde")}))
    assert weights_file(place) == place / "snapshots" / "c2d3" / "model.safetensors"
    net = load(place)
    assert (net.classes, net.size, net.place) == (tuple(NAMES), 64, place)
    assert load(other.parent).classes == tuple("abcde"), "a version may be named itself"


def test_an_only_version_needs_no_name(tmp_path, blob, monkeypatch):
    place = cached(tmp_path, blob, "0a1b")
    assert load(place).classes == tuple(NAMES)
    monkeypatch.chdir(place)
    assert load(".").classes == tuple(NAMES)


@pytest.mark.parametrize(
    ("versions", "main", "message"),
    [
        (("a", "b"), None, r"has 2 snapshots, and no refs/main tells which: name \S+snapshots/a or \S+snapshots/b$"),
        (tuple("abcde"), None, r"snapshots/a or \S+/b or \S+/c or one of 2 more$"),
        (("a",), "b", r"refs/main names a snapshot that is not there \('b'\): fetch it, or name \S+snapshots/a$"),
        (("a",), "../snapshots/a", r"names a snapshot that is not there \('\.\./snapshots/a'\)"),
    ],
)
def test_what_nobody_tells_is_refused(tmp_path, blob, versions, main, message):
    place = cached(tmp_path, blob, *versions, main=main)
    for take in (load, convert, export):
        with pytest.raises(RunError, match=message) as error:
            take(place)
        assert "\n" not in str(error.value)


def test_versions_without_weights(tmp_path, blob):
    place = cached(tmp_path, blob, "a", main="a")
    (place / "snapshots" / "a" / "model.safetensors").unlink()
    with pytest.raises(
        RunError, match=r"snapshots/a has no weights: neither model\.safetensors nor pytorch_model\.bin"
    ):
        load(place)
    (place / "snapshots" / "a" / "model.safetensors").symlink_to(tmp_path / "nothing")
    with pytest.raises(RunError, match="has no weights"):
        load(place)
    (place / "snapshots" / "a").rename(place / "blobs")
    with pytest.raises(RunError, match="is a folder of the hub's cache without a snapshot"):
        load(place)


def test_other_folders_are_none(tmp_path):
    for part in ("snapshots/a", "refs", "blobs"):
        (tmp_path / part).mkdir(parents=True)
    assert snapshot_of(tmp_path) is None and name_in_cache(tmp_path) == ""
    saved(tmp_path / "model.safetensors", classifier("resnet8", 8))
    assert load(tmp_path).identity.model == "resnet8"


def test_nothing_is_written_into_the_cache(tmp_path, blob, monkeypatch):
    place = cached(tmp_path / "hub", blob, "0a1b", main="0a1b")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    before = sorted(place.parent.rglob("*"))
    for named in (place, place / "snapshots" / "0a1b", place / "snapshots" / "0a1b" / "model.safetensors"):
        assert name_in_cache(named) == "resnet18.a1_in1k"
        assert convert(named).path == Path("resnet18.a1_in1k.safetensors")
    assert export(place, "torchvision").path == Path("resnet18.a1_in1k.torchvision.safetensors")
    assert sorted(place.parent.rglob("*")) == before


def test_two_repositories_of_one_name(tmp_path, blob, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = cached(tmp_path, blob, "a", main="a")
    made = convert(place).path.read_bytes()
    other = place.rename(tmp_path / "models--mine--resnet18.a1_in1k")
    weights = other / "snapshots" / "a" / "model.safetensors"
    assert convert(other).path.read_bytes() == made, "the same weights"
    weights.unlink()
    save_file({name: 2 * tensor for name, tensor in filled(torchvision_shapes((2, 2, 2, 2))).items()}, weights)
    with pytest.raises(UsageError, match=r"resnet18\.a1_in1k\.safetensors is there already, made from other weights"):
        convert(other)
    assert Path("resnet18.a1_in1k.safetensors").read_bytes() == made
    assert convert(other, "other.safetensors").path == Path("other.safetensors")


def test_a_net_that_its_repository_calls_another_is_refused(tmp_path, blob):
    place = cached(tmp_path, blob, "a", main="a").rename(tmp_path / "models--timm--resnetblur18.bt_in1k")
    (place / "snapshots" / "a" / "config.json").unlink()
    for named in (place, place / "snapshots" / "a", place / "snapshots" / "a" / "model.safetensors"):
        with pytest.raises(RunError, match="by its name it is resnetblur18, a net that blurs"):
            load(named)


def test_transformers_around_timm(tmp_path, blob):
    """Its config is timm's in transformers' words; weights may have a prefix."""
    images = {"input_size": [3, 64, 64], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "crop_pct": 0.9}
    config = {
        "architecture": "resnet18",
        "architectures": ["TimmWrapperForImageClassification"],
        "do_pooling": True,
        "global_pool": "avg",
        "initializer_range": 0.02,
        "label_names": NAMES,
        "model_args": None,
        "model_type": "timm_wrapper",
        "num_classes": 5,
        "pretrained_cfg": images,
        "transformers_version": "4.57.0",
    }
    net = load(cached(tmp_path, blob, "a", main="a", config=config))
    assert (net.identity.model, net.classes, net.size) == ("resnet18", tuple(NAMES), 64)
    assert (net.preprocessing.std, net.identity.origin.scale) == (127.5, 71)
    assert net.identity.origin.assumed == ""
    place = tmp_path / "saved"
    place.mkdir()
    weights = {f"timm_model.{name}": tensor for name, tensor in filled(torchvision_shapes((2, 2, 2, 2))).items()}
    torch.save(weights, place / "pytorch_model.bin")
    for names in ({"label_names": [f"LABEL_{number}" for number in range(5)]}, {"label_names": None}):
        (place / "config.json").write_text(json.dumps({**config, **names}))
        assert load(place).classes == tuple("01234"), "made up, or none"
    (place / "config.json").write_text(json.dumps({**config, "label_names": None, "id2label": dict(enumerate(NAMES))}))
    assert load(place).classes == tuple(NAMES)
    (place / "config.json").write_text(json.dumps({**config, "architecture": "resnet50d"}))
    with pytest.raises(RunError, match="it is timm's resnet50d, which is none of reslab's nets"):
        load(place)


def test_a_hubs_name_leads_to_its_cache(tmp_path):
    with pytest.raises(RunError, match=r"download them, .* \(in the hub's cache, models--timm--resnet50\.a1_in1k\)"):
        convert("timm/resnet50.a1_in1k")
    torch.save(filled(akamaster_shapes(1)), tmp_path / "net.th")
    assert (
        name_in_cache(tmp_path / "net.th") == "" and convert(tmp_path / "net.th").path == tmp_path / "net.safetensors"
    )
