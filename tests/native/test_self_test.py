"""Kernels that crash or compute something else are not used; what they should compute is what PyTorch does."""

import json
import shutil

import pytest

from reslab.engine import this_machine
from reslab.engine.native_engine import geometry_of
from reslab.native import ABI, FP32, NATIVE, Unavailable, library, tier
from reslab.native.build import KERNELS
from reslab.native.known_answer import answers, geometry
from reslab.native.self_test import KNOWN, distances, main, wrong
from tests.native.conftest import built
from tests.native.known_answers import net, pytorchs

# The functions of the kernels' interface; BODY is what a step does.
SOURCE = """\
#include <cstring>
extern "C" {{
int reslab_abi() {{ return {abi}; }}
int reslab_ready() {{ return {ready}; }}
int reslab_tier() {{ return 5; }}
const char* reslab_reason() {{ return ""; }}
int reslab_create(void** network, ...) {{ static int made; *network = &made; return 0; }}
void reslab_destroy(void*) {{}}
int reslab_step(...) {{ {body} return 0; }}
int reslab_evaluate(...) {{ return 0; }}
int reslab_peak(int, double, double*) {{ return 0; }}
}}
"""


@pytest.fixture
def known() -> dict[str, list[float]]:
    return json.loads(KNOWN.read_text())


@pytest.fixture
def kernels(tmp_path, gxx):
    def make(body: str = "", ready: int = 1):
        folder = tmp_path / "kernels"
        folder.mkdir()
        (folder / "api.cpp").write_text(SOURCE.format(abi=ABI, ready=ready, body=body))
        return folder

    return make


def test_the_known_answers_are_pytorchs(known):
    assert max(distances(pytorchs(), known).values()) < 1e-4


def test_the_net_is_one_of_ours():
    assert geometry() == geometry_of(net())[0]


@pytest.mark.parametrize("variant", [FP32, NATIVE], ids=lambda variant: variant.name)
def test_the_kernels_know_the_answer(known, variant):
    kernels = built(variant)
    assert wrong(answers(kernels), known, tier(kernels).startswith("fp32")) == []


@pytest.mark.parametrize("exact", [True, False])
def test_what_is_wrong_is_named_the_worst_first(known, exact):
    found = known | {"gradient 3": [1.5 * v for v in known["gradient 3"]], "losses": [float("nan")] * 5}
    first, second = wrong(found, known, exact)
    assert first.startswith("losses by inf") and second.startswith("gradient 3 by 0.5")


def test_kernels_that_compute_something_else_are_not_used(kernels, new_process, shelf):
    with pytest.raises(Unavailable, match=r"they do not compute what they should .*(losses|gradient)"):
        library(FP32, kernels=kernels())
    assert not list(shelf.glob("*.so"))


def test_kernels_that_crash_are_not_used(kernels, new_process, shelf):
    with pytest.raises(Unavailable, match=r"trial of the compiled kernels was ended by SIG(ILL|TRAP|ABRT)"):
        library(FP32, kernels=kernels("__builtin_trap();"))
    assert not list(shelf.glob("*.so"))


def test_kernels_that_may_not_be_used_are_not_tried(kernels, new_process, shelf):
    library(FP32, kernels=kernels("__builtin_trap();", ready=0))
    (made,) = shelf.glob("*.so")
    assert main(str(made)) is None


@pytest.mark.slow
@pytest.mark.parametrize("variant", [FP32, NATIVE], ids=lambda variant: variant.name)
def test_one_wrong_factor_of_a_transform_is_found(tmp_path, new_process, shelf, gxx, variant):
    if variant == NATIVE and "amx_bf16" in this_machine().features:
        pytest.skip("matrix units transform nothing")
    kernels = tmp_path / "kernels"
    shutil.copytree(KERNELS, kernels)
    source = kernels / "winograd.h"
    right, text = "fma(eight, far_difference, difference)", source.read_text()
    assert right in text
    source.write_text(text.replace(right, "fma(four, far_difference, difference)"))
    with pytest.raises(Unavailable, match="they do not compute what they should"):
        library(variant, kernels=kernels)
