"""The choice of execution: by what is there, and refusing what is not."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch

from reslab.engine import Execution, Request, Work, choose, elsewhere, this_machine
from reslab.errors import UsageError
from reslab.nets import spec

CPU = replace(this_machine(), gpu=None, mps=False, features=("avx2",), cores=2, compiler=None)


def test_bf16_only_where_there_are_units_for_it():
    assert choose(Request(), CPU)[0].precision == "fp32"
    for feature in ("avx512_bf16", "amx_bf16", "bf16"):
        execution, line = choose(Request(), replace(CPU, features=("avx2", feature)))
        assert execution.precision == "bf16" and "bf16" in line


def test_what_is_asked_for_is_taken():
    execution, _ = choose(Request(precision="bf16", threads=1), CPU)
    assert (execution.precision, execution.threads, execution.device) == ("bf16", 1, "cpu")


@pytest.mark.parametrize(
    ("name", "size", "precision"),
    [("resnet18", 16, "fp32"), ("resnet18", 32, "bf16"), ("resnet20", 8, "bf16"), ("resnet50", 8, "fp32")],
)
def test_bf16_is_not_chosen_where_pytorch_errs(name, size, precision):
    """A 3x3 convolution of stride 2 on a map of one pixel: weight gradients that differ at every call, or are NaN."""
    able = replace(CPU, features=("avx512_bf16",))
    work = Work(spec(name, None, 10, size), 1000)
    assert choose(Request(engine="torch"), able, work)[0].precision == precision
    asked, line = choose(Request(engine="torch", precision="bf16"), able, work)
    assert asked.precision == "bf16" and ("PyTorch errs" in line) == (precision == "fp32"), "as asked"


def test_one_core():
    assert choose(Request(), replace(CPU, cores=1))[0].threads == 1


@pytest.mark.parametrize("kind", ["torch", "native"])
def test_openmp_may_be_told_to_take_fewer_threads(kind, monkeypatch):
    monkeypatch.setattr("reslab.engine.execution.library", lambda *_: None)
    monkeypatch.setattr("reslab.engine.execution.tier", lambda _: "AVX2")
    eight, work = replace(CPU, cores=8), Work(spec("resnet20"), 1_000_000)
    for told, threads in (("3", 3), ("8", 8), ("9", 8), ("many", 8), ("0", 8)):
        monkeypatch.setenv("OMP_NUM_THREADS", told)
        execution, line = choose(Request(engine=kind), eight, work)
        assert (execution.engine, execution.threads) == (kind, threads)
        assert ("; OMP_NUM_THREADS=3)" in line) is (threads == 3), line
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    execution, line = choose(Request(engine=kind, threads=5), eight, work)
    assert execution.threads == 5 and "OMP" not in line, "what is asked for goes before"


def test_openmp_has_no_say_on_a_gpu(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr("reslab.engine.execution._gpu_has_bf16", lambda _: False)
    assert choose(Request(), replace(CPU, gpu="GPU"))[0].threads == CPU.cores


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(device="cuda"), "has none"),
        (Request(device="mps"), "has none"),
        (Request(device="gpu"), "unknown device"),
        (Request(device="cpu:1"), "unknown device 'cpu:1': did you mean cpu"),
        (Request(precision="fp16"), "unknown precision 'fp16': did you mean"),
        (Request(engine="torhc"), "did you mean torch"),
        (Request(compile="on"), "compiler"),
        (Request(compile="yes"), "unknown value for --compile"),
        (Request(threads=-1), "at least 1"),
    ],
)
def test_what_is_not_there_is_refused(request_, message):
    with pytest.raises(UsageError, match=message):
        choose(request_, CPU)


def test_what_python_calls_it_is_taken():
    for device in (torch.device("cpu"), torch.device("cpu", 0), "cpu:0"):
        assert Request(device=device, compile=False) == Request(device="cpu", compile="off")
    assert Request(compile=True).compile == "on" and Request(device="mps:0").device == "mps"
    assert Request(device=torch.device("cuda", 1)).device == "cuda:1"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"precision": torch.bfloat16}, r"^precision=torch\.bfloat16: that takes text$"),
        ({"threads": "1"}, "^threads='1': that takes a whole number$"),
        ({"compile": 1}, "^compile=1: that takes text$"),
        ({"device": None}, "^device=None: that takes text$"),
    ],
)
def test_values_of_another_kind_are_refused_in_one_line(named, message):
    with pytest.raises(UsageError, match=message):
        Request(**named)


def test_contradictions_are_named():
    recorded = Execution("torch", "cpu", "fp32", True, False, 2)
    assert Request().contradicts(recorded) == []
    assert Request(precision="fp32", threads=2).contradicts(recorded) == []
    assert Request(precision="bf16").contradicts(recorded) == ["--precision bf16 (recorded: fp32)"]
    assert "--compile on" in Request(compile="on").contradicts(recorded)[0]


def test_a_run_goes_on_where_its_device_is_gone():
    recorded = Execution("torch", "cuda", "bf16", True, False, 16)
    execution, _ = elsewhere(recorded, Request(), CPU)
    assert (execution.device, execution.precision, execution.threads) == ("cpu", "bf16", 2)
    able = replace(CPU, features=("avx512_bf16",))
    for size, precision in ((16, "fp32"), (32, "bf16")):
        work = Work(spec("resnet18", None, 10, size), 1000)
        assert elsewhere(recorded, Request(engine="torch"), able, work)[0].precision == precision, "where PyTorch errs"


@pytest.mark.parametrize(("has_units", "precision"), [(True, "bf16"), (False, "fp32")])
def test_a_gpu_is_asked_for_units_and_not_for_an_emulation(monkeypatch, has_units, precision):
    """Without a GPU: what PyTorch would be asked, of the GPU that is meant."""
    asked = []
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    monkeypatch.setattr("torch.cuda.device", lambda device: asked.append(device) or nullcontext())
    monkeypatch.setattr(
        "torch.cuda.is_bf16_supported", lambda including_emulation=True: including_emulation or has_units
    )
    machine = replace(CPU, gpu="Some GPU")
    assert choose(Request(engine="torch", device="cuda:1", compile="off"), machine)[0].precision == precision
    assert asked == ["cuda:1"]


def test_this_machine_has_a_name():
    machine = this_machine()
    assert machine.processor and machine.cores >= 1 and machine.torch
