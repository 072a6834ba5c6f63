"""From another program's weights to a model file: names of classes, where it goes, and what is never overwritten."""

import pytest
import torch

from reslab.data import NAMES
from reslab.errors import RunError, UsageError
from reslab.interop import convert, load
from reslab.interop.convert import read_names
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
    assert load(made.path).classes == ("cat", "犬", "crane (2)", "Ä b", "crane (4)")
    assert not any("numbers" in line for line in said)
    said.clear()
    convert(theirs, made.path, say=said.append)
    assert "5 classes, called by their numbers (reslab convert" in said[0]
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
    with pytest.raises(RunError, match=r"timm/resnet50\.a1_in1k; of hubs reslab fetches nothing: download"):
        convert("timm/resnet50.a1_in1k")
    (tmp_path / "empty" / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(RunError, match=r"model\.safetensors is torn"):
        convert(tmp_path / "empty")
    with pytest.raises(UsageError, match="resnet20-cifar10 is a trained net of reslab's own, and needs no converting"):
        convert("resnet20-cifar10")
    with pytest.raises(RunError, match=r"no file or folder resnet20-cifar; did you mean resnet20-cifar10\?$"):
        convert("resnet20-cifar")
    with pytest.raises(UsageError, match="did you mean 1x1"):
        convert(theirs, stride_in="1x11")
    with pytest.raises(UsageError, match="its blocks are no bottlenecks; leave --stride-in out"):
        convert(theirs, stride_in="1x1")


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
