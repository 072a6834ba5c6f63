"""Other programs' weights, as a user names them: converted, tested, asked, looked at, exported, and trained on."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reslab.interop import load
from tests.cli.test_commands import Answer
from tests.interop.foreign_weights import akamaster_shapes, chenyaofo_shapes, filled, torchvision_shapes


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """akamaster's net of 8 layers for five classes."""
    path = tmp_path_factory.mktemp("akamaster") / "resnet8.th"
    torch.save({"state_dict": filled(akamaster_shapes(1)), "best_prec1": 12.3}, path)
    return path


@pytest.fixture(scope="module")
def eighteen(tmp_path_factory):
    path = tmp_path_factory.mktemp("torchvision") / "resnet18-f37072fd.pth"
    torch.save(filled(torchvision_shapes((2, 2, 2, 2))), path)
    return path


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos") / "pets"
    random = np.random.default_rng(0)
    for name, shade in (("cat", 40), ("dog", 200)):
        (folder / name).mkdir(parents=True)
        for number in range(5):
            pixels = (shade + random.integers(-15, 16, (20, 24, 3))).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def test_convert_in_words_and_json(theirs, tmp_path):
    names, out = tmp_path / "names.txt", tmp_path / "net.safetensors"
    names.write_text("cat\ndog\nowl\nfox\nbee\n")
    answer = Answer("convert", theirs, "--out", out, "--classes", names, "--json")
    assert answer.code == 0 and answer.out.count("\n") == 1
    found = answer.json
    assert (found["file"], found["model"], found["shortcut"], found["size"]) == (str(out), "resnet8", "A", 32)
    assert found["class_names"] == ["cat", "dog", "owl", "fox", "bee"] and found["std"] == pytest.approx(57.63)
    assert (found["origin"]["file"], found["origin"]["layout"]) == ("resnet8.th", "akamaster")
    answer = Answer("convert", theirs, "--out", out)
    for words in (str(out), "0, 1, 2, 3, 4", "in the layout of akamaster, sha256", f"--from {out}"):
        assert words in answer.out
    assert f"reslab convert {theirs} --classes FILE names them" in answer.err


def test_what_its_file_does_not_tell_is_told(theirs, tmp_path):
    out = tmp_path / "net.safetensors"
    words = ["convert", theirs, "--out", out, "--size", "48", "--mean", "0.4914,0.4822,0.4465", "--std", "0.2,0.25,0.3"]
    answer = Answer(*words, "--json")
    found = answer.json
    assert (found["size"], found["std"]) == (48, 63.75) and found["mean"] == pytest.approx([125.307, 122.961, 113.8575])
    assert found["origin"]["assumed"] in answer.err and "assumed" not in found["origin"]["assumed"]
    assert Answer("info", out, "--json").json["input_size"] == 48


def test_what_its_config_tells_is_not_contradicted(eighteen, tmp_path):
    (tmp_path / "pytorch_model.bin").symlink_to(eighteen)
    cfg = {"input_size": [3, 160, 160], "crop_pct": 0.95, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "resnet18", "pretrained_cfg": cfg}))
    for words, message in (
        (["--size", "224"], "--size 224: its images have 160 pixels a side, as is written beside its weights"),
        (["--std", "0.2,0.2,0.2"], "--std 0.2,0.2,0.2: 0.5,0.5,0.5 is written beside its weights; leave --std out"),
    ):
        answer = Answer("convert", tmp_path, "--out", tmp_path / "net.safetensors", *words)
        assert answer.code == 2 and message in answer.err
    answer = Answer("convert", tmp_path, "--out", tmp_path / "net.safetensors", "--size", "160")
    assert (
        answer.code == 0
        and f"reslab eval {tmp_path / 'net.safetensors'} FOLDER --views centre --scales 168" in answer.out
    )


def test_what_was_trained_on_cifar_is_tested_there(tmp_path):
    torch.save(filled(akamaster_shapes(1, classes=10)), tmp_path / "net.th")
    answer = Answer("convert", tmp_path / "net.th")
    assert f"reslab eval {tmp_path / 'net.safetensors'}\n" in answer.out


