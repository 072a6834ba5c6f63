"""Winograd's transforms, which the kernels compute in few operations, against the matrices that stand above them."""

import ctypes
import shutil

import numpy as np
import pytest
from numpy.typing import NDArray

from reslab.native import ABI, FP32, PLAIN, library
from reslab.native.build import KERNELS

SOURCE = f"""\
#include "winograd.h"

using namespace reslab;

// out[OUT][LANES] = transform(in[IN][LANES])
template <int IN, int OUT>
void apply(void (*transform)(const Floats (&)[IN], Floats (&)[OUT]), const float* in, float* out) {{
    Floats from[IN], to[OUT];
    std::memcpy(from, in, sizeof from);
    transform(from, to);
    std::memcpy(out, to, sizeof to);
}}

extern "C" {{

int reslab_abi() {{ return {ABI}; }}

int lanes() {{ return LANES; }}

void matrices(float* b_t, float* a_t, float* g) {{
    std::memcpy(b_t, B_T, sizeof B_T);
    std::memcpy(a_t, A_T, sizeof A_T);
    std::memcpy(g, G, sizeof G);
}}

void input(const float* d, float* v) {{ apply<6, 6>([](auto& x, auto& y) {{ transform_input(x, y); }}, d, v); }}
void output(const float* m, float* y) {{ apply<6, 4>([](auto& x, auto& y) {{ transform_output(x, y); }}, m, y); }}
void gradient(const float* dy, float* m) {{ apply<4, 6>([](auto& x, auto& y) {{ transform_gradient(x, y); }}, dy, m); }}
void taps(const float* g, float* u) {{ apply<3, 6>([](auto& x, auto& y) {{ transform_taps(x, y); }}, g, u); }}

}}
"""


def pointer(array: NDArray[np.float32]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


@pytest.fixture(params=[FP32, PLAIN], ids=lambda variant: variant.name)
def winograd(request, tmp_path, untried, gxx) -> ctypes.CDLL:
    folder = tmp_path / "winograd"
    folder.mkdir()
    for path in KERNELS.glob("*.h"):
        shutil.copy(path, folder)
    (folder / "source.cpp").write_text(SOURCE)
    return library(request.param, kernels=folder)


def matrices(winograd: ctypes.CDLL) -> tuple[NDArray[np.float32], ...]:
    """B^T, A^T and G."""
    found = tuple(np.empty(shape, np.float32) for shape in ((6, 6), (4, 6), (6, 3)))
    winograd.matrices(*map(pointer, found))
    return found


def transformed(winograd: ctypes.CDLL, name: str, values: NDArray[np.float32], rows: int) -> NDArray[np.float32]:
    to = np.empty((rows, values.shape[1]), np.float32)
    getattr(winograd, name)(pointer(values), pointer(to))
    return to


def test_the_transforms_multiply_by_the_matrices(winograd):
    """Small whole numbers: B^T and A^T, whose factors are whole, to the last bit; G's are rounded."""
    b_t, a_t, g = matrices(winograd)
    for name, matrix in (("input", b_t), ("output", a_t), ("gradient", a_t.T), ("taps", g)):
        values = np.random.default_rng(0).integers(-50, 50, (matrix.shape[1], winograd.lanes())).astype(np.float32)
        found, right = transformed(winograd, name, values, len(matrix)), matrix @ values
        assert np.allclose(found, right, rtol=1e-6, atol=1e-5 if name == "taps" else 0), name


def test_the_matrices_make_a_convolution_and_its_weight_gradient(winograd):
    """The equations at the head of winograd.h, of one patch and one channel."""
    b_t, a_t, g = (matrix.astype(np.float64) for matrix in matrices(winograd))
    random = np.random.default_rng(1)
    d, w, dy = (random.standard_normal((side, side)) for side in (6, 3, 4))
    reached = np.lib.stride_tricks.sliding_window_view(d, (3, 3))  # [row][column][tap][tap] of the outputs
    y = a_t @ ((g @ w @ g.T) * (b_t @ d @ b_t.T)) @ a_t.T
    assert np.allclose(y, np.einsum("rcij,ij->rc", reached, w), atol=1e-5)
    dw = g.T @ ((b_t @ d @ b_t.T) * (a_t.T @ dy @ a_t)) @ g
    assert np.allclose(dw, np.einsum("rcij,rc->ij", reached, dy), atol=1e-5)
