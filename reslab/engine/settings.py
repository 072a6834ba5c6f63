"""What an engine asks of PyTorch for the whole process: threads, how cuDNN chooses, that fp32 is fp32; and how that is
given back.

Several threads of Python may be at it at once. Flags are one for all of them. A number of threads is each thread's own,
but a thread that asks PyTorch for the first time finds what was set last by any.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch

from reslab.engine.execution import Execution
from reslab.processor import usable_cores

# What multiplies numbers of fp32, on a CPU and on a GPU. PyTorch may be told to round these to fewer bits before, and
# is told so for cuDNN when it starts. Unlike the older flags (`allow_tf32`), these can be read whoever set which.
_BACKENDS: Any = torch.backends  # whose types do not know these
_ON_CPU = (_BACKENDS.mkldnn.matmul, _BACKENDS.mkldnn.conv)
_ON_GPU = (_BACKENDS.cuda.matmul, _BACKENDS.cudnn.conv, _BACKENDS.cudnn.rnn)
_WHOLE = ("none", "ieee")  # not rounded


def settle(execution: Execution) -> None:
    """Set what `execution` needs of PyTorch, until somebody else does; see `settled`."""
    torch.set_default_dtype(torch.float32)
    _round_nothing(execution)
    if execution.engine == "native":
        # The kernels have threads of their own; PyTorch's, which wait by spinning, would be in their way.
        torch.set_num_threads(1)
    elif execution.device == "cpu":
        torch.set_num_threads(execution.threads)
    else:  # the same bytes from the same seed (not measured on a GPU)
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False


def _round_nothing(execution: Execution) -> None:
    """fp32 is fp32; on a GPU (not measured) where it is asked for, since bf16 rounds to fewer bits than TF32 does.

    By the older flags where there are any: PyTorch reads them no more where the newer ones say otherwise.
    """
    if _products() not in ("highest", None):
        torch.set_float32_matmul_precision("highest")
    if execution.device == "cpu":
        for multiplying in _ON_CPU:
            if multiplying.fp32_precision not in _WHOLE:
                multiplying.fp32_precision = "ieee"
    elif execution.precision == "fp32":
        if _convolutions() is not None:
            torch.backends.cudnn.allow_tf32 = False
        for multiplying in _ON_GPU:
            if multiplying.fp32_precision not in _WHOLE:
                multiplying.fp32_precision = "ieee"


def _products() -> str | None:
    """The older flag of products; None where it cannot be read, since the newer ones say otherwise."""
    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return None


def _convolutions() -> bool | None:
    """The same of what cuDNN does."""
    try:
        return torch.backends.cudnn.allow_tf32
    except RuntimeError:
        return None


@contextmanager
def same_settings() -> Iterator[None]:
    """Afterwards all that `settle` changes is as before: the process is the caller's.

    Where several threads are inside at once, before is before the first of them came in: what the others found was his.
    Flags stay until the last one leaves. Nobody waits for anybody: one may be at a training of hours.
    """
    if getattr(_OWN, "inside", False):  # in training, say, which tests in between
        with _given_back():
            yield
        return
    _OWN.inside, before = True, _GUESTS.enter()
    try:
        yield
    finally:
        _OWN.inside = False
        torch.set_num_threads(before.threads)
        _GUESTS.leave()


@contextmanager
def settled(execution: Execution) -> Iterator[None]:
    """PyTorch as `execution` needs it; afterwards as the caller had it."""
    with same_settings():
        settle(execution)
        yield


@contextmanager
def apart(execution: Execution) -> Iterator[None]:
    """A training's own PyTorch: gradients are taken and numbers are fp32, whatever the caller has set, autocast, too.

    Afterwards his settings are as before, and so are his random streams: of the CPU, and of the GPU that this is on
    (not measured).
    """
    gpu = [torch.device(execution.device)] if execution.device.startswith("cuda") else []
    plain = torch.autocast(torch.device(execution.device).type, enabled=False)
    with torch.random.fork_rng(gpu), same_settings(), torch.inference_mode(False), torch.enable_grad(), plain:
        torch.set_default_dtype(torch.float32)
        yield


@contextmanager
def within_cores() -> Iterator[None]:
    """PyTorch with no more threads than this process has cores' time for (a container's quota); afterwards as before.

    For what is computed without an `Execution`, which would say how many.
    """
    with same_settings():
        torch.set_num_threads(min(torch.get_num_threads(), usable_cores()))
        yield


class _Settings(NamedTuple):
    """Of PyTorch, as this thread sees them."""

    threads: int
    deterministic: bool
    benchmark: bool
    dtype: torch.dtype  # of numbers that are made
    products: str | None  # the older flags; None where they cannot be read
    convolutions: bool | None
    precisions: tuple[str, ...]  # of what multiplies

    @classmethod
    def now(cls) -> "_Settings":
        cudnn = torch.backends.cudnn
        precisions = tuple(multiplying.fp32_precision for multiplying in _ON_CPU + _ON_GPU)
        flags = cudnn.deterministic, cudnn.benchmark
        return cls(torch.get_num_threads(), *flags, torch.get_default_dtype(), _products(), _convolutions(), precisions)

    def put_flags(self) -> None:
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = self.deterministic, self.benchmark
        torch.set_default_dtype(self.dtype)
        if self.products and _products() != self.products:
            torch.set_float32_matmul_precision(self.products)
        if self.convolutions is not None and _convolutions() != self.convolutions:
            torch.backends.cudnn.allow_tf32 = self.convolutions
        for multiplying, precision in zip(_ON_CPU + _ON_GPU, self.precisions, strict=True):
            if multiplying.fp32_precision != precision:
                multiplying.fp32_precision = precision


@contextmanager
def _given_back() -> Iterator[None]:
    before = _Settings.now()
    try:
        yield
    finally:
        torch.set_num_threads(before.threads)
        before.put_flags()


class _Guests:
    """How many threads are inside, and what the first of them found."""

    def __init__(self) -> None:
        self._lock, self._count = threading.Lock(), 0
        self._before: _Settings | None = None

    def enter(self) -> _Settings:
        with self._lock:
            if self._before is None:
                self._before = _Settings.now()
            self._count += 1
            return self._before

    def leave(self) -> None:
        with self._lock:
            self._count -= 1
            if self._count == 0 and self._before:
                self._before.put_flags()
                self._before = None


_GUESTS, _OWN = _Guests(), threading.local()