def test_weights_are_asked_and_tested_as_they_are(theirs, pets, tmp_path):
    answer = Answer("predict", theirs, pets, "--json")
    assert answer.code == 0 and len(answer.json["predictions"]) == 10 and "as akamaster names it" in answer.err
    numbered = tmp_path / "numbered" / "val"
    numbered.mkdir(parents=True)
    for number, name in (("3", "cat"), ("1", "dog")):
        (numbered / number).symlink_to(pets / name)
        (numbered.parent / "train").mkdir(exist_ok=True)
        (numbered.parent / "train" / number).symlink_to(pets / name)
    found = Answer("eval", theirs, numbered.parent, "--json").json
    given = {p["path"]: p["name"] for p in answer.json["predictions"]}
    wrong = [given[str(pets / name / f"{k}.png")] != n for n, name in (("3", "cat"), ("1", "dog")) for k in range(5)]
    assert found["images"] == 10 and found["top1_error"] == pytest.approx(100 * np.mean(wrong))


def test_names_that_do_not_match_lead_to_convert(theirs, pets, tmp_path):
    converted, folder = tmp_path / "net.safetensors", tmp_path / "folder"
    folder.mkdir()
    (folder / "pytorch_model.bin").write_bytes(theirs.read_bytes())
    assert Answer("convert", theirs, "--out", converted).code == 0
    for asked, file in ((theirs, theirs), (folder, folder), (converted, "resnet8.th")):
        answer = Answer("eval", asked, pets)
        assert answer.code == 1
        assert f"it knows 0, 1, 2, 3, 4. Their names are not in {file}: reslab convert {file} --classes" in answer.err
    answer = Answer("eval", theirs)
    assert answer.code == 2 and "trained on images that its file does not name: name a data set" in answer.err


def test_info(theirs, tmp_path):
    converted = tmp_path / "net.safetensors"
    assert Answer("convert", theirs, "--out", converted).code == 0
    for file in (theirs, converted):
        found = Answer("info", file, "--json").json
        assert (found["name"], found["classes"], found["input_size"], found["shortcut"]) == ("resnet8", 5, 32, "A")
        assert found["weights"]["origin"]["file"] == "resnet8.th" and found["weights"]["class_names"] == list("01234")
        text = Answer("info", file).out
        assert "resnet8, input 32 x 32, 5 classes" in text and "resnet8.th, in the layout of akamaster" in text
        assert "told by names and shapes alone: a variant" in text and "assumed: 32 px, ImageNet's mean and std" in text
        refused = Answer("info", file, "--classes", "7")
        assert refused.code == 2 and "its net is fixed" in refused.err


def test_responses(theirs, pets):
    found = Answer("analyze", "responses", theirs, "--images", pets, "--json").json["nets"][0]
    assert found["model"] == "resnet8" and len(found["layers"]) == 7
    refused = Answer("analyze", "responses", theirs)
    assert refused.code == 1 and "--images FOLDER looks with any photographs" in refused.err


def test_fine_tuning_from_torchvisions_weights_at_another_size(eighteen, pets, tmp_path):
    words = ["train", pets, "--from", eighteen, "--size", "16", "--steps", "1", "--batch", "2"]
    words += ["--set", "optimizer.rates=stem.*=0, stage*=0", "--run", tmp_path / "run"]
    answer = Answer(*words, "--json")
    assert answer.code == 0 and answer.json["model"] == "resnet18" and answer.err.count("as torchvision names it") == 1
    source, tuned = load(eighteen), load(tmp_path / "run")
    assert (tuned.classes, tuned.size, tuned.identity.origin) == (("cat", "dog"), 16, None)
    before, after = dict(source.net.named_parameters()), dict(tuned.net.named_parameters())
    assert {name for name in before if not torch.equal(before[name], after[name])} == {"head.2.weight", "head.2.bias"}
    again = Answer(*words, "--json")
    assert again.code == 0 and again.json == answer.json and "is done" in again.err


