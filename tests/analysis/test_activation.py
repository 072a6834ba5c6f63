"""Class activation maps: their mean is the score, and a bright corner is found where it is."""

import numpy as np
import pytest
import torch
from torch import nn

from reslab.analysis import class_activation, scores
from reslab.data import Preprocessing
from reslab.errors import UsageError
from reslab.nets import spec
from reslab.store import Classifier, Identity
from tests.analysis.test_responses import classifier, noise


@pytest.mark.parametrize(("name", "side"), [("resnet8", 8), ("plain8", 8), ("preact20", 8)])
def test_the_mean_of_a_map_is_the_score(name, side):
    net, images = classifier(name), noise(3)
    found = class_activation(net, images, [4, 0, 9])
    assert found.shape == (3, side, side)
    assert found.mean((1, 2)) == pytest.approx(scores(net, images)[[0, 1, 2], [4, 0, 9]], rel=1e-4, abs=1e-5)


def test_what_is_seen_is_where_it_is():
    """A net whose only feature is brightness: class 1 is seen in the bright corner, class 0 elsewhere."""
    body = nn.Sequential()
    body.add_module("stem", nn.Conv2d(3, 1, 1, bias=False))
    body.add_module("head", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 2)))
    with torch.no_grad():
        body.stem.weight.fill_(1.0)
        body.head[2].weight.copy_(torch.tensor([[-1.0], [1.0]]))
    identity = Identity("mine", spec("resnet8", classes=2), ("dark", "bright"), "digits")
    net = Classifier(body, identity, Preprocessing(np.zeros((1, 1, 3), np.float32), 255.0, 8)).eval()
    image = np.zeros((1, 8, 8, 3), np.uint8)
    image[0, :2, 6:] = 255
    bright, dark = (class_activation(net, image, [place])[0] for place in (1, 0))
    assert np.unravel_index(bright.argmax(), bright.shape) in [(0, 6), (0, 7), (1, 6), (1, 7)]
    assert bright[:2, 6:].min() > bright[2:].max() and dark[:2, 6:].max() < dark[2:].min()


def test_nets_that_end_otherwise_are_refused():
    with pytest.raises(UsageError, match="global average pooling and one fully connected layer"):
        class_activation(classifier("nin"), noise(1), [0])
