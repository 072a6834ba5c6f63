"""What an engine asks of PyTorch is given back."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
import torch

from reslab.engine import Execution, apart, same_settings, settled, within_cores
from reslab.engine.settings import settle


def execution(engine: str = "torch", device: str = "cpu", threads: int = 2, precision: str = "fp32") -> Execution:
    return Execution(engine, device, precision, channels_last=True, compiled=False, threads=threads)


def settings() -> tuple[int, bool, bool]:
    return torch.get_num_threads(), torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark


@pytest.fixture(autouse=True)
def others() -> Iterator[None]:
    """Settings that no execution here asks for."""
    before = settings()
    torch.set_num_threads(3)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = False, True
    # As PyTorch starts, whatever an engine that another test made has left.
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = True
    yield
    torch.set_num_threads(before[0])
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = before[1:]


@pytest.mark.parametrize(
    ("asked", "inside"),
    [
        (execution(threads=2), (2, False, True)),
        (execution("native", threads=2), (1, False, True)),
        (execution(device="cuda"), (3, True, False)),
    ],
)
def test_they_are_set_and_given_back(asked, inside):
    with settled(asked):
        assert settings() == inside
    assert settings() == (3, False, True)


@pytest.fixture
def rounding() -> Iterator[None]:
    """Somebody who multiplies with fewer bits than fp32 has."""
    torch.set_float32_matmul_precision("medium")
    yield
    torch.set_float32_matmul_precision("highest")


def precisions() -> list[str]:
    backends = torch.backends
    return [place.fp32_precision for place in (backends.mkldnn.matmul, backends.cuda.matmul, backends.cudnn.conv)]


@pytest.mark.usefixtures("rounding")
@pytest.mark.parametrize(
    ("asked", "convolutions"),
    [
        (execution(), "tf32"),
        (execution(device="cuda", precision="fp32"), "none"),
        (execution(device="cuda", precision="bf16"), "tf32"),
    ],
    ids=["cpu", "gpu", "gpu in bf16"],
)
def test_what_is_of_fp32_is_multiplied_in_fp32(asked, convolutions):
    for _ in range(2):
        with settled(asked):
            assert precisions() == ["ieee", "ieee", convolutions] and torch.get_float32_matmul_precision() == "highest"
            assert torch.backends.cudnn.allow_tf32 == (convolutions == "tf32"), "the older flag can be read"
        assert precisions() == ["bf16", "tf32", "tf32"]
    assert torch.get_float32_matmul_precision() == "medium" and torch.backends.cudnn.allow_tf32, "the older flags, too"


def test_what_only_the_newer_flags_say_of_a_gpu_is_not_kept_either():
    torch.backends.fp32_precision = "tf32"
    try:
        before, older = precisions(), torch.backends.cudnn.allow_tf32
        with settled(execution(device="cuda")):
            assert before[2] == "tf32" and precisions()[1:] == ["ieee", "ieee"]
        assert precisions() == before and torch.backends.cudnn.allow_tf32 == older
    finally:
        torch.backends.fp32_precision = "none"


def test_what_only_the_newer_flags_say_is_not_kept_either():
    torch.backends.mkldnn.matmul.fp32_precision = "bf16"
    try:
        with settled(execution()):
            assert precisions()[0] == "ieee"
        assert precisions()[0] == "bf16"
    finally:
        torch.backends.mkldnn.matmul.fp32_precision = "none"


def test_a_training_takes_gradients_and_makes_fp32_whatever_the_caller_has_set():
    torch.set_default_dtype(torch.float64)
    try:
        with torch.inference_mode(), apart(execution()):
            weight = torch.zeros(1, requires_grad=True)
            weight.square().sum().backward()
            assert weight.dtype == torch.float32 and weight.grad is not None
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(("device", "kept"), [("cpu", []), ("cuda:1", [torch.device("cuda:1")])])
def test_the_random_stream_of_the_gpu_in_use_is_kept(monkeypatch, device, kept):
    forked = []
    monkeypatch.setattr(torch.random, "fork_rng", lambda devices: forked.extend(devices) or nullcontext())
    with apart(execution(device=device)):
        pass
    assert forked == kept


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (8, 3)])
def test_without_an_execution_no_more_threads_than_there_are_cores_for(monkeypatch, cores, threads):
    monkeypatch.setattr("reslab.engine.settings.usable_cores", lambda: cores)
    with within_cores():
        assert settings()[0] == threads
    assert settings() == (3, False, True)


def test_they_are_given_back_after_an_error():
    with pytest.raises(KeyError), same_settings():
        settle(execution(device="cuda"))
        settle(execution(threads=1))
        raise KeyError
    assert settings() == (3, False, True)


class Guest(threading.Thread):
    """Somebody who asks from a thread of his own; he comes in and goes when he is told."""

    def __init__(self, asked: Execution) -> None:
        super().__init__(daemon=True)
        self.asked, self.here, self.may_go = asked, threading.Event(), threading.Event()
        self.found: list[tuple[int, bool, bool]] = []
        self.start()
        assert self.here.wait(60)

    def run(self) -> None:
        with settled(self.asked):
            self.found.append(settings())
            self.here.set()
            assert self.may_go.wait(60)
            self.found.append(settings())
        self.found.append(settings())

    def leaves(self) -> list[tuple[int, bool, bool]]:
        self.may_go.set()
        self.join(60)
        return self.found


def newcomer() -> tuple[int, bool, bool]:
    """What a thread finds that was never here."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(settings).result(60)


@pytest.mark.parametrize("last_in_is_first_out", [False, True])
def test_threads_that_overlap_leave_behind_what_the_first_one_found(last_in_is_first_out):
    first = Guest(execution(threads=1))
    second = Guest(execution(threads=2))
    leaving = [second, first] if last_in_is_first_out else [first, second]
    for guest in leaving:
        inside, later, afterwards = guest.leaves()
        assert inside[0] == later[0] == guest.asked.threads and afterwards == (3, False, True)
    assert settings() == newcomer() == (3, False, True)


def test_flags_stay_until_the_last_one_has_left():
    first, second = Guest(execution(device="cuda")), Guest(execution(device="cuda:1"))
    first.leaves()
    assert settings()[1:] == (True, False), "the second one is still at work"
    second.leaves()
    assert settings() == newcomer() == (3, False, True)


def test_who_is_inside_already_gets_back_what_he_had_there():
    with settled(execution(threads=1)):
        with settled(execution(threads=2)):
            assert settings()[0] == 2
        assert settings()[0] == 1
    assert settings() == (3, False, True)
