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

// Two vectors at once.
void twin_to_bf16(const float* from, std::uint16_t* to) {{ put(to, narrow(load(from), load(from + LANES))); }}
void twin_of(const std::uint16_t* from, std::uint16_t* to) {{
    Twin both = twin(get(from), get(from + LANES));
    put(to, both);
    put(to + 2 * LANES, first_of(both));
    put(to + 3 * LANES, second_of(both));
    store(to + 4 * LANES, coupled(both));
}}
void positive(const std::uint16_t* sign, const float* from, float* to) {{
    store(to, where_positive(get(sign), load(from)));
}}

void from_bytes(const std::uint8_t* from, float* to) {{ store(to, load(from)); }}
void gathered(const float* from, int stride, float* to) {{ store(to, gather(from, stride)); }}
void transposed(const float* from, float* to) {{
    Floats rows[LANES];
    for (int i = 0; i < LANES; ++i) rows[i] = load(from + i * LANES);
    transpose(rows);
    for (int i = 0; i < LANES; ++i) store(to + i * LANES, rows[i]);
}}

}}
"""


@pytest.fixture(params=[NATIVE, UNITLESS, PLAIN], ids=lambda variant: variant.name)
def vectors(request, tmp_path, untried, gxx) -> ctypes.CDLL:
    folder = tmp_path / "vectors"
    folder.mkdir()
    shutil.copy(KERNELS / "vectors.h", folder)
    (folder / "source.cpp").write_text(SOURCE)
    return library(replace(request.param, otherwise=None), kernels=folder)


def address(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


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
        vectors.to_bf16(address(numbers[at:]), address(found[at:]))
    right = torch.from_numpy(numbers).bfloat16().view(torch.int16).numpy().view(np.uint16)
    assert np.array_equal(found, right)


def test_two_vectors_at_once_are_rounded_alike(vectors):
    count, numbers = 2 * vectors.lanes(), some_numbers()
    numbers = np.ascontiguousarray(numbers[: len(numbers) // count * count])
    found = np.empty(len(numbers), np.uint16)
    for at in range(0, len(numbers), count):
        vectors.twin_to_bf16(address(numbers[at:]), address(found[at:]))
    assert np.array_equal(found, torch.from_numpy(numbers).bfloat16().view(torch.int16).numpy().view(np.uint16))


def test_two_vectors_lie_one_after_the_other_and_by_turns(vectors):
    lanes = vectors.lanes()
    both, found = np.arange(2 * lanes, dtype=np.uint16), np.empty(6 * lanes, np.uint16)
    vectors.twin_of(address(both), address(found))
    assert np.array_equal(found, np.concatenate([both, both, both.reshape(2, lanes).T.ravel()]))


def test_what_is_above_zero_lets_pass(vectors):
    lanes = vectors.lanes()
    signs = np.resize(np.array([0x0000, 0x8000, 0x3F80, 0xBF80, 0x0080, 0x8080, 0x7F80, 0xFF80], np.uint16), lanes)
    values, found = np.arange(1, lanes + 1, dtype=np.float32), np.empty(lanes, np.float32)
    vectors.positive(address(signs), address(values), address(found))
    above = np.resize([False, False, True, False, True, False, True, False], lanes)
    assert np.array_equal(found, np.where(above, values, 0))


def test_bytes_strides_and_transposes(vectors):
    lanes = vectors.lanes()
    found = np.empty(lanes, np.float32)
    vectors.from_bytes(address(np.arange(255, 255 - lanes, -1, dtype=np.uint8)), address(found))
    assert np.array_equal(found, np.arange(255, 255 - lanes, -1))
    table = np.arange(lanes * lanes, dtype=np.float32)
    vectors.gathered(address(table[3:]), lanes - 1, address(found))
    assert np.array_equal(found, table[3 :: lanes - 1][:lanes])
    turned = np.empty((lanes, lanes), np.float32)
    vectors.transposed(address(table), address(turned))
    assert np.array_equal(turned, table.reshape(lanes, lanes).T)


def test_back_it_is_exact(vectors):
    lanes, bits = vectors.lanes(), np.arange(1 << 16, dtype=np.uint16)
    found = np.empty(len(bits), np.float32)
    for at in range(0, len(bits), lanes):
        vectors.to_fp32(address(bits[at:]), address(found[at:]))
    assert np.array_equal(found.view(np.uint32), bits.astype(np.uint32) << 16)
