"""A temperature folded into a net: its scores are divided by it, whatever the file is for."""

from dataclasses import replace

import pytest
import torch

from reslab.errors import UsageError
from reslab.evaluation.recorded import inside
from reslab.interop import export, load
from reslab.interop.tempered import tempered
from reslab.interop.torch_program import read_program
from reslab.interop.torchvision_weights import read_torchvision
from tests.interop.classifiers import classifier, noise


def test_scores_are_divided_and_the_net_is_a_copy():
    net, pixels = classifier("resnet8", 8), noise(5, 8)
    before = net(pixels)
    found = tempered(net, 2.5)
    assert torch.allclose(found(pixels) * 2.5, before, atol=1e-5) and torch.equal(net(pixels), before)
    assert tempered(net, 1.0) is net
    assert (net.identity.temperature, found.identity.temperature) == (1, 2.5)
    assert tempered(found, 2.0).identity.temperature == 5
    assert torch.allclose(tempered(classifier("resnet8", 8).requires_grad_(), 2.5)(pixels), found(pixels))


def test_in_weights_for_other_programs(tmp_path):
    net, pixels = classifier("resnet18", 16), noise(3, 16)
    found = export(net, "torchvision", tmp_path / "net.safetensors", temperature=1.7)
    run, _ = read_torchvision(found.path.read_bytes())
    assert run(pixels) == pytest.approx(net(pixels).numpy() / 1.7, abs=1e-4)
    assert found.temperature == found.to_dict()["temperature"] == 1.7
    assert found.agreement.largest_difference <= 1e-4


@pytest.mark.parametrize("to", ["torchvision", "timm"])
def test_weights_for_other_programs_say_it_when_they_are_read_back(to, tmp_path):
    net = classifier("resnet18", 16)
    net.identity = replace(net.identity, before=("photos", "more photos"))
    out = tmp_path / ("net.safetensors" if to == "torchvision" else "folder")
    again = load(export(net, to, out, temperature=2.5).path)
    assert (again.identity.temperature, again.identity.before) == (2.5, ("photos", "more photos"))
    assert inside(again) == f"{out} is calibrated already, at temperature 2.500 inside it"
    plain = load(export(classifier("resnet18", 16), to, out).path)
    assert (plain.identity.temperature, plain.identity.before) == (1, ())


def test_in_a_program_the_probabilities_are_at_it(tmp_path):
    net, pixels = classifier("resnet8", 8), noise(3, 8)
    found = export(net, "torch-export", tmp_path / "net.pt2", temperature=3.0)
    run, _ = read_program(found.path.read_bytes())
    assert run(pixels) == pytest.approx((net(pixels) / 3).softmax(dim=1).numpy(), abs=1e-5)
    assert export(net, "torch-export", tmp_path / "net.pt2").temperature == 1


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_no_temperature(temperature, tmp_path):
    with pytest.raises(UsageError, match="a number above 0 is needed"):
        export(classifier("resnet8", 8), "torch-export", tmp_path / "net.pt2", temperature=temperature)
    assert not list(tmp_path.iterdir())


def test_a_net_without_a_last_fully_connected_layer():
    with pytest.raises(UsageError, match="the last fully connected layer, and nin ends in none"):
        tempered(classifier("nin"), 2.0)
