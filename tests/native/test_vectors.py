"""Conversions between fp32 and bf16, by instructions and by shifts, against PyTorch's."""

import ctypes
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from reslab.native import ABI, NATIVE, PLAIN, library
from reslab.native.build import KERNELS
from tests.native.conftest import UNITLESS

SOURCE = f"""\
#include "vectors.h"

using namespace reslab;

extern "C" {{

int reslab_abi() {{ return {ABI}; }}

int lanes() {{ return LANES; }}

void to_bf16(const float* from, std::uint16_t* to) {{ store(to, load(from)); }}
void to_fp32(const std::uint16_t* from, float* to) {{ store(to, load(from)); }}

}}
"""


@pytest.fixture(params=[NATIVE, UNITLESS, PLAIN], ids=lambda variant: variant.name)
def vectors(request, tmp_path, untried, gxx) -> ctypes.CDLL:
    folder = tmp_path / "vectors"
    folder.mkdir()
    shutil.copy(KERNELS / "vectors.h", folder)
    (folder / "source.cpp").write_text(SOURCE)
    return library(replace(request.param, otherwise=None), kernels=folder)


def some_numbers() -> np.ndarray:
    """Of all sizes but denormal ones, which the instructions make zero: ties to both sides, zeros, infinities."""
    random = np.random.default_rng(0).integers(0x0080, 0x7F80, 4000, dtype=np.uint32) << 16
    ends = np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)
    positive = (random[:, None] | ends).ravel()
    special = np.array(
        [0, 0x7F7FFFFF, 0x7F800000, 0x7F7F8000, 0x7F7F7FFF, 0x3F808000, 0x3F818000, 0x00800000], np.uint32
    )
    bits = np.concatenate([positive, special])
    return np.concatenate([bits, bits | np.uint32(1 << 31)]).view(np.float32)


def test_rounding_is_to_the_nearest_and_ties_are_even(vectors):
    lanes, numbers = vectors.lanes(), some_numbers()
    numbers = np.ascontiguousarray(numbers[: len(numbers) // lanes * lanes])
    found = np.empty(len(numbers), np.uint16)
    for at in range(0, len(numbers), lanes):
        vectors.to_bf16(ctypes.c_void_p(numbers[at:].ctypes.data), ctypes.c_void_p(found[at:].ctypes.data))
    right = torch.from_numpy(numbers).bfloat16().view(torch.int16).numpy().view(np.uint16)
    assert np.array_equal(found, right)


def test_back_it_is_exact(vectors):
    lanes, bits = vectors.lanes(), np.arange(1 << 16, dtype=np.uint16)
    found = np.empty(len(bits), np.float32)
    for at in range(0, len(bits), lanes):
        vectors.to_fp32(ctypes.c_void_p(bits[at:].ctypes.data), ctypes.c_void_p(found[at:].ctypes.data))
    assert np.array_equal(found.view(np.uint32), bits.astype(np.uint32) << 16)
