"""Names, the rule of depths, and what is refused."""

import pytest
import torch

from reslab.errors import UsageError
from reslab.nets import MODELS, build, canonical, complexity, spec


@pytest.mark.parametrize("name", MODELS)
def test_depth_is_in_the_name(name):
    assert spec(name).depth == int(name.removeprefix("resnet").removeprefix("plain"))


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


@pytest.mark.parametrize("size", [8, 9, 31, 32, 33, 64, 224])
@pytest.mark.parametrize("name", ["resnet8", "resnet50"])
def test_smallest_map(name, size):
    found = spec(name, size=size)
    with torch.device("meta"):
        last = complexity(build(found), size).stages[-2]
    assert found.smallest_map == last.output
