"""Model files that one writes oneself: what they replace, and what they never do."""

import pytest
import torch
from torch import nn

from reslab.errors import UsageError
from reslab.store import MODEL_FILE, load, save
from tests.store.test_classifier import loaded, some


def test_saved_and_loaded(tmp_path):
    model = loaded(tmp_path)
    with torch.no_grad():
        model.net.head[-1].bias += 1
    file = save(model, tmp_path / "new" / "mine.safetensors")
    assert torch.equal(load(file)(some(3)), model(some(3)))
    assert load(file).identity == model.identity


def test_a_model_file_is_replaced(tmp_path):
    model = loaded(tmp_path)
    file = save(model, tmp_path / "mine.safetensors")
    before = file.read_bytes()
    assert save(model, file).read_bytes() == before  # the same model, the same bytes
    with torch.no_grad():
        model.net.head[-1].bias += 1
    assert save(model, str(file)).read_bytes() != before


def test_what_is_kept(tmp_path):
    model = loaded(tmp_path)
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"mine")
    run = tmp_path / "run"
    run.mkdir()
    (run / "recipe.toml").touch()
    (tmp_path / "folder.safetensors").mkdir()
    for place, message in (
        (other, "no model file of reslab's; name another file"),
        (run / MODEL_FILE, "is a run, whose files are its own"),
        (tmp_path / "folder.safetensors", "is a folder"),
        (tmp_path / "model.pt", "end in .safetensors"),
    ):
        with pytest.raises(UsageError, match=message):
            save(model, place)
    assert other.read_bytes() == b"mine"
    with pytest.raises(UsageError, match=r"a Sequential is no classifier: .* reslab.classifier\(net, ...\) makes one"):
        save(model.net, tmp_path / "x.safetensors")


def test_a_net_that_nobody_could_load_again(tmp_path):
    model = loaded(tmp_path)
    file = save(model, tmp_path / "mine.safetensors")
    before = file.read_bytes()
    model.net.head[-1] = nn.Linear(64, 7)
    with pytest.raises(UsageError, match=r"its head.2.weight is not that of resnet8 with 3 classes: a layer"):
        save(model, file)
    assert file.read_bytes() == before
