"""The fully-convolutional form: the net itself at its own size, its windows averaged on larger images."""

import pytest
import torch
from torch import nn

from reslab.errors import UsageError
from reslab.nets import convolutional, create, spec


@pytest.fixture
def net() -> nn.Sequential:
    torch.manual_seed(0)
    return create("resnet8", classes=4).requires_grad_(False).eval()


def test_at_the_training_size_it_is_the_net(net):
    images = torch.randn(3, 3, 32, 32)
    dense = convolutional(net, spec("resnet8").smallest_map)
    assert dense.state_dict().keys() == net.state_dict().keys()
    assert dense(images) == pytest.approx(net(images), abs=1e-5)


@pytest.mark.parametrize(("height", "width"), [(40, 32), (48, 56), (33, 70)])
def test_on_larger_images_the_scores_of_all_windows_are_averaged(net, height, width):
    images = torch.randn(2, 3, height, width)
    maps = net[:-1](images)
    rows, columns = maps.shape[2] - 7, maps.shape[3] - 7
    windows = [net[-1](maps[:, :, y : y + 8, x : x + 8]) for y in range(rows) for x in range(columns)]
    assert len(windows) > 1
    expected = torch.stack(windows).mean(dim=0)
    found = convolutional(net, 8)(images)
    assert found == pytest.approx(expected, abs=1e-5)
    # Not the same as one average over the whole map, which gives edges as much weight as the middle.
    assert abs(found - net(images)).max() > 1e-4


def test_a_map_smaller_than_a_window_is_one_window(net):
    images = torch.randn(2, 3, 16, 24)
    assert convolutional(net, 8)(images) == pytest.approx(net(images), abs=1e-5)


def test_other_heads_are_refused():
    other = nn.Sequential()
    other.add_module("stem", nn.Conv2d(3, 4, 3))
    other.add_module("head", nn.Sequential(nn.Flatten(), nn.Linear(4, 2)))
    with pytest.raises(UsageError, match=r"global average pooling .* --views 10 works"):
        convolutional(other, 7)
