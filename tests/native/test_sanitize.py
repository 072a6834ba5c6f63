"""What the check of the kernels under sanitizers would find, it finds; and it says where it cannot look."""

from functools import cache

import pytest

from reslab.errors import UsageError
from reslab.native import Unavailable
from reslab.native.build import KERNELS
from reslab.native.compiler import find_compiler
from reslab.native.network import OPTIONS
from tests.native import sanitize
from tests.native.sanitize import NETS, SANITIZERS, Found, case, check_sanitizer, compiled, flags_of, watched

SOUND = """\
#include <thread>
#include <vector>
#include "fence.h"
struct Two { int first[4] = {}; [[no_unique_address]] reslab::Fence fence; int second[4] = {}; };
int main(int count, char** arguments) {
    std::vector<int> values(4);
    Two two;
    int one = 0, other = 0;
    std::thread beside([&] { one = count; });
    int* shared = count > 1 && arguments[1][0] == 'r' ? &one : &other;
    *shared = 3;
    beside.join();
    if (count > 1 && arguments[1][0] == 'b') return values.data()[3 + count];
    if (count > 1 && arguments[1][0] == 'f') return two.first[2 + count] + two.second[0];
    volatile int most = 0x7fffffff;
    if (count > 1 && arguments[1][0] == 'o') return most + count == 0;
    return 0;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """program(sanitizer) -> a small program that errs as its argument says, watched by that sanitizer."""

    @cache
    def make(sanitizer: str):
        folder = tmp_path_factory.mktemp(sanitizer)
        try:
            compiler = find_compiler()
            check_sanitizer(compiler, sanitizer, folder)
        except (Unavailable, UsageError) as reason:
            pytest.skip(str(reason))
        source = folder / "small.cpp"
        source.write_text(SOUND)
        return compiled(compiler, [*flags_of(sanitizer), "-I", str(KERNELS)], [source], folder)

    return make


@pytest.mark.parametrize(
    ("sanitizer", "fault", "words"),
    [
        ("address", "bounds", "heap-buffer-overflow"),
        ("address", "fence", "use-after-poison|out of bounds"),
        ("address", "overflow", "signed integer overflow"),
        ("thread", "race", "data race"),
    ],
)
def test_what_is_wrong_is_found(program, sanitizer, fault, words):
    made = program(sanitizer)
    assert watched(made) == ""
    with pytest.raises(Found, match=words):
        watched(made, fault)


@pytest.mark.parametrize("sanitizer", SANITIZERS)
def test_a_compiler_without_sanitizers_is_named(fake, capsys, sanitizer):
    fake('echo "unrecognized option -fsanitize" >&2; exit 1')
    assert sanitize.main(["--sanitizer", sanitizer]) == 2
    said = capsys.readouterr()
    assert f"the {sanitizer} sanitizer cannot be used with fake-c++ 9.4" in said.err and not said.out


def test_nets_of_the_check_have_every_shortcut():
    assert {shortcut for _, shortcut, _ in NETS} == set(OPTIONS)
    numbers = case("plain8", None, 10).split()
    assert numbers[:5] == ["1", "1", "1", "0", "10"] and len(numbers) == 10 + 5 * 7
