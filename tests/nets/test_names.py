"""Names, the rule of depths, and what is refused."""

import re

import pytest
import torch

from reslab.errors import UsageError
from reslab.nets import MODELS, build, canonical, complexity, spec


@pytest.mark.parametrize("name", MODELS)
def test_depth_is_in_the_name(name):
    number = re.sub(r"[a-z]", "", name)
    assert spec(name).depth == int(number or {"alexnet": 8, "googlenet": 22, "maxout": 5, "nin": 9, "dsn": 9}[name])


def test_any_6n_plus_2_is_a_cifar_net():
    found = spec("resnet26")
    assert found.depths == (4, 4, 4) and found.stem == "cifar" and found.shortcut == "A"


def test_defaults_are_the_papers():
    assert spec("resnet20").shortcut == "A" and spec("resnet34").shortcut == "B"
    assert spec("plain34").shortcut is None
    assert spec("resnet50").stride_in == "1x1"


@pytest.mark.parametrize("name", ["resnet21", "resnet2", "plain7", "resnet19"])
def test_other_depths_are_told_the_rule(name):
    with pytest.raises(UsageError, match=r"6n\+2"):
        spec(name)


def test_neighbours_of_a_wrong_depth_are_cifar_nets():
    with pytest.raises(UsageError, match="such as resnet44 or resnet56"):
        spec("resnet51")


def test_nearest_name_is_offered():
    with pytest.raises(UsageError, match="resnet50"):
        spec("resent50")


def test_a_plain_net_has_no_shortcut():
    with pytest.raises(UsageError, match=r"plain20 is a plain net.*resnet20"):
        spec("plain20", shortcut="A")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shortcut": "D"}, "unknown shortcut 'D'"),
        ({"stride_in": "5x5"}, "unknown stride_in"),
        ({"size": 7}, "at least 8"),
        ({"classes": 0}, "at least one class"),
    ],
)
def test_values_outside_the_vocabulary_are_refused(change, message):
    with pytest.raises(UsageError, match=message):
        spec("resnet50", **change)


def test_stride_in_needs_a_bottleneck():
    with pytest.raises(UsageError, match="no bottleneck"):
        spec("resnet20", stride_in="3x3")


def test_spelling():
    assert canonical("ResNet-20") == "resnet20"
    assert canonical("VGG-16") == "vgg16" and canonical("GoogLeNet") == "googlenet"
    assert canonical("Highway_19") == "highway19" and canonical("PreAct-110") == "preact110"


@pytest.mark.parametrize(("wrong", "near"), [("vg16", "vgg16"), ("googlnet", "googlenet"), ("highway20", "highway")])
def test_nearest_historic_name_is_offered(wrong, near):
    with pytest.raises(UsageError, match=f"unknown model '{wrong}': did you mean .*{near}"):
        spec(wrong)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shortcut": "A"}, r"nin has no blocks of sec. 3.3, and so no shortcut \(A\)"),
        ({"stride_in": "3x3"}, "no stride_in"),
        ({"survival": 0.5}, "no survival"),
        ({"size": 7}, "too small for nin: at least 8"),
        ({"classes": 0}, "at least one class"),
    ],
)
def test_options_that_a_historic_net_does_not_have(options, message):
    with pytest.raises(UsageError, match=message):
        spec("nin", **options)


def test_smallest_images_of_the_imagenet_nets():
    for name, smallest in (("alexnet", 63), ("vgg16", 32), ("vgg19", 32), ("googlenet", 32)):
        with pytest.raises(UsageError, match=f"too small for {name}: at least {smallest} pixels"):
            spec(name, size=smallest - 1)
        with torch.device("meta"):
            net = build(spec(name, size=smallest))
        assert complexity(net, smallest).stages[-1].channels == 1000


@pytest.mark.parametrize(
    ("name", "block", "depths"),
    [
        ("preact20", "basic", (3, 3, 3)),
        ("preact110", "basic", (18, 18, 18)),
        ("preact164", "bottleneck", (18, 18, 18)),
        ("preact1001", "bottleneck", (111, 111, 111)),
        ("preact29", "bottleneck", (3, 3, 3)),
        ("preact200", "bottleneck", (3, 24, 36, 3)),
    ],
)
def test_pre_activation_nets(name, block, depths):
    found = spec(name)
    assert (found.block, found.depths, found.activation) == (block, depths, "pre")
    assert found.shortcut == ("A" if block == "basic" else "B") and found.depth == int(name.removeprefix("preact"))


def test_survival_is_of_nets_with_shortcuts():
    assert spec("resnet110", survival=0.5).survival == 0.5
    with pytest.raises(UsageError, match="plain net has no shortcuts"):
        spec("plain20", survival=0.5)
    with pytest.raises(UsageError, match=r"survival 0: .*\(0, 1\]"):
        spec("resnet20", survival=0)


@pytest.mark.parametrize("size", [8, 9, 31, 32, 33, 64, 224])
@pytest.mark.parametrize("name", ["resnet8", "resnet50"])
def test_smallest_map(name, size):
    found = spec(name, size=size)
    with torch.device("meta"):
        last = complexity(build(found), size).stages[-2]
    assert found.smallest_map == last.output
