"""The matrix units: their emulation and, where there are some, they themselves, against the manual in numpy."""

import ctypes
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from reslab.engine import this_machine
from reslab.native import ABI, EXACT, NATIVE, PLAIN, Variant, library
from reslab.native.build import FLAGS, KERNELS

SOURCE = """\
#include "tiles.h"

using namespace reslab;

extern "C" {

int reslab_abi() { return INTERFACE; }

int reslab_ready() { return tiles_permitted(); }

// c += a * b by tiles of so many rows; `lines` are bytes from row to row of a, b and c.
void multiply(int height, const void* a, const void* b, void* c, const long* lines) {
    TileUse use;
    tiles_configure(height);
    tile_load<7>(a, lines[0]);
    tile_load<5>(b, lines[1]);
    tile_load<2>(c, lines[2]);
    tile_dot<2, 7, 5>();
    tile_store<2>(c, lines[2]);
}

// Ones become zeros.
void clear(int height, void* c) {
    TileUse use;
    tiles_configure(height);
    tile_load<3>(c, 64);
    tile_zero<3>();
    tile_store<3>(c, 64);
}

}
"""
READY = """\
#include "tiles.h"

extern "C" {

int reslab_abi() { return INTERFACE; }

int amx() { return RESLAB_AMX; }

#if RESLAB_AMX
int reslab_ready() { return reslab::tiles_permitted(); }
#endif

}
"""
EMULATED = ("-march=native", "-DRESLAB_WINOGRAD", "-DRESLAB_TILES_EMULATED")


@pytest.fixture
def source(tmp_path, untried) -> Path:
    folder = tmp_path / "tiles"
    folder.mkdir()
    for header in KERNELS.glob("*.h"):
        shutil.copy(header, folder)
    (folder / "source.cpp").write_text(SOURCE.replace("INTERFACE", str(ABI)))
    return folder


@pytest.fixture(params=["emulated", "processor"])
def tiles(request, source, gxx) -> ctypes.CDLL:
    if request.param == "emulated":
        return library(Variant("tiles", EMULATED), kernels=source)
    if "amx_bf16" not in this_machine().features:
        pytest.skip("no matrix units here")
    kernels = library(replace(NATIVE, otherwise=None), kernels=source)
    if not kernels.reslab_ready():  # to be asked before they are used, in each process
        pytest.skip("the operating system does not permit matrix units")
    return kernels


