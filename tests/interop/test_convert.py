"""From another program's weights to a model file: names of classes, where it goes, and what is never overwritten."""

import json

import pytest
import torch

from reslab.data import NAMES
from reslab.errors import RunError, UsageError
from reslab.interop import convert, load
from reslab.interop.checkpoint import Checkpoint
from reslab.interop.convert import read_names
from reslab.interop.layouts import HUGGING_FACE, TORCHVISION
from reslab.interop.told import MEAN, STD, Told, refuse_others, told_by
from reslab.store import Classifier
from reslab.store import load as load_classifier
from tests.interop.classifiers import classifier, noise, saved
from tests.interop.foreign_weights import akamaster_shapes, filled


@pytest.fixture
def theirs(tmp_path):
    path = tmp_path / "resnet8-abc.th"
    torch.save(filled(akamaster_shapes(1)), path)
    return path


def test_a_model_file_gives_the_same_scores_and_says_where_it_is_from(theirs, tmp_path):
    made = convert(theirs, tmp_path / "net.safetensors")
    ours, pictures = load_classifier(made.path), noise(3, 32)
    assert torch.equal(ours(pictures), load(theirs)(pictures)) and ours.identity == made.classifier.identity
    assert ours.identity.origin.file == "resnet8-abc.th" and ours.identity.origin.layout == "akamaster"
    first = made.path.read_bytes()
    assert convert(theirs, made.path).path.read_bytes() == first, "again, in its own place"


def test_it_goes_beside_what_it_is_made_of(theirs, tmp_path):
    made = convert(theirs)
    assert made.path == tmp_path / "resnet8-abc.safetensors"
    with pytest.raises(UsageError, match="is a model of reslab's own already"):
        convert(made.path)
    folder = tmp_path / "weights"
    folder.mkdir()
    theirs.rename(folder / "pytorch_model.bin")
    assert convert(folder).path == tmp_path / "weights.safetensors"


def test_names_of_classes(theirs, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("\ufeffcat\n 犬 \r\ncrane\nÄ b\ncrane\n\n", encoding="utf-8")
    said = []
    made = convert(theirs, classes=names, say=said.append)
    assert load(made.path).classes == ("cat", "犬", "crane", "Ä b", "crane (4)")
    assert len(said) == 1 and "numbers" not in said[0]
    convert(theirs, said and made.path, say=said.append)
    assert "5 classes, called by their numbers (reslab convert" in said[1]
    names.write_text("cat\ndog\n")
    with pytest.raises(UsageError, match=r"resnet8-abc\.th: it has 5 classes, and --classes names 2"):
        convert(theirs, classes=names)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\n\nb\n", "line 2 is empty"),
        (b"\n", "line 1 is empty"),
        (b"\xff\xfea", "no text in UTF-8"),
        (None, "No such"),
    ],
)
def test_names_that_cannot_be_read(tmp_path, content, message):
    if content is not None:
        (tmp_path / "names.txt").write_bytes(content)
    with pytest.raises(UsageError, match=f"--classes .*{message}"):
        read_names(tmp_path / "names.txt")


def test_what_is_there_is_kept(theirs, tmp_path):
    own = saved(tmp_path / "own.safetensors", classifier("resnet8", 8))
    before = own.read_bytes()
    with pytest.raises(UsageError, match="is there already, and reslab convert did not make it"):
        convert(theirs, own)
    assert own.read_bytes() == before
    with pytest.raises(UsageError, match="is a folder; name a file in it"):
        convert(theirs, tmp_path)
    with pytest.raises(UsageError, match=r"the names of model files end in \.safetensors"):
        convert(theirs, tmp_path / "net.pth")


def test_a_model_file_of_other_weights_is_kept(theirs):
    before = convert(theirs).path.read_bytes()
    other = theirs.with_suffix(".pt")
    torch.save({name: 2 * tensor for name, tensor in filled(akamaster_shapes(1)).items()}, other)
    with pytest.raises(UsageError, match=r"resnet8-abc\.safetensors is there already, made from resnet8-abc\.th; name"):
        convert(other)
    assert convert(theirs).path.read_bytes() == before
    other.replace(theirs)
    assert convert(theirs).path.read_bytes() != before, "the same file, trained on"


