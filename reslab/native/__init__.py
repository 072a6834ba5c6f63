"""Kernels of our own in C++, compiled by the user's compiler at first use.

build     the compiled library, from the cache or made now
compiler  which compiler there is, and a run of it that ends in time
self_test a library beside a known answer, before it is used
network   the library's functions of arrays: a CIFAR net's training step and its evaluation
traffic   what a step moves through memory
kernels/  the C++
"""

from reslab.native.build import ABI, EXACT, FP32, NATIVE, PLAIN, Variant, library, name_of
from reslab.native.compiler import Unavailable, compiler_command
from reslab.native.network import SIZE, WIDTHS, Geometry, Network, peak_gflops, tier
from reslab.native.traffic import bytes_per_image

__all__ = [
    "ABI",
    "EXACT",
    "FP32",
    "NATIVE",
    "PLAIN",
    "SIZE",
    "WIDTHS",
    "Geometry",
    "Network",
    "Unavailable",
    "Variant",
    "bytes_per_image",
    "compiler_command",
    "library",
    "name_of",
    "peak_gflops",
    "tier",
]
