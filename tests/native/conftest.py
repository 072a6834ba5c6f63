"""A stand-in for the kernels, compilers that are small shell scripts, and other processes that want the library."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from reslab.native import ABI, NATIVE, Variant, build
from reslab.native.compiler import COMPILERS

# The tier of matrix units, on any processor: Winograd's flag, which users' builds have, changes nothing there.
TILES = Variant("tiles", ("-march=native", "-DRESLAB_WINOGRAD", "-DRESLAB_TILES_EMULATED"))
# AVX-512 as on processors without instructions for bf16; where there is no AVX-512, as NATIVE without matrix units.
UNITLESS = replace(
    NATIVE, name="unitless", otherwise=None, flags=(*NATIVE.flags, "-DRESLAB_NO_TILES", "-DRESLAB_NO_BF16")
)

SOURCE = """\
#include "number.h"
extern "C" int reslab_abi() { return ABI; }
extern "C" int reslab_ready() { return 1; }
extern "C" int number() { return NUMBER; }
#ifdef RESLAB_PLAIN
extern "C" int plain() { return 1; }
#else
extern "C" int plain() { return 0; }
#endif
""".replace("ABI", str(ABI))

OTHER_PROCESS = """\
import json, sys
from pathlib import Path
from reslab.native import Unavailable, build, library

build.self_test = lambda library: None
said = []

def say(line):
    said.append(line)
    print(line, file=sys.stderr, flush=True)

try:
    number, reason = library(say=say, kernels=Path(sys.argv[1])).number(), None
except Unavailable as error:
    number, reason = None, str(error)
print(json.dumps({"number": number, "reason": reason, "said": said}))
"""


@pytest.fixture
def new_process(monkeypatch) -> Callable[[], None]:
    """No test knows what another one built; called, it makes this process forget what it built."""
    monkeypatch.delenv("CXX", raising=False)
    (Path(os.environ["RESLAB_CACHE"]) / "native").unlink()  # what other tests share

    def forget() -> None:
        monkeypatch.setattr(build, "_known", {})

    forget()
    return forget


@pytest.fixture
def untried(monkeypatch) -> None:
    """For kernels that compute no net, and so have no known answer."""
    monkeypatch.setattr(build, "self_test", lambda library: None)


@pytest.fixture
def kernels(tmp_path, untried) -> Path:
    folder = tmp_path / "kernels"
    folder.mkdir()
    (folder / "api.cpp").write_text(SOURCE)
    (folder / "number.h").write_text("#define NUMBER 7\n")
    return folder


@pytest.fixture
def shelf(own_caches) -> Path:
    return Path(os.environ["RESLAB_CACHE"]) / "native"


def some_compiler() -> str | None:
    return next((found for name in COMPILERS if (found := shutil.which(name))), None)


def built(variant: Variant) -> ctypes.CDLL:
    """The kernels as `variant`; where there is no compiler, the test is skipped, and where there is, it must do."""
    if some_compiler() is None:
        pytest.skip("needs a C++ compiler")
    return build.library(variant)


@pytest.fixture
def gxx() -> str:
    """A compiler that works."""
    found = some_compiler()
    if found is None:
        pytest.skip("needs a C++ compiler")
    return found


@pytest.fixture
def script(tmp_path) -> Callable[..., Path]:
    """script(body, name="c++") -> a program in a folder of its own that does what the shell does with `body`."""

    def make(body: str, name: str = "fake-c++", folder: Path | None = None) -> Path:
        place = (folder or tmp_path / "bin") / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"#!/bin/sh\n{body}\n")
        place.chmod(0o755)
        return place

    return make


@pytest.fixture
def fake(script, monkeypatch) -> Callable[..., Path]:
    """fake(body, version="...") -> $CXX is now a compiler that says its version, and for the rest runs `body`."""

    def make(body: str, version: str = "fake-c++ (Fakes 1.2.3) 9.4.0") -> Path:
        place = script(f'case " $* " in *" --version "*) echo "{version}"; exit 0;; esac\n{body}')
        monkeypatch.setenv("CXX", str(place))
        return place

    return make


@dataclass
class Logged:
    """A real compiler that notes each of its runs; told to, it stops in the middle of the next."""

    folder: Path
    place: Path = field(init=False)

    @property
    def runs(self) -> list[str]:
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def compilations(self) -> list[str]:
        """The runs that made something, or tried to."""
        return [run for run in self.runs if "-E" not in run.split()]

    def block(self) -> None:
        """The next run stops in the middle."""
        (self.folder / "block").touch()

    def is_blocked(self) -> bool:
        return (self.folder / "blocked").exists()

    def go(self) -> None:
        """Let it go on."""
        (self.folder / "blocked").unlink(missing_ok=True)


@pytest.fixture
def logged(tmp_path, gxx, fake) -> Iterator[Logged]:
    """$CXX is now a real compiler, watched."""
    logged = Logged(tmp_path / "logged")
    logged.folder.mkdir()
    logged.place = fake(
        f'log_to="{logged.folder}"\n'
        'echo "$@" >> "$log_to/log"\n'
        'if mv "$log_to/block" "$log_to/blocked" 2>/dev/null; then\n'
        "  echo half > kernels.so\n"
        '  n=0; while [ -e "$log_to/blocked" ] && [ $n -lt 400 ]; do sleep 0.05; n=$((n+1)); done\n'
        "fi\n"
        f'exec "{gxx}" "$@"'
    )
    yield logged
    logged.go()


class Other:
    """Another process that wants the library."""

    def __init__(self, kernels: Path) -> None:
        command = [sys.executable, "-c", OTHER_PROCESS, str(kernels)]
        surroundings = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings
        )

    def hears(self) -> str:
        """The next line that is said there."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def result(self) -> dict:
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        return json.loads(out)


@pytest.fixture
def other(kernels):
    """other() -> a process that has started to ask for the library; all of them are ended with the test."""
    started: list[Other] = []

    def start() -> Other:
        started.append(Other(kernels))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)
