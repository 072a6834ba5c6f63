"""Of what the files say and what the user says one answer: what is missing is assumed, what contradicts is refused."""

from dataclasses import replace

import pytest

from reslab.data.cifar_official import CIFAR10
from reslab.errors import UsageError
from reslab.interop.asked import Asked
from reslab.interop.layouts import AKAMASTER, HUGGING_FACE, TORCHVISION
from reslab.interop.said import view_options
from reslab.interop.settled import assumed, colours_of, data_of, distinct, named, names_of, stride_of, view_of
from reslab.interop.strange_nets import variant
from reslab.interop.told import Told, View
from reslab.interop.usual import IMAGENET
from reslab.interop.within import Within
from reslab.nets import spec
from reslab.store import UNTOLD, Origin
from tests.interop.classifiers import described

GREY = (0.5, 0.5, 0.5)
MEAN, STD = IMAGENET.mean, IMAGENET.std
BASIC, DEEP = spec("resnet18"), spec("resnet50", stride_in="3x3")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"size": 7}, "--size 7: a net needs images of at least 8 pixels"),
        ({"size": 4096}, "--size 4096: images of 2,048 pixels at most"),
        ({"mean": (0.5, 0.5)}, "--mean 0.5,0.5: three numbers from 0 to 1, for red, green and blue"),
        ({"mean": (0.5, 0.5, -0.1)}, "--mean 0.5,0.5,-0.1: three numbers from 0 to 1"),
        ({"std": (0.5, float("nan"), 0.5)}, "--std 0.5,nan,0.5: three numbers"),
        ({"std": (0.5, 0.0, 0.5)}, "--std 0.5,0,0.5: nothing can be divided by 0"),
        ({"mean": (123.675, 116.28, 103.53)}, "pixels from 0 to 255; .* it is --mean 0.485,0.456,0.406$"),
        (
            {"mean": (123.675, 116.28, 103.53), "std": (1.0, 1.0, 1.0)},
            "^--mean 123.7,116.3,103.5 --std 1,1,1 is of pixels .* --std 0.003922,0.003922,0.003922$",
        ),
        ({"mean": (0.0, 0.0, 0.0), "std": (255.0, 255.0, 255.0)}, "^--std 255,255,255 is of .* it is --std 1,1,1$"),
        ({"stride_in": "3x1"}, "unknown stride of a bottleneck '3x1': did you mean"),
    ],
)
def test_what_no_file_can_be_meant_by(asked, message):
    with pytest.raises(UsageError, match=message):
        Asked(**asked)


def test_nothing_subtracted_and_nothing_divided_by_can_be_asked_for():
    assert colours_of(Told(), Asked(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))) == ((0.0,) * 3, (1.0,) * 3)


def test_what_is_told_goes_before_what_is_assumed_and_what_is_asked_must_be_the_same():
    told = Told(view=View(224, 235), larger=View(288, 288), mean=GREY)
    assert view_of(Told(), Asked(), TORCHVISION) == View(224) and view_of(Told(), Asked(), AKAMASTER) == View(32)
    assert view_of(Told(), Asked(size=96), HUGGING_FACE) == View(96)
    assert view_of(told, Asked(), TORCHVISION) == view_of(told, Asked(size=224), TORCHVISION) == told.view
    assert view_of(told, Asked(size=288), TORCHVISION) == told.larger
    with pytest.raises(UsageError, match="--size 256: its images have 224 or 288 pixels a side, as is written beside"):
        view_of(told, Asked(size=256), TORCHVISION)
    assert colours_of(Told(), Asked()) == (MEAN, STD) and colours_of(Told(), Asked(std=GREY)) == (MEAN, GREY)
    assert colours_of(told, Asked(mean=(0.5, 0.5, 0.5004))) == (GREY, STD), "as people write it"
    with pytest.raises(UsageError, match=r"--mean 0\.4,0\.5,0\.5: 0\.5,0\.5,0\.5 is written beside its weights; leave"):
        colours_of(told, Asked(mean=(0.4, 0.5, 0.5)))
    with pytest.raises(UsageError, match=r"--std 0\.4,0\.5,0\.5: 0\.5,0\.5,0\.5 is written beside its weights; leave"):
        colours_of(Told(std=GREY), Asked(std=(0.4, 0.5, 0.5)))


