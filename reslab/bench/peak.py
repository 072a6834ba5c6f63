"""The most that this processor was seen to multiply: the measure for what training achieves of it."""

import time
from collections.abc import Callable

import torch

from reslab.engine import VARIANTS, this_machine
from reslab.native import Unavailable, library, peak_gflops

SIZES = (512, 1024, 2048, 4096)
SECONDS = 0.7  # spent on a size
LONGEST = 1.5  # seconds: a product that takes longer than this is left out


def matmul_gflops(precision: str, threads: int) -> float:
    """The fastest product of square matrices in PyTorch, over several sizes, in GFLOP/s."""
    torch.set_num_threads(threads)
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    fastest = 0.0
    for size in SIZES:
        work = 2 * size**3 / 1e9
        if fastest and work / fastest > LONGEST:
            break
        left, right = torch.randn(size, size).to(kind), torch.randn(size, size).to(kind)
        torch.mm(left, right)
        begin = time.perf_counter()
        while time.perf_counter() - begin < SECONDS:
            start = time.perf_counter()
            torch.mm(left, right)
            fastest = max(fastest, work / (time.perf_counter() - start))
    return fastest


def kernels_gflops(precision: str, threads: int) -> float:
    """What the dot products of the native kernels reach, and nothing else in their way; 0 where there are none."""
    try:
        return peak_gflops(library(VARIANTS[precision]), threads, SECONDS)
    except Unavailable:
        return 0.0


PROBES: list[Callable[[str, int], float]] = [matmul_gflops, kernels_gflops]


def measured_peak(precision: str, threads: int) -> float:
    """GFLOP/s in this precision ("fp32" or "bf16") on so many threads: the most that any probe reaches.

    Where no unit is known that multiplies bf16, what is kept in bf16 is multiplied in fp32: that is measured, then.
    """
    multiplied = precision if this_machine().fast_bf16 else "fp32"
    return max(probe(multiplied, threads) for probe in PROBES)
