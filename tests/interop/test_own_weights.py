"""The state_dict of a net of `create` is refused with the way to a classifier, and that way leads there."""

import re

import pytest
import safetensors.torch
import torch
from torch import nn

from reslab.errors import RunError
from reslab.interop import classifier, load
from reslab.nets import create

SETUPS = {
    "bare": (lambda net: net.state_dict(), "sd.pth"),
    "in DataParallel": (lambda net: nn.DataParallel(net).state_dict(), "sd.pth"),
    "averaged": (lambda net: torch.optim.swa_utils.AveragedModel(net).state_dict(), "sd.pth"),
    "within a checkpoint": (lambda net: {"epoch": 3, "state_dict": net.state_dict()}, "check.pt"),
    "both": (lambda net: {"model": nn.DataParallel(net).state_dict()}, "check.ckpt"),
    "safetensors": (lambda net: net.state_dict(), "sd.safetensors"),
}


@pytest.mark.parametrize("setup", SETUPS)
def test_the_way_that_is_named_leads_to_a_classifier(setup, tmp_path):
    held, name = SETUPS[setup]
    trained, file = create("resnet8", classes=2, size=8), tmp_path / name
    write = safetensors.torch.save_file if file.suffix == ".safetensors" else torch.save
    write(held(trained), file)
    with pytest.raises(RunError, match=r"a net of reslab\.create, without its name, classes") as caught:
        load(file)
    (way,) = re.findall(r"net\.load_state_dict\((.+)\); then reslab\.save", str(caught.value))
    net = create("resnet8", classes=2, size=8)
    net.load_state_dict(eval(way, {"torch": torch, "safetensors": safetensors}))
    assert all(torch.equal(value, trained.state_dict()[name]) for name, value in net.state_dict().items())
    assert classifier(net, ("cat", "dog"), mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2)).classes == ("cat", "dog")


@pytest.mark.parametrize("name", ["vgg16", "nin", "dsn", "maxout", "preact20", "plain8"])
def test_every_net_of_ours_is_known_by_its_names(name, tmp_path):
    weights = {at: torch.zeros(1) for at in create(name, classes=2, size=32).state_dict()}
    torch.save(weights, tmp_path / "sd.pth")
    with pytest.raises(RunError, match=r"a net of reslab\.create"):
        load(tmp_path / "sd.pth")


@pytest.mark.parametrize(
    "names",
    [
        ("stem.0.weight", "stages.0.0.weight"),
        ("stem.0.weight", "stage1.0.weight", "head.weight", "head.bias"),
        ("head.weight", "head.bias"),
        ("stage1.0.residual.0.weight", "head.2.weight"),  # as some nets without a stem may have it
    ],
)
def test_names_of_others_are_none_of_ours(names, tmp_path):
    torch.save({name: torch.zeros(1) for name in names}, tmp_path / "sd.pth")
    with pytest.raises(RunError, match="none of reslab's nets, nor named as"):
        load(tmp_path / "sd.pth")
