"""Exported nets are tested and asked like those they came from, but for what needs other sizes or devices."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reslab.engine import Request
from reslab.errors import UsageError
from reslab.evaluation import evaluate, predict
from reslab.store import ExportedNet, load
from reslab.training import Surroundings, train_on
from tests.conftest import short_recipe

FP32 = Request(precision="fp32", threads=1)


@pytest.fixture(scope="module")
def run(digits, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "digits"
    train_on(digits, short_recipe(digits, 60), path, Surroundings(Request("torch", precision="fp32", threads=1)))
    return path


@pytest.fixture(scope="module")
def net(run) -> ExportedNet:
    model = load(run)

    def answer(pixels):
        assert pixels.shape[1:] == (8, 8, 3) and pixels.dtype == np.uint8 and pixels.flags["C_CONTIGUOUS"]
        return model(pixels).softmax(dim=1).numpy()

    return ExportedNet(model.identity, 8, ("scaled",), "onnx", "onnxruntime", False, "1", Path("net.onnx"), answer)


@pytest.mark.parametrize(
    "choice", [{}, {"split": "val"}, {"views": "flip"}, {"views": 10}, {"views": "centre", "scales": (9, 12)}]
)
def test_errors_are_those_of_the_run(run, net, choice):
    found, expected = evaluate(net, request=FP32, **choice), evaluate(run, request=FP32, **choice)
    assert found.members == ("net.onnx",) and (found.views, found.scales) == (expected.views, expected.scales)
    assert found.top1_error == pytest.approx(expected.top1_error, abs=0.3)
    assert abs(found.confusions - expected.confusions).sum() <= 2 and found.precision == "fp32"
    assert found.notes == expected.notes and found.images == 360


def test_it_is_a_member_like_any_other(run, net):
    together = evaluate(net, ensemble=[run, net], request=FP32)
    assert together.members == ("net.onnx", str(run), "net.onnx")
    assert together.top1_error == pytest.approx(evaluate(run, request=FP32).top1_error, abs=0.3)


def test_pictures_are_answered_as_by_the_run(run, net, digits, tmp_path):
    Image.fromarray(digits.splits["val"].pixels[7]).save(tmp_path / "seven.png")
    (tmp_path / "torn.png").write_bytes(b"no image")
    given = [tmp_path, Image.new("RGB", (30, 20), "red"), digits.splits["val"].pixels[3]]
    answers = list(predict(net, given, top=3))
    expected = list(predict(run, given, top=3, request=FP32))
    assert [a.path for a in answers] == [e.path for e in expected] and len(answers) == 4
    for found, wanted in zip(answers, expected, strict=True):
        assert found.classes == wanted.classes and found.error == wanted.error
        assert found.probabilities == pytest.approx(wanted.probabilities, abs=2e-6)
    torn = [answer for answer in answers if answer.error]
    assert len(torn) == 1 and "torn.png" in torn[0].error


def test_whole_images_of_other_sizes_are_refused_before_any_is_read(run, net):
    for choice in ({"scales": (8, 10)}, {"views": "flip", "scales": (8,)}):
        for nets in ((net, ()), (run, (net,))):
            with pytest.raises(UsageError, match=r"--scales: the exported net\.onnx takes images of 8 x 8 pixels only"):
                evaluate(nets[0], ensemble=nets[1], data="nothing that there is", **choice)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            Request(precision="bf16"),
            r"--precision bf16: the exported net\.onnx runs on the CPU, in fp32, by onnxruntime",
        ),
        (Request(engine="native"), "--engine native"),
        (Request(device="gpu"), "unknown device 'gpu'"),
        (Request(threads=-1), "--threads -1"),
    ],
)
def test_what_its_runtime_does_not_do(net, digits, request_, message):
    with pytest.raises(UsageError, match=message):
        evaluate(net, request=request_)
    with pytest.raises(UsageError, match=message):
        next(predict(net, digits.splits["val"].pixels[0], request=request_))


def test_a_residual_function_is_of_no_use_to_it(net, digits):
    for answer in (
        lambda: evaluate(net, residual=print),
        lambda: next(predict(net, digits.splits["val"].pixels[0], residual=print)),
    ):
        with pytest.raises(UsageError, match="--residual: exported files have their residual function inside"):
            answer()


def test_pixels_of_another_kind_are_refused(net):
    for pixels in (np.zeros((1, 9, 9, 3), np.uint8), np.zeros((1, 8, 8, 3)), np.zeros((8, 8, 3), np.uint8)):
        with pytest.raises(UsageError, match=r"resnet8 takes uint8 RGB images \(B, 8, 8, 3\) from 0 to 255, not"):
            net.probabilities(pixels)


def test_photographs_whose_place_it_does_not_know_have_to_be_named(net):
    of_pets = replace(net, identity=replace(net.identity, data="pets", fingerprint="1"))
    with pytest.raises(UsageError, match=r"net\.onnx was trained on the photographs 'pets', .* name their folder"):
        evaluate(of_pets)


def test_it_is_asked_together_with_others_but_not_densely_or_for_features(run, net, digits):
    picture = digits.splits["val"].pixels[7]
    (alone,), (together,) = (
        list(predict(net, picture, top=10, views=10, request=FP32, **more)) for more in ({}, {"ensemble": [run]})
    )
    assert alone.classes == together.classes
    assert alone.probabilities == pytest.approx(together.probabilities, abs=2e-6)
    with pytest.raises(UsageError, match=r"--scales: the exported net\.onnx takes images of 8 x 8 pixels only"):
        predict(run, picture, scales=(8, 10), ensemble=net)
    with pytest.raises(UsageError, match=r"--features: the exported net\.onnx gives answers only"):
        predict(net, picture, features=True)
