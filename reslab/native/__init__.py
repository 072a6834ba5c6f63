"""Kernels of our own in C++, compiled by the user's compiler at first use.

build     the compiled library, from the cache or made now
compiler  which compiler there is, and a run of it that ends in time
"""

from reslab.native.build import ABI, NATIVE, PLAIN, Variant, library
from reslab.native.compiler import Unavailable

__all__ = ["ABI", "NATIVE", "PLAIN", "Unavailable", "Variant", "library"]
