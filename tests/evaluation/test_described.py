"""Features beside answers: those of the net itself, whatever it is run by."""

from importlib import import_module

import numpy as np
import pytest
import torch

from reslab.engine import Execution, same_settings
from reslab.errors import UsageError
from reslab.evaluation.described import Describing
from tests.interop.classifiers import classifier, noise


def execution(engine: str = "torch", precision: str = "fp32") -> Execution:
    return Execution(engine, "cpu", precision, channels_last=True, compiled=False, threads=1)


@pytest.mark.parametrize(
    ("name", "size", "mean"), [("resnet8", 8, "pixel"), ("preact20", 16, "channel"), ("highway19", 32, "pixel")]
)
def test_they_are_what_the_last_layer_sees(name, size, mean, monkeypatch):
    monkeypatch.setattr(
        import_module("reslab.evaluation.probabilities"), "BATCH_PIXELS", 2 * size**2
    )  # several batches
    made, pixels = classifier(name, size, mean), noise(5, size)
    with same_settings():
        describing = Describing(made, execution("native" if name == "resnet8" else "torch"))
        probabilities = describing(pixels)
        assert describing.take() == pytest.approx(made.features(pixels).numpy(), abs=1e-4)
        assert probabilities == pytest.approx(made(pixels).softmax(dim=1).numpy(), abs=1e-5)
        assert len(describing(pixels[:1])) == len(describing.take()) == 1


def test_in_another_precision_they_are_numbers_of_fp32_all_the_same():
    made, pixels = classifier("resnet8", 8), noise(3, 8)
    with same_settings():
        describing = Describing(made, execution(precision="bf16"))
        describing(pixels)
        found = describing.take()
    assert found.dtype == np.float32 and found == pytest.approx(made.features(pixels).numpy(), abs=0.1)


def test_of_a_function_of_ones_own():
    def double(channels: int, width: int, stride: int, stride_in: str) -> torch.nn.Sequential:
        conv = torch.nn.Conv2d(channels, width, 5, stride, 2, bias=False)
        return torch.nn.Sequential(conv, torch.nn.BatchNorm2d(width))

    made, pixels = classifier("resnet8", 8, residual=double), noise(2, 8)
    with same_settings():
        describing = Describing(made, execution())
        describing(pixels)
        assert describing.take() == pytest.approx(made.features(pixels).numpy(), abs=1e-4)


def test_a_net_without_such_a_layer():
    with pytest.raises(UsageError, match="this net ends in none"):
        Describing(classifier("nin", 32), execution())
