"""Features: what the last fully connected layer sees, in every family of nets that has one."""

import pytest
import torch
from torch import nn

from reslab.errors import UsageError
from reslab.nets import create, features, last_layer


@pytest.mark.parametrize(
    ("name", "size", "count"),
    [
        ("resnet8", 32, 64),
        ("plain8", 24, 64),
        ("preact20", 32, 64),
        ("resnet18", 64, 512),
        ("googlenet", 32, 1024),
        ("highway19", 32, 100),
        ("maxout", 32, 500),
        ("fitnet19", 32, 500),
    ],
)
def test_the_last_layer_makes_the_scores_of_them(name, size, count):
    torch.manual_seed(0)
    net = create(name, classes=7, size=size).requires_grad_(False).eval()
    images = torch.randn(2, 3, size, size)
    found = features(net, images)
    assert found.shape == (2, count) and found.std() > 0
    assert torch.equal(last_layer(net)(found), net(images))


def test_in_residual_nets_they_are_the_pooled_last_map():
    torch.manual_seed(0)
    net = create("resnet8").requires_grad_(False).eval()
    images = torch.randn(2, 3, 40, 32)
    assert torch.allclose(features(net, images), net[:-1](images).mean(dim=(2, 3)), atol=1e-6)


@pytest.mark.parametrize("name", ["nin", "dsn"])
def test_nets_that_pool_their_scores_have_none(name):
    with pytest.raises(UsageError, match="this net ends in none"):
        features(create(name, classes=7).eval(), torch.zeros(1, 3, 32, 32))


def test_a_net_without_a_head_has_none():
    with pytest.raises(UsageError, match="features are what the last fully connected layer sees"):
        features(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), torch.zeros(1, 3, 2, 2))