@pytest.fixture(scope="module")
def cached(tmp_path_factory):
    """chenyaofo's net of 8 layers in the hub's cache, the names of its classes and thop's counts in the file itself."""
    place = tmp_path_factory.mktemp("hub") / "models--me--pets8"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("0a1b")
    (place / "snapshots" / "0a1b").mkdir(parents=True)
    weights = {**filled(chenyaofo_shapes(1, 3)), "layer1.0.total_ops": torch.zeros(1), "total_ops": torch.zeros(1)}
    content = {"state_dict": weights, "class_to_idx": {"dog": 0, "owl": 1, "cat": 2}}
    torch.save(content, place / "snapshots" / "0a1b" / "pytorch_model.bin")
    return place


def test_the_hubs_cache_names_within_and_counts_for_every_verb(cached, pets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = Answer("predict", cached, pets, "--json")
    assert told.code == 0 and {p["name"] for p in told.json["predictions"]} <= {"dog", "owl", "cat"}
    for line in ("as chenyaofo names it", "names that are in it (class_to_idx)", "left out: 2 counts of operations"):
        assert f"{cached}: " in told.err and line in told.err
    (tmp_path / "split").mkdir()
    for split in ("train", "val"):
        (tmp_path / "split" / split).symlink_to(pets)
    found = Answer("eval", cached, tmp_path / "split", "--json").json
    wrong = [p["name"] != Path(p["path"]).parent.name for p in told.json["predictions"]]
    assert found["images"] == 10 and found["top1_error"] == pytest.approx(100 * np.mean(wrong))
    about = Answer("info", cached, "--json").json
    assert (about["name"], about["shortcut"], about["input_size"]) == ("resnet8", "B", 32)
    assert (about["weights"]["class_names"], about["weights"]["std"]) == (["dog", "owl", "cat"], 51.2295)
    assert Answer("export", cached, "--to", "torch-export").code == 0
    assert Answer("info", "pets8.pt2", "--json").json["exported"]["class_names"] == ["dog", "owl", "cat"]
    assert Answer("convert", cached).code == 0 and load("pets8.safetensors").classes == ("dog", "owl", "cat")


def test_fine_tuning_from_the_hubs_cache(cached, pets, tmp_path):
    words = ["train", pets, "--from", cached, "--steps", "1", "--batch", "2", "--run", tmp_path / "run"]
    answer = Answer(*words, "--set", "optimizer.rates=stem.*=0, stage*=0", "--json")
    assert answer.code == 0 and answer.json["model"] == "resnet8" and "as chenyaofo names it" in answer.err
    source, tuned = load(cached), load(tmp_path / "run")
    assert (tuned.classes, tuned.size, tuned.identity.spec.shortcut) == (("cat", "dog"), 32, "B")
    before, after = dict(source.net.named_parameters()), dict(tuned.net.named_parameters())
    assert {name for name in before if not torch.equal(before[name], after[name])} == {"head.2.weight", "head.2.bias"}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["convert", "nothing.pth"], 1, "no file nothing.pth"),
        (["convert", "nothing"], 1, "no file or folder nothing"),
        (["convert", "net.caffemodel"], 1, "net.caffemodel is a file of Caffe's"),
        (["convert", "resnet20-cifar10"], 2, "every command takes its name, as reslab predict resnet20-cifar10 PHOTO"),
        (["convert", "THEIRS", "--mean", "0.5"], 2, "--mean 0.5: three numbers from 0 to 1"),
        (["convert", "THEIRS", "--std", "a,b,c"], 2, "--std a,b,c: three numbers with commas between them"),
        (["convert", "THEIRS", "--mean", "125,123,114"], 2, "it is --mean 0.4902,0.4824,0.4471"),
        (["convert", "THEIRS", "--size", "4"], 2, "--size 4: a net needs images of at least 8 pixels"),
        (["eval", "nothing.th"], 1, "no file nothing.th"),
        (["train", "--from", "nothing.pth"], 1, "no file nothing.pth"),
        (["train", "PETS", "--from", "THEIRS", "--shortcut", "B"], 2, "resnet8 (shortcut A"),
        (["convert", "THEIRS", "--stride-in", "3x3"], 2, "no bottlenecks"),
    ],
)
def test_mistakes(theirs, pets, words, code, message):
    answer = Answer(*[{"THEIRS": theirs, "PETS": pets}.get(word, word) for word in words])
    assert answer.code == code and message in answer.err and answer.out == ""
