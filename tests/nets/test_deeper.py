"""Deeper nets that do nothing more: the same function, and refusals where there is none."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from reslab.errors import UsageError
from reslab.nets import build, deeper, spec


def trained(name: str, **fields) -> tuple[nn.Module, object]:
    """Random weights, batch-norm terms and statistics, as training leaves them."""
    torch.manual_seed(1)
    found = replace(spec(name), **fields)
    net = build(found)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.5, 0.5)
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 1.5)
    return net.eval(), found


@pytest.mark.parametrize(
    ("name", "layers", "fields"),
    [
        ("plain8", "plain20", {}),
        ("resnet8", "resnet14", {}),
        ("resnet8", "resnet14", {"shortcut": "C"}),
        ("plain18", "plain34", {"size": 32}),
        ("resnet50", "resnet101", {"size": 32}),
    ],
)
def test_the_deeper_net_is_the_same_function(name, layers, fields):
    net, shallow = trained(name, **fields)
    deep = replace(spec(layers), **fields)
    made = deeper(net, shallow, deep)
    assert made.state_dict().keys() == build(deep).state_dict().keys()
    images = torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(made(images), net(images), rtol=1e-5, atol=1e-5)
        assert not torch.allclose(build(deep).eval()(images), net(images), rtol=1e-2, atol=1e-2), "not by itself"


@pytest.mark.parametrize(
    ("shallow", "deep", "words"),
    [
        (spec("plain20"), spec("plain20"), "not more than 20"),
        (spec("plain20"), spec("plain14"), "not more than 20"),
        (spec("plain20"), spec("resnet56"), "shortcut"),
        (spec("resnet20"), spec("resnet56", "B"), "shortcut"),
        (replace(spec("resnet20"), survival=0.5), spec("resnet56"), "survival"),
        (spec("preact20"), spec("preact56"), "pre-activation"),
        (spec("plain50"), replace(spec("plain50"), depths=(3, 4, 7, 3)), "narrower"),
    ],
)
def test_what_is_no_deeper_net_of_the_kind_is_refused(shallow, deep, words):
    with pytest.raises(UsageError, match=words):
        deeper(nn.Identity(), shallow, deep)
