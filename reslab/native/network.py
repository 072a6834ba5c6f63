"""The fused kernels as a function of arrays: a CIFAR net's training step and its evaluation."""

import ctypes
import os
from collections.abc import Sequence
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_float, c_int, c_int64, c_void_p
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from reslab.errors import RunError

SIZE = 32  # pixels of an image, height and width
WIDTHS = (16, 32, 64)
OPTIONS = {None: 0, "A": 1, "B": 2, "C": 3}  # of shortcuts
KEPT_BYTES = 6 << 30  # of a batch's activations; of ResNet-1202 with 128 images, less than all of them in fp32
NO_MEMORY = 1  # what a call gives where memory was short; 0 is success, anything else another failure
TIERS = (
    "plain vectors, Winograd",
    "AVX-512 BF16, Winograd",
    "AMX BF16",
    "AMX BF16, emulated",
    "fp32",
    "fp32, Winograd",
    "AVX-512, Winograd",
)


class Offsets(Structure):
    """Where a convolution's weights, its batch normalisation's scale and shift, and its statistics begin."""

    _fields_: ClassVar = [(name, c_int64) for name in ("weight", "gamma", "beta", "mean", "variance")]


class _Batch(Structure):
    _fields_: ClassVar = [
        ("size", c_int),
        ("images", c_void_p),
        ("labels", c_void_p),
        ("crops", c_void_p),
        ("flips", c_void_p),
        ("weights", c_void_p),
        ("pad", c_int),
        ("smoothing", c_float),
    ]


class _Outputs(Structure):
    _fields_: ClassVar = [(name, c_void_p) for name in ("gradient", "statistics", "losses", "errors")]


@dataclass(frozen=True)
class Geometry:
    """A CIFAR net as the kernels know it."""

    blocks: tuple[int, int, int]  # of each stage
    shortcut: str | None  # None, "A", "B" or "C"
    classes: int
    layers: Sequence[tuple[int, int, int, int, int]]  # `Offsets` of each convolution, in the order of definition
    head: tuple[int, int]  # where the fully connected layer's weights and biases begin
    parameters: int  # floats in all
    statistics: int


