"""A net layer by layer: what the drawings show is what the net computes."""

import re

import pytest
import torch
from torch import nn

from reslab.errors import UsageError
from reslab.nets import Block, Spec, blocks_of, build, complexity, create, layer_text, layers_of, spec


def on_shapes(found: Spec) -> nn.Sequential:
    with torch.device("meta"):
        return build(found)


@pytest.mark.parametrize("name", ["plain34", "resnet34", "resnet20", "resnet50", "resnet110"])
def test_as_many_weighted_layers_as_the_name_says(name):
    found = spec(name)
    layers = layers_of(on_shapes(found), found.size)
    assert sum(layer.kind != "pool" for layer in layers) == found.depth == int(re.sub(r"\D", "", name))


@pytest.mark.parametrize("option", ["A", "B", "C"])
def test_weights_and_multiply_adds_are_those_of_the_net(option):
    found = spec("resnet50", option)
    net = on_shapes(found)
    layers = layers_of(net, 224)
    shortcuts = sum(group[0].shortcut_weights for group in blocks_of(layers))
    convolutions = sum(m.weight.numel() for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear))
    assert sum(layer.weights for layer in layers) + shortcuts == convolutions
    plain = complexity(on_shapes(spec("plain50")), 224).macs
    assert sum(layer.macs for layer in layers) == plain  # whatever the shortcuts cost, they are beside


@pytest.mark.parametrize(("option", "projections"), [("A", 0), ("B", 3), ("C", 16)])
def test_the_sixteen_shortcuts_of_resnet34(option, projections):
    groups = [group for group in blocks_of(layers_of(on_shapes(spec("resnet34", option)), 224)) if group[0].block]
    assert len(groups) == 16 and all(len(group) == 2 for group in groups)
    assert sum(group[0].shortcut == "projection" for group in groups) == projections
    assert [place for place, group in enumerate(groups) if group[0].widens] == [3, 7, 13]


def test_a_bottleneck_net_widens_four_times():
    groups = list(blocks_of(layers_of(on_shapes(spec("resnet50")), 224)))
    assert sum(group[0].widens for group in groups) == 4


def test_plain_nets_have_blocks_without_shortcuts():
    layers = layers_of(on_shapes(spec("plain20")), 32)
    assert {layer.shortcut for layer in layers} == {None} and not any(layer.widens for layer in layers)
    assert [layer.output for layer in layers if layer.kind == "conv"] == [32] * 7 + [16] * 6 + [8] * 6


def test_words_are_those_of_figure_3():
    texts = [layer.text for layer in layers_of(on_shapes(spec("resnet34")), 224)]
    assert texts[:3] == ["7x7 conv, 64, /2", "pool, /2", "3x3 conv, 64"] and texts[-2:] == ["avg pool", "fc 1000"]
    assert layer_text(nn.AvgPool2d(2, 2)) == "avg pool, /2"


def test_any_net_of_stem_stages_and_head_can_be_read():
    net = nn.Sequential()
    net.add_module("stem", nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)))
    net.add_module("stage1", nn.Sequential(Block(nn.Conv2d(4, 4, 1), nn.Identity())))
    net.add_module("head", nn.Sequential(nn.Flatten(), nn.Linear(4 * 64, 5), nn.ReLU(), nn.Linear(5, 2)))
    layers = layers_of(net, 16)
    assert [layer.text for layer in layers] == ["3x3 conv, 4", "pool, /2", "1x1 conv, 4", "fc 5", "fc 2"]
    assert [layer.shortcut for layer in layers] == [None, None, "identity", None, None]
    assert [layer.output for layer in layers] == [16, 8, 8, 1, 1]


@pytest.mark.parametrize("name", ["alexnet", "googlenet", "maxout", "highway19", "highway32"])
def test_nets_of_the_comparison_are_whole(name):
    found = spec(name)
    net = on_shapes(found)
    layers, cost = layers_of(net, found.size), complexity(net, found.size)
    assert sum(layer.macs for layer in layers) == cost.macs
    gated = [layer for layer in layers if layer.shortcut == "gate"]
    assert len(gated) == {"highway19": 14, "highway32": 27}.get(name, 0)
    assert sum(layer.kind == "inception" for layer in layers) == (9 if name == "googlenet" else 0)
    assert [layer.text for layer in layers].count("LRN") == (2 if name in ("alexnet", "googlenet") else 0)


def test_layers_that_are_no_chain_are_refused_by_name():
    class Beside(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.other = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)

        def forward(self, x):
            return self.one(x) + self.other(x)

    with pytest.raises(UsageError, match="Beside"):
        layers_of(nn.Sequential(Beside()), 16)


def test_reading_a_net_changes_nothing():
    net = create("resnet20")
    before = {name: value.clone() for name, value in net.state_dict().items()}
    layers_of(net, 32)
    assert net.training and all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert not any(module._forward_hooks for module in net.modules())