def test_strides_and_names():
    assert stride_of(Told(), Asked(), BASIC) is None and stride_of(Told(), Asked(), DEEP) == "3x3"
    assert stride_of(Told(stride_in="1x1"), Asked(), DEEP) == stride_of(Told(), Asked(stride_in="1x1"), DEEP) == "1x1"
    with pytest.raises(UsageError, match="--stride-in 3x3: the stride of its bottlenecks is on the 1x1"):
        stride_of(Told(stride_in="1x1"), Asked(stride_in="3x3"), DEEP)
    assert names_of(Told(classes=("a", "b")), Asked(classes=("cat", "dog")), 2) == ("cat", "dog")
    with pytest.raises(UsageError, match="it has 3 classes, and what is beside its weights names 2"):
        names_of(Told(classes=("a", "b")), Asked(), 3)


def test_whoever_is_nearest_to_the_weights_names_the_classes():
    """The user, config.json, the file itself, and at last what its program trains on."""
    within, usual = Within("classes", tuple("0123456789")), replace(IMAGENET, trained_on=CIFAR10)
    known = {"within": within, "usual": usual}
    assert names_of(Told(classes=tuple("abcdefghij"), **known), Asked(), 10) == tuple("abcdefghij")
    assert names_of(Told(**known), Asked(), 10) == within.classes and named(Told(**known), Asked())
    assert names_of(Told(usual=usual), Asked(), 10) == CIFAR10.classes and named(Told(usual=usual), Asked())
    assert names_of(Told(), Asked(), 2) == ("0", "1") and not named(Told(), Asked())
    assert data_of(Told(usual=usual), CIFAR10.classes) == ("cifar10", "50k")
    assert data_of(Told(usual=usual), within.classes) == (UNTOLD, None)
    assert data_of(Told(usual=usual, data="pets"), CIFAR10.classes) == ("pets", None)


def test_names_that_occur_twice_are_told_apart():
    assert distinct(("crane", "dog", "crane", "crane")) == ("crane (0)", "dog", "crane (2)", "crane (3)")
    assert distinct(("crane", "crane", "crane (1)")) == ("crane (0)", "crane (1) (1)", "crane (1)")


def test_only_what_nobody_says_is_assumed():
    told = Told(named=True, view=View(224), mean=GREY, std=GREY, stride_in="3x3")
    assert assumed(told, Asked(), TORCHVISION, DEEP) == ""
    asked = Asked(size=96, mean=GREY, stride_in="1x1")
    assert assumed(Told(named=True), asked, TORCHVISION, DEEP) == "assumed: ImageNet's std"
    assert assumed(Told(), Asked(), TORCHVISION, DEEP).endswith(
        "assumed: 224 px, ImageNet's mean and std, the stride of bottlenecks on the 3x3"
    )


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("", "resnetaa50_a1h-4cf422b3.pth", "weights"), "resnetaa50, a net that averages"),
        (("", "net.pth", "ResNetBlur50.BT_in1k"), "resnetblur50, a net that blurs"),
        (("resnetblur50", "resnet50.pth", ""), "resnetblur50"),
        (("", "seresnetaa50d.pth", ""), "resnetaa50d"),
        (("", "resnet101-caffe.pth", ""), "resnet101-caffe, a net that takes blue before green and red"),
        (("resnet50", "resnetblur50.pth", ""), ""),
        (("", "resnet50_a1_0-14fe96d1.pth", "resnetaa50"), ""),
        (("", "tv_resnet34.pth", ""), ""),
        (("", "net.pth", "aa50"), ""),
    ],
)
def test_variants_are_known_by_name(names, found):
    assert variant(names).startswith(found) and bool(variant(names)) == bool(found)


@pytest.mark.parametrize(
    ("name", "scale", "options"),
    [
        ("resnet18", None, "--views centre"),
        ("resnet18", 256, "--views centre"),
        ("resnet18", 235, "--views centre --scales 235"),
        ("resnet18", 224, ""),
        ("resnet20", None, ""),
    ],
)
def test_how_to_look_at_images_as_its_program_does(name, scale, options):
    net = described(name)
    net.identity = replace(net.identity, origin=Origin("net.pth", "", "timm", scale))
    assert view_options(net) == options
