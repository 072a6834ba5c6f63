"""Looks for accesses out of bounds, undefined behaviour and races in the kernels, by the compiler's sanitizers.

python -m tests.native.sanitize [--variant fp32]... [--sanitizer address]...

Each variant of the kernels is compiled with driver.cpp, which takes steps and evaluates with small nets: every
shortcut, odd batches, also smaller than the threads, 1 to 4 threads, crops over every border. Exits with 0 where
nothing is found, 1 with the sanitizer's report, 2 where the compiler has no sanitizers or they do not run here.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from reslab.engine.native_engine import geometry_of
from reslab.errors import ReslabError, UsageError
from reslab.native import EXACT, FP32, NATIVE, PLAIN
from reslab.native.build import FLAGS, KERNELS, _spelt_here
from reslab.native.compiler import Compiler, Unavailable, find_compiler
from reslab.native.network import OPTIONS
from reslab.nets import spec
from reslab.processor import usable_cores
from tests.native.conftest import TILES

DRIVER = Path(__file__).parent / "driver.cpp"
DEEP = ("resnet38", "A", 2)  # whose inputs are not all kept
NETS = (("plain8", None, 10), ("resnet14", "A", 10), ("resnet14", "B", 1), ("resnet14", "C", 37), DEEP)
VARIANTS = {variant.name: variant for variant in (FP32, EXACT, PLAIN, NATIVE, TILES)}
# Winograd's products with activations in fp32 and, in plain vectors, in bf16; direct ones in fp32 and, on emulated
# matrix units, in bf16. What the instructions by name do in "native" is hidden from a sanitizer.
USUAL = ("fp32", "exact", "plain", "tiles")
SANITIZERS = {"address": "address,undefined", "thread": "thread"}
# Optimised a little, nothing unrolled or always inlined, lines alone for debugging: else a sanitizer's checks take the
# compiler many minutes.
OPTIONS_OF_COMPILER = (*(f for f in FLAGS if f not in ("-O3", "-shared", "-fPIC")), "-O1", "-g1", "-DRESLAB_WATCHED")
SURROUNDINGS = {"UBSAN_OPTIONS": "print_stacktrace=1", "TSAN_OPTIONS": "halt_on_error=1"}
NOTHING = "int main() { return 0; }\n"


class Found(ReslabError):  # noqa: N818 - what the check is for
    """A sanitizer found something, or the program did not come to its end: with all that it said."""


def flags_of(sanitizer: str) -> list[str]:
    return [*OPTIONS_OF_COMPILER, f"-fsanitize={SANITIZERS[sanitizer]}", "-fno-sanitize-recover=all"]


def compiled(compiler: Compiler, flags: Sequence[str], sources: Sequence[Path], folder: Path) -> Path:
    """A program of these sources, in `folder`. Raises UsageError with the compiler's words where it makes none."""

    def run(*arguments: str) -> None:
        made = subprocess.run([*compiler.command, *flags, *arguments], capture_output=True, text=True)
        if made.returncode:
            raise UsageError(f"the compiler {compiler} fails ({' '.join(flags)}):\n{made.stderr}")

    objects = [folder / f"{source.stem}.o" for source in sources]
    with ThreadPoolExecutor(usable_cores()) as pool:
        list(pool.map(lambda source, made: run("-c", "-o", str(made), str(source)), sources, objects))
    program = folder / "program"
    run("-o", str(program), *map(str, objects))
    return program


def watched(program: Path, *arguments: str) -> str:
    """What the program prints. Raises Found where it ends otherwise than with 0."""
    command = [str(program), *arguments]
    if setarch := shutil.which("setarch"):  # addresses at random may lie where a sanitizer wants to have its own
        command = [setarch, "--addr-no-randomize", *command]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | SURROUNDINGS)
    if run.returncode:
        raise Found(f"{program.name} ended with {run.returncode}:\n{run.stdout}{run.stderr}")
    return run.stdout


def check_sanitizer(compiler: Compiler, sanitizer: str, folder: Path) -> None:
    """Raises UsageError where the compiler has no such sanitizer, or a program with it does not run here."""
    source = folder / "nothing.cpp"
    source.write_text(NOTHING)
    try:
        watched(compiled(compiler, flags_of(sanitizer), [source], folder))
    except ReslabError as error:
        raise UsageError(
            f"the {sanitizer} sanitizer cannot be used with {compiler} here: install it (of g++: libasan, libubsan, "
            f"libtsan; of clang++: compiler-rt), or name another compiler by $CXX\n{error}"
        ) from error


def check_kernels(compiler: Compiler, name: str, sanitizer: str, folder: Path, kernels: Path = KERNELS) -> str:
    """One line on what was run of a variant, with nothing found. Raises Found."""
    variant = VARIANTS[name]
    flags = [*flags_of(sanitizer), *map(_spelt_here, variant.flags), "-I", str(kernels)]
    program = compiled(compiler, flags, [*sorted(kernels.glob("*.cpp")), DRIVER], folder)
    cases = folder / "cases"
    cases.write_text("".join(f"{case(*net)}\n" for net in NETS))
    return (
        f"{name}, {SANITIZERS[sanitizer]}: {watched(program, str(cases)).strip()} steps and evaluations, nothing found"
    )


def case(name: str, shortcut: str | None, classes: int) -> str:
    """A net as driver.cpp reads it."""
    geometry, _, _ = geometry_of(replace(spec(name, shortcut, 10, 32), classes=classes))
    head = (geometry.parameters, geometry.statistics, *geometry.head)
    numbers = [*geometry.blocks, OPTIONS[geometry.shortcut], classes, *head, len(geometry.layers)]
    return " ".join(map(str, [*numbers, *(offset for layer in geometry.layers for offset in layer)]))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", action="append", choices=VARIANTS, help=f"without it: {', '.join(USUAL)}")
    parser.add_argument("--sanitizer", action="append", choices=SANITIZERS, help="without it: all of them")
    asked = parser.parse_args(arguments)
    sanitizers = asked.sanitizer or list(SANITIZERS)
    try:
        compiler = find_compiler()
        with TemporaryDirectory(prefix="reslab-") as folder:
            for sanitizer in sanitizers:
                check_sanitizer(compiler, sanitizer, Path(folder))
            for name in asked.variant or USUAL:
                for sanitizer in sanitizers:
                    print(check_kernels(compiler, name, sanitizer, Path(folder)), flush=True)
    except (Found, UsageError, Unavailable) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, Found) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
