"""Engine, device, precision and threads that cannot be had are refused before any data are read."""

from dataclasses import replace
from pathlib import Path

import pytest

from reslab.engine import this_machine
from tests.cli.test_commands import Answer


@pytest.fixture(scope="module")
def begun(tmp_path_factory) -> Path:
    """A run without its result."""
    run = tmp_path_factory.mktemp("runs") / "begun"
    assert Answer("train", "--model", "resnet8", "--steps", "2", "--device", "cpu", "--run", run).code == 0
    (run / "result.json").unlink()
    return run


@pytest.fixture(autouse=True)
def nothing_is_read(monkeypatch):
    """On a machine with a CPU alone."""
    bare = replace(this_machine(), gpu=None, mps=False)
    for asking in ("reslab.engine.this_machine", "reslab.training.continuing.this_machine"):
        monkeypatch.setattr(asking, lambda: bare)
    for reader in ("reslab.training.read_data", "reslab.training.data_of_run", "reslab.cli.reproduce.at_hand"):
        monkeypatch.setattr(reader, lambda *_, **__: pytest.fail("data were read"))


REFUSED = [
    (("--device", "cuda"), "--device cuda: this machine has none that PyTorch can use; --device cpu works everywhere"),
    (("--device", "gpu"), "unknown device 'gpu'"),
    (("--engine", "torhc"), "did you mean torch"),
    (("--precision", "fp16"), "unknown precision 'fp16'"),
    (("--compile", "yes"), "unknown value for --compile"),
    (("--threads", "-1"), "1 or more, or 0 to leave"),
    (("--engine", "native", "--compile", "on"), "they are not compiled by PyTorch"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED)
@pytest.mark.parametrize("verb", [("train",), ("train", "--seeds", "2"), ("sweep", "--grid", "optimizer.lr=0.1,0.2")])
def test_a_new_run(verb, words, message, tmp_path):
    answer = Answer(*verb, *words, "--runs", tmp_path / "runs")
    assert answer.code == 2 and message in answer.err and answer.out == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("photos",), "they are not made for a stem for ImageNet"),
        (("photos", "--model", "resnet50"), "they are not made for bottleneck blocks"),
        (("photos", "--model", "resnet20", "--size", "64"), "they are not made for images of 64 px"),
        (("--set", "model.name=nin"), "they are not made for the layers of nin"),
    ],
)
def test_the_native_engine_for_a_net_that_it_has_not_got(words, message):
    answer = Answer("train", *words, "--engine", "native")
    assert answer.code == 2 and f"--engine native: {message}" in answer.err


@pytest.mark.parametrize("words", [("digits",), ("photos", "--model", "resnet20"), ("--set", "model.name=resnet8")])
def test_the_native_engine_for_a_net_that_it_may_have(words):
    with pytest.raises(pytest.fail.Exception, match="data were read"):
        Answer("train", *words, "--engine", "native")


@pytest.mark.parametrize(
    "verb", [("train", "--seeds", "2"), ("sweep", "--grid", "batch=16,32"), ("reproduce", "table6")]
)
def test_fewer_runs_at_once_than_none(verb, tmp_path):
    answer = Answer(*verb, "--workers", "-1", "--runs", tmp_path / "runs")
    assert answer.code == 2 and "--workers and --threads are 1 or more" in answer.err


def test_an_existing_run_that_is_not_finished(begun):
    answer = Answer("train", "--run", begun, "--device", "cuda")
    assert answer.code == 2 and f"{begun} runs otherwise: --device cuda (recorded: cpu)" in answer.err
    (begun / "environment.json").unlink()
    answer = Answer("train", "--run", begun, "--device", "cuda")
    assert answer.code == 2 and "--device cuda: this machine has none" in answer.err