def bf16(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    return (values.view(np.uint32) >> 16).astype(np.uint16)


def fp32(values: NDArray[np.uint16]) -> NDArray[np.float32]:
    return (values.astype(np.uint32) << 16).view(np.float32)


def random_bf16(seed: int, *shape: int) -> NDArray[np.uint16]:
    return bf16(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def multiply(tiles: ctypes.CDLL, a: NDArray, b: NDArray, c: NDArray, height: int = 16) -> None:
    lines = (ctypes.c_long * 3)(a.strides[0], b.strides[0], c.strides[0])
    tiles.multiply(height, *(ctypes.c_void_p(array.ctypes.data) for array in (a, b, c)), lines)


def manual(a: NDArray[np.uint16], b: NDArray[np.uint16], c: NDArray[np.float32]) -> NDArray[np.float32]:
    """TDPBF16PS: sums of even and of odd products, both added, then added to c. bf16 products are exact in fp32."""
    left, right = fp32(a), fp32(b)
    sums = np.zeros((2, *c.shape), np.float32)
    for k in range(16):
        for odd in (0, 1):
            sums[odd] += left[:, 2 * k + odd, None] * right[k, None, odd::2]
    return c + (sums[0] + sums[1])


@pytest.mark.parametrize("height", [16, 8])
def test_the_product_is_the_manuals_to_the_last_bit(tiles, height):
    a, b = random_bf16(0, height, 32), random_bf16(1, 16, 32)
    c = np.random.default_rng(2).standard_normal((height, 16)).astype(np.float32)
    right = manual(a, b, c)
    assert np.allclose(right, c + fp32(a) @ fp32(b).reshape(16, 16, 2).transpose(0, 2, 1).reshape(32, 16), atol=1e-5)
    multiply(tiles, a, b, c, height)
    assert c.tobytes() == right.tobytes()


def test_rows_may_lie_apart_and_overlap(tiles):
    pixels = random_bf16(3, 40 * 16)  # of 16 channels; a row of the tile is two of them, the next row begins one later
    a = np.lib.stride_tricks.as_strided(pixels, (16, 32), (32, 2))
    b, c = random_bf16(4, 16, 2, 32)[:, 1], np.ones((16, 3, 16), np.float32)
    right = manual(a, b, c[:, 1])
    multiply(tiles, a, b, c[:, 1])
    assert c[:, 1].tobytes() == right.tobytes()
    assert (c[:, [0, 2]] == 1).all()


def test_low_tiles_touch_no_more_than_their_rows(tiles):
    c = np.ones((16, 16), np.float32)
    tiles.clear(8, ctypes.c_void_p(c.ctypes.data))
    assert not c[:8].any() and (c[8:] == 1).all()
    tiles.clear(16, ctypes.c_void_p(c.ctypes.data))
    assert not c.any()


def assembled(gxx: str, folder: Path, *flags: str) -> str:
    """What the compiler makes of the source for a processor with matrix units, as assembler."""
    command = [gxx, *FLAGS, "-march=sapphirerapids", *flags]
    if subprocess.run([gxx, "-march=sapphirerapids", "-E", "-x", "c++", "/dev/null"], capture_output=True).returncode:
        pytest.skip("the compiler knows no processor with matrix units")
    subprocess.run([*command, "-S", "-o", "source.s", "source.cpp"], cwd=folder, check=True)
    subprocess.run([*command, "-o", "source.so", "source.s"], cwd=folder, check=True)  # the assembler takes it, too
    return (folder / "source.s").read_text()


def test_the_instructions_compile_with_the_right_operands(gxx, source):
    """On any x86 machine; they are not run."""
    text = assembled(gxx, source)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    words = [line.split()[0] for line in lines if line]
    for instruction in ("ldtilecfg", "tileloadd", "tilezero", "tilestored", "tdpbf16ps", "tilerelease"):
        assert instruction in words, instruction
    assert "tdpbf16ps %tmm5, %tmm7, %tmm2" in lines  # B, A, C
    assert any(line.startswith("tileloadd (%") and line.endswith("), %tmm7") for line in lines)
    assert any(line.startswith("tilestored %tmm2, (%") for line in lines)


@pytest.mark.slow
def test_all_kernels_compile_for_matrix_units(gxx, source):
    for path in KERNELS.glob("*.h"):
        shutil.copy(path, source)
    (source / "source.cpp").write_text("".join(path.read_text() for path in KERNELS.glob("*.cpp")))
    text = assembled(gxx, source, *NATIVE.flags[1:])  # users', but for -march=native
    assert text.count("tdpbf16ps") > 500 and "_ZN6reslab7Network5trainEi" in text


@pytest.mark.parametrize("flag", ["-DRESLAB_PLAIN", "-DRESLAB_FP32", "-DRESLAB_NO_TILES", ""])
def test_other_variants_have_no_tiles(gxx, source, flag):
    """And only those without them have Winograd's products."""
    tiled = int(not flag)
    asserted = f"static_assert(RESLAB_AMX == {tiled} && RESLAB_TRANSFORMED == {1 - tiled});"
    (source / "source.cpp").write_text(f'#include "tiles.h"\n{asserted}\n')
    assembled(gxx, source, "-DRESLAB_WINOGRAD", *flag.split())


REFUSED = (*EMULATED, "-DRESLAB_TILES_REFUSED")


def test_a_process_that_may_not_use_them_gets_other_kernels(source, new_process):
    """Where the operating system refuses, the library is never entered further than that question."""
    plain = Variant("plain", ("-DRESLAB_NO_TILES",))
    kernels = {"kernels": source}
    (source / "source.cpp").write_text(READY.replace("INTERFACE", str(ABI)))
    assert library(Variant("allowed", EMULATED, otherwise=plain), **kernels).amx() == 1
    refused = Variant("refused", REFUSED, otherwise=plain)
    for _ in range(2):
        assert library(refused, **kernels).amx() == 0
        new_process()


def test_nobody_else_asks_for_permission():
    assert NATIVE.otherwise is not None and "-DRESLAB_NO_TILES" in NATIVE.otherwise.flags
    assert NATIVE.otherwise.otherwise is PLAIN.otherwise is EXACT.otherwise is None
