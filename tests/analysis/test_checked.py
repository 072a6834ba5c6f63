"""What analyses are given in place of a classifier, images and labels is refused by name, with the way out."""

import numpy as np
import pytest
import torch
from torch import nn

from reslab.analysis import (
    Extent,
    Sample,
    blocks_in,
    class_activation,
    deepened,
    gradients,
    landscape,
    lesions,
    responses,
    sample_of,
    scores,
    untrained,
)
from reslab.data import load_dataset
from reslab.errors import UsageError
from reslab.nets import create
from tests.analysis.test_responses import classifier, noise

NET, IMAGES, LABELS = classifier("resnet8", 8), noise(4, 8), np.arange(4)
FIRST_LINE = Extent(1, 1)
OF_IMAGES = {"responses": responses, "scores": scores}
OF_LABELS = {
    "gradients": gradients,
    "lesions": lesions,
    "landscape": lambda *asked: landscape(*asked, FIRST_LINE),
    "class_activation": class_activation,
}
OF_A_NET = {"blocks_in": blocks_in, "untrained": untrained, "deepened": lambda net: deepened(net, 14)}
ALL = {
    **OF_A_NET,
    **{name: lambda net, f=function: f(net, IMAGES) for name, function in OF_IMAGES.items()},
    **{name: lambda net, f=function: f(net, IMAGES, LABELS) for name, function in OF_LABELS.items()},
}


@pytest.mark.parametrize("name", ALL)
def test_what_is_no_classifier_is_refused_with_the_way_to_one(name):
    with pytest.raises(UsageError, match=r"into a classifier, not into 'resnet56-cifar10': reslab\.load opens"):
        ALL[name]("resnet56-cifar10")
    with pytest.raises(UsageError, match=r"not into a Network: reslab\.classifier\(net, classes, mean="):
        ALL[name](create("resnet8", size=8))


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (IMAGES / np.float32(255), "uint8 RGB images .* not float32 of shape"),
        (IMAGES.transpose(0, 3, 1, 2), r"not uint8 of shape \(4, 3, 8, 8\)"),
        (IMAGES[0], r"not uint8 of shape \(8, 8, 3\)"),
        ("photos", r"images are uint8 RGB \(N, H, W, 3\), .* not 'photos'"),
        (None, "not None"),
        (Sample(IMAGES, "noise", LABELS), r"images are a Sample: give its \.pixels"),
    ],
)
def test_what_are_no_images_is_refused(images, words):
    for function in OF_IMAGES.values():
        with pytest.raises(UsageError, match=words):
            function(NET, images)
    for function in OF_LABELS.values():
        with pytest.raises(UsageError, match=words):
            function(NET, images, LABELS)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (LABELS[:3], r"one for each of the 4 images, not of shape \(3,\)"),
        (LABELS[:, None], r"one for each of the 4 images, not of shape \(4, 1\)"),
        (LABELS / 2, "whole numbers, places in classifier.classes, not float64"),
        (np.array([0, 1, 2, 10]), "have 10: resnet8 has classes 0 to 9"),
        (np.array([0, -1, 2, 3]), "have -1: resnet8 has classes 0 to 9"),
        (["3", "1", "2", "0"], "places in classifier.classes: 3 is 3"),
        (["cat"] * 4, "unknown class 'cat'"),
        ([[1], [2, 3]], "one whole number for each image, not lists"),
        (None, "are None: these photographs have none"),
    ],
)
def test_what_are_no_labels_is_refused(labels, words):
    for function in OF_LABELS.values():
        with pytest.raises(UsageError, match=words):
            function(NET, IMAGES, labels)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("wrap", [torch.compile, nn.DataParallel])
def test_a_wrapped_classifier_is_the_one_within(wrap):
    for name in ("responses", "scores", "gradients", "class_activation"):
        assert np.array_equal(ALL[name](wrap(NET)), ALL[name](NET))
    assert lesions(wrap(NET), IMAGES, LABELS) == lesions(NET, IMAGES, LABELS)
    assert landscape(wrap(NET), IMAGES, LABELS, FIRST_LINE) == landscape(NET, IMAGES, LABELS, FIRST_LINE)
    assert blocks_in(wrap(NET)) == blocks_in(NET)
    assert untrained(wrap(NET)).digest() == untrained(NET).digest()
    assert deepened(wrap(NET), 14).identity == deepened(NET, 14).identity


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_wrapped_net_is_refused_with_the_way_of_the_one_within():
    with pytest.raises(UsageError, match=r"not into an OptimizedModule: reslab\.classifier\(net, classes, mean="):
        responses(torch.compile(create("resnet8", size=8)), IMAGES)


def test_labels_with_a_gradient_are_refused_for_what_they_are():
    with pytest.raises(UsageError, match=r"whole numbers, places in classifier\.classes, not float32"):
        gradients(NET, IMAGES, torch.arange(4.0, requires_grad=True))


def test_tensors_and_lists_are_as_good_as_arrays():
    assert responses(NET, torch.from_numpy(IMAGES)) == responses(NET, list(IMAGES)) == responses(NET, IMAGES)
    assert gradients(NET, IMAGES, torch.from_numpy(LABELS)) == gradients(NET, IMAGES, list(range(4)))
    assert (class_activation(NET, IMAGES, (0, 1, 2, 3)) == class_activation(NET, IMAGES, LABELS)).all()


def test_samples_are_of_a_data_set_and_more_than_none():
    with pytest.raises(UsageError, match=r"a data set, as reslab\.data\.load_dataset\('digits'\), not 'digits'"):
        sample_of("digits")
    with pytest.raises(UsageError, match="count=0: look with at least 1 image"):
        sample_of(load_dataset("digits"), count=0)