def test_what_cannot_be_converted(theirs, tmp_path):
    with pytest.raises(RunError, match="no file or folder"):
        convert(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=r"has no weights: neither model\.safetensors nor pytorch_model\.bin"):
        convert(tmp_path / "empty")
    with pytest.raises(UsageError, match="did you mean 1x1"):
        convert(theirs, stride_in="1x11")
    with pytest.raises(UsageError, match="its blocks are no bottlenecks; leave --stride-in out"):
        convert(theirs, stride_in="1x1")


def checkpoint(config=None, images=None) -> Checkpoint:
    return Checkpoint(None, None, "", {}, config or {}, images or {}, {})


def test_where_nothing_is_said_imagenets_colours_are_meant():
    assert told_by(checkpoint(), TORCHVISION, 7) == Told(224, MEAN, STD)
    assert told_by(checkpoint({"architecture": "resnet18"}), TORCHVISION, 7) == Told(224, MEAN, STD)
    assert told_by(checkpoint(), HUGGING_FACE, 7) == Told(224, MEAN, STD, stride_in="3x3")


def test_other_arguments_of_timms_that_change_nothing_are_let_be():
    usual = {"num_classes": 7, "in_chans": 3, "global_pool": "avg", "drop_rate": 0.2}
    config = {"architecture": "resnet18", "model_args": usual, "label_names": {"0": "cat", "2": "dog"}}
    assert told_by(checkpoint(config), TORCHVISION, 4).classes == ("cat", "1", "dog", "3")


@pytest.mark.parametrize(
    ("config", "images", "layout", "message"),
    [
        ({"architecture": "resnet18", "global_pool": "max"}, {}, TORCHVISION, "otherwise than usual: global_pool max"),
        ({"architecture": "resnet18", "model_args": {"output_stride": 8}}, {}, TORCHVISION, "output_stride 8"),
        ({"architecture": "resnet18", "model_args": {"aa_layer": "blur"}}, {}, TORCHVISION, "aa_layer blur"),
        ({"architecture": "resnet18", "label_names": {"7": "x"}}, {}, TORCHVISION, "not to be understood"),
        ({"architecture": "resnet18", "input_size": [3, 9, 8]}, {}, TORCHVISION, "9 x 8 pixels"),
        ({"architecture": "resnet18", "mean": [0.5]}, {}, TORCHVISION, "1 colours"),
        ({"architecture": "resnet18", "pretrained_cfg": 5}, {}, TORCHVISION, "not to be understood"),
        ({"hidden_act": "gelu"}, {}, HUGGING_FACE, "hidden_act gelu"),
        ({"downsample_in_first_stage": True}, {}, HUGGING_FACE, "downsample_in_first_stage True"),
        ({}, {"do_rescale": False}, HUGGING_FACE, "do_rescale"),
        ({}, {"rescale_factor": 1 / 127.5}, HUGGING_FACE, "rescale_factor"),
    ],
)
def test_nets_that_are_built_otherwise_are_refused(config, images, layout, message):
    with pytest.raises(RunError, match=message):
        told_by(checkpoint(config, images), layout, 4)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"model_type": "vit"}, "Hugging Face's vit"),
        ({"architecture": "resnetblur50"}, "timm's resnetblur50, which is none of reslab's nets"),
        ({"architecture": "resnet26"}, "timm's resnet26"),
    ],
)
def test_nets_of_other_names_are_refused_whatever_their_weights_look_like(tmp_path, config, name):
    with pytest.raises(RunError, match=name):
        refuse_others(config)
    (tmp_path / "config.json").write_text(json.dumps(config))
    torch.save(filled(akamaster_shapes(1)), tmp_path / "pytorch_model.bin")
    with pytest.raises(RunError, match=f"{tmp_path}: it is {name}"):
        load(tmp_path)


def test_torn_descriptions(tmp_path):
    torch.save(filled(akamaster_shapes(1)), tmp_path / "pytorch_model.bin")
    for text, message in (("{", "cannot read .*config.json"), ("[]", "does not describe a net")):
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(RunError, match=message):
            load(tmp_path)


def test_a_run_can_be_tested_on_what_akamaster_trained_on(theirs):
    torch.save(filled(akamaster_shapes(1, classes=10)), theirs)
    net = load(theirs)
    assert isinstance(net, Classifier) and net.identity.data in NAMES