class Network:
    """A net in the kernels' memory, with threads of its own.

    Raises MemoryError where memory is short, RunError where threads cannot be started; each says what the kernels said.

    Where a training step's activations would take more than `kept_bytes`, most blocks' inputs are not kept, but
    computed again on the way back, from what is: a third less memory, a little more time, and the same bytes.
    """

    def __init__(
        self,
        library: ctypes.CDLL,
        geometry: Geometry,
        mean: NDArray[np.float32],
        scale: float,
        threads: int,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self._library = _declare(library)
        self._geometry = geometry
        offsets = (Offsets * len(geometry.layers))(*(Offsets(*layer) for layer in geometry.layers))
        pixels = np.ascontiguousarray(np.broadcast_to(mean, (SIZE, SIZE, 3)), np.float32)
        self._handle, handle = None, c_void_p()
        failure = self._library.reslab_create(
            byref(handle),
            (c_int * 3)(*geometry.blocks),
            OPTIONS[geometry.shortcut],
            geometry.classes,
            threads,
            offsets,
            *geometry.head,
            pixels.ctypes.data,
            scale,
            kept_bytes,
        )
        self._process = os.getpid()
        _check(self._library, failure, f"a net with {threads} thread{'s' * (threads > 1)}")
        self._handle = handle

    def __del__(self) -> None:
        if getattr(self, "_handle", None) and os.getpid() == self._process:  # a forked child has not its threads
            self._library.reslab_destroy(self._handle)
            self._handle = None

    def step(
        self,
        parameters: NDArray[np.float32],
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        gradient: NDArray[np.float32],
        statistics: NDArray[np.float32],
        losses: NDArray[np.float32],
        errors: NDArray[np.bool_],
        crops: NDArray[np.int64] | None = None,
        flips: NDArray[np.bool_] | None = None,
        weights: NDArray[np.float32] | None = None,
        pad: int = 0,
        smoothing: float = 0.0,
    ) -> None:
        """Forward and backward pass of a batch of images (B, 32, 32, 3); see `reslab.engine.interface`.

        Writes `gradient` and `statistics` (flat), `losses` and `errors` (B,). Raises MemoryError where memory is short,
        ValueError for an array that is not what the kernels read, RunError in a forked process and for what else fails.
        """
        self._check_process()
        if count_outside := int(np.count_nonzero((labels < 0) | (labels >= self._geometry.classes))):
            raise ValueError(f"{count_outside} labels are outside the {self._geometry.classes} classes")
        count = len(images)
        batch = _Batch(
            count,
            _data(images, np.uint8, (count, SIZE, SIZE, 3)),
            _data(labels, np.int64, (count,)),
            _data(crops, np.int64, (count, 2)),
            _data(flips, np.bool_, (count,)),
            _data(weights, np.float32, (count,)),
            pad,
            smoothing,
        )
        outputs = _Outputs(
            _data(gradient, np.float32, (self._geometry.parameters,)),
            _data(statistics, np.float32, (self._geometry.statistics,)),
            _data(losses, np.float32, (count,)),
            _data(errors, np.bool_, (count,)),
        )
        values = _data(parameters, np.float32, (self._geometry.parameters,))
        failure = self._library.reslab_step(self._handle, values, byref(batch), byref(outputs))
        _check(self._library, failure, f"a batch of {count} images")

    def evaluate(
        self, parameters: NDArray[np.float32], statistics: NDArray[np.float32], images: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """(B, 32, 32, 3) -> (B, classes) scores before the softmax; batch normalisation by `statistics`.

        Raises what `step` raises.
        """
        self._check_process()
        scores = np.empty((len(images), self._geometry.classes), np.float32)
        failure = self._library.reslab_evaluate(
            self._handle,
            _data(parameters, np.float32, (self._geometry.parameters,)),
            _data(statistics, np.float32, (self._geometry.statistics,)),
            _data(images, np.uint8, (len(images), SIZE, SIZE, 3)),
            len(images),
            _data(scores, np.float32, scores.shape),
        )
        _check(self._library, failure, f"the evaluation of {len(images)} images")
        return scores

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            raise RunError(
                "the native kernels' threads stay behind when a process forks; begin processes by 'spawn', "
                "or make the engine in the new process"
            )


def tier(library: ctypes.CDLL) -> str:
    """The instructions that a library was compiled for."""
    return TIERS[_declare(library).reslab_tier()]


def peak_gflops(library: ctypes.CDLL, threads: int, seconds: float = 0.5) -> float:
    """What the library's dot products reach in so many threads, measured, in 10^9 operations a second.

    Of direct products in the precision of activations. Winograd's, in fp32, can do more than this: what they achieve is
    counted as the direct products that they replace.
    Raises RunError where threads cannot be started.
    """
    rate = c_double()
    failure = _declare(library).reslab_peak(threads, seconds, byref(rate))
    _check(library, failure, f"a measurement with {threads} thread{'s' * (threads > 1)}")
    return rate.value / 1e9


def _check(library: ctypes.CDLL, failure: int, wanted: str) -> None:
    """Raises MemoryError or RunError, with the kernels' words, where a call of theirs has failed."""
    if not failure:
        return
    reason = library.reslab_reason().decode(errors="replace")
    if failure == NO_MEMORY:
        raise MemoryError(f"no memory for {wanted} in the native kernels: {reason}")
    raise RunError(f"{wanted} failed in the native kernels: {reason}")


def _data(array: NDArray[Any] | None, kind: Any, shape: tuple[int, ...]) -> int | None:
    """The address of an array that is exactly what the kernels read."""
    if array is None:
        return None
    if array.dtype != kind or array.shape != shape or not array.flags.c_contiguous:
        raise ValueError(f"{array.dtype} {array.shape} is not a contiguous {np.dtype(kind)} {shape}")
    return int(array.ctypes.data)


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    """The library with its functions' types."""
    library.reslab_reason.restype = c_char_p
    library.reslab_create.argtypes = [
        POINTER(c_void_p),
        POINTER(c_int),
        c_int,
        c_int,
        c_int,
        POINTER(Offsets),
        c_int64,
        c_int64,
        c_void_p,
        c_float,
        c_int64,
    ]
    library.reslab_destroy.argtypes = [c_void_p]
    library.reslab_step.argtypes = [c_void_p, c_void_p, POINTER(_Batch), POINTER(_Outputs)]
    library.reslab_evaluate.argtypes = [c_void_p, c_void_p, c_void_p, c_void_p, c_int, c_void_p]
    library.reslab_peak.argtypes = [c_int, c_double, POINTER(c_double)]
    return library
