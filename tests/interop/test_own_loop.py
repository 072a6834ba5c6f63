"""A net that was trained in a loop of one's own becomes a classifier of the same scores."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import reslab
from reslab.data import Contrast, Preprocessing
from reslab.nets import digest_of, name_of
from reslab.store import UNTOLD

SIZE = 16
CLASSES = ("cat", "dog", "owl")
MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.35)
PREPARED = Preprocessing(np.full((1, 1, 3), 120, np.float32), 60.0, SIZE)
OF_ONE_CONTRAST = replace(PREPARED, contrast=Contrast(np.zeros((1, 1, 3), np.float32)))


def trained(name: str = "resnet8", size: int = SIZE, **more) -> nn.Sequential:
    """A net as a loop leaves it: statistics that tell layers apart."""
    torch.manual_seed(0)
    net = reslab.create(name, classes=3, size=size, **more)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return net


def pixels(size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (4, size, size, 3)).astype(np.uint8)


def normalised(images: np.ndarray) -> torch.Tensor:
    """As torchvision's ToTensor and Normalize do it."""
    scaled = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    return (scaled - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def own(channels_in, width, stride, stride_in):
    return nn.Sequential(nn.Conv2d(channels_in, width, 5, stride, 2, bias=False), nn.BatchNorm2d(width))


@pytest.mark.parametrize("name", ["resnet8", "plain8", "preact20", "nin", "maxout", "highway19"])
def test_the_same_scores(name):
    net = trained(name)
    model = reslab.classifier(net, CLASSES, mean=MEAN, std=STD)
    with torch.no_grad():
        expected = net.eval()(normalised(pixels()))
    torch.testing.assert_close(model(pixels()), expected, atol=1e-4, rtol=1e-4)
    assert (model.identity.model, model.classes, model.size, model.identity.data) == (name, CLASSES, SIZE, UNTOLD)


def test_the_net_may_be_trained_on():
    net = trained()
    before = net.stem[0].weight.clone()
    model = reslab.classifier(net, CLASSES, mean=MEAN, std=STD)
    scores = model(pixels())
    with torch.no_grad():
        net.stem[0].weight.zero_()
    assert torch.equal(model(pixels()), scores)
    assert not torch.equal(before, model.net.stem[0].weight)  # it has the colours' deviations
    assert net.training and net.head[-1].weight.requires_grad


def test_a_head_of_ones_own_and_another_size():
    net = trained()
    net.head[-1] = nn.Linear(64, 2)
    model = reslab.classifier(net, CLASSES[:2], mean=MEAN, std=STD, size=24)
    assert (model.classes, model.size, model.identity.spec.classes) == (CLASSES[:2], 24, 2)


class Compiled(nn.Module):
    """Where torch.compile keeps the net: to compile one takes too long here."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self._orig_mod = net


def test_what_is_wrapped_around_it():
    averaged = torch.optim.swa_utils.AveragedModel(trained())
    for wrapped in (averaged, Compiled(trained()), Compiled(averaged)):
        assert reslab.classifier(wrapped, CLASSES, mean=MEAN, std=STD).identity.model == "resnet8"


def test_weights_in_half_precision():
    model = reslab.classifier(trained().bfloat16(), CLASSES, mean=MEAN, std=STD)
    assert model(pixels()).dtype == torch.float32


def test_a_residual_function_of_ones_own(tmp_path):
    net = trained(residual=own)
    with pytest.raises(reslab.UsageError, match="that it was created with"):
        reslab.classifier(net, CLASSES, mean=MEAN, std=STD)
    model = reslab.classifier(net, CLASSES, mean=MEAN, std=STD, residual=own)
    file = reslab.save(model, tmp_path / "own.safetensors")
    assert model.identity.residual == name_of(own)
    assert torch.equal(reslab.load(file, residual=own)(pixels()), model(pixels()))
    assert reslab.load(file, residual=own).identity.residual_digest == digest_of(own), "a file knows that it was edited"


def test_images_that_were_prepared_as_another_classifiers():
    net, mean_image = trained(), np.random.default_rng(1).uniform(90, 150, (SIZE, SIZE, 3)).astype(np.float32)
    prepared = Preprocessing(mean_image, 60.0, SIZE)
    model = reslab.classifier(net, CLASSES, preprocessing=prepared)
    with torch.no_grad():
        expected = net.eval()(torch.from_numpy((pixels() - mean_image) / np.float32(60)).permute(0, 3, 1, 2))
    torch.testing.assert_close(model(pixels()), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("std", [STD, (0.25, 0.25, 0.25)])
def test_images_that_were_prepared_by_a_deviation_for_each_colour(std, tmp_path):
    net = trained()
    first = reslab.classifier(net, CLASSES, mean=MEAN, std=std)
    opened = reslab.load(reslab.save(first, tmp_path / "first.safetensors"))
    for prepared in (first.preprocessing, opened.preprocessing):
        second = reslab.classifier(net, CLASSES, preprocessing=prepared)
        torch.testing.assert_close(second(pixels()), first(pixels()), atol=0, rtol=0)
        images = (pixels() - prepared.mean) / np.float32(prepared.deviations or prepared.std)
        with torch.no_grad():
            expected = net.eval()(torch.from_numpy(images).permute(0, 3, 1, 2))
        torch.testing.assert_close(second(pixels()), expected, atol=1e-4, rtol=1e-4)


def test_a_net_that_goes_on_from_such_a_classifier_has_one_deviation(tmp_path):
    """Its first convolution is trained, or kept, on images that are divided by one number."""
    net = reslab.create("resnet8", classes=10, size=8)
    first = reslab.save(reslab.classifier(net, tuple("0123456789"), mean=MEAN, std=STD), tmp_path / "first.safetensors")
    result = reslab.train("digits", tmp_path / "run", start=first, freeze="body", steps=1, quiet=True)
    ours, theirs = reslab.load(result["run"]).preprocessing, reslab.load(first).preprocessing
    assert theirs.deviations and (ours.std, ours.deviations) == (theirs.std, None)


def test_it_is_tested_on_its_own_data(tmp_path):
    net = reslab.create("resnet8", classes=10, size=8)
    names = tuple("0123456789")
    model = reslab.classifier(net, names, mean=MEAN, std=STD, data="digits")
    file = reslab.save(model, tmp_path / "mine.safetensors")
    found = reslab.evaluate(file)
    assert (found.data, found.split, found.images) == ("digits", "test", 360)
    assert found.top1_error == reslab.evaluate(model).top1_error
    untold = reslab.classifier(net, names, mean=MEAN, std=STD)
    with pytest.raises(reslab.UsageError, match="name a data set"):
        reslab.evaluate(untold)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"net": nn.Linear(2, 2)}, "a Linear is no net of reslab.create"),
        ({"net": trained()[:-1]}, "part of a net"),
        ({"classes": ("cat", "dog")}, "this net gives 3 scores, and 2 classes are named: name one for each score"),
        ({"classes": "cat"}, "classes='cat': that takes the names"),
        ({"classes": ()}, "that takes the names"),
        ({"classes": ("cat", "dog", "cat")}, "two are called cat"),
        ({"mean": (0.5, 0.5)}, r"mean=\(0.5, 0.5\): that takes three numbers"),
        ({"mean": (125.3, 123.0, 113.9)}, "divide by 255"),
        ({"mean": 0.5}, "mean=0.5: that takes three numbers"),
        ({"mean": None}, "mean=... and std=..., or preprocessing=... alone"),
        ({"preprocessing": PREPARED}, "mean=... and std=..., or preprocessing=... alone"),
        ({"preprocessing": (0.5, 0.2)}, r"preprocessing=\(0.5, 0.2\): that takes a Preprocessing"),
        ({"preprocessing": PREPARED, "mean": None, "std": None, "size": 24}, "of images of 16 pixels, and size=24"),
        ({"preprocessing": OF_ONE_CONTRAST, "mean": None, "std": None}, "normalises the contrast of images"),
        ({"std": (0.2, 0, 0.2)}, "three numbers greater than 0"),
        ({"std": (0.2, float("nan"), 0.2)}, "three numbers greater than 0"),
        ({"data": "cifar"}, "unknown data set 'cifar': did you mean cifar10"),
        ({"split": "45k/5k"}, "of which data"),
        ({"data": "digits", "split": "45k/5k"}, "digits have none"),
        ({"data": "cifar10", "split": "45k"}, "unknown split of cifar10 '45k'"),
        ({"size": "16"}, "size='16': that takes a whole number"),
    ],
)
def test_what_is_refused(change, message):
    given = {"net": trained(), "classes": CLASSES, "mean": MEAN, "std": STD, **change}
    with pytest.raises(reslab.UsageError, match=message):
        reslab.classifier(given.pop("net"), given.pop("classes"), **given)


def test_a_net_whose_layers_were_changed():
    net = trained()
    net.stem[2] = nn.Identity()
    with pytest.raises(reslab.UsageError, match="it computes something else: a layer was changed"):
        reslab.classifier(net, CLASSES, mean=MEAN, std=STD)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_created_net_is_scripted():
    net = trained().eval()
    found = torch.jit.script(net)
    torch.testing.assert_close(found(normalised(pixels())), net(normalised(pixels())))
