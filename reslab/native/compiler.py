"""The user's C++ compiler: which one there is, and a run of it that ends in time, in success or in one sentence."""

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from reslab.errors import ReslabError

COMPILERS = ("g++", "clang++", "c++")  # the first that exists, unless $CXX names one
COMPILE_S = 300.0  # a compiler that takes longer is given up
VERSION_S = 60.0  # to tell its version, or to preprocess
SHOWN = 300  # characters of a compiler's message
READ = 1 << 20  # bytes of it; the first error comes early
ERROR = re.compile(r"\b(error|cannot|can't|undefined|failed)\b", re.IGNORECASE)
NO_ERROR = re.compile(r"\bwarning:|\bnote:|ld returned")  # the last of them only says that there was an error before


class Unavailable(ReslabError):  # noqa: N818 - no mistake of anybody's, but how it is on this machine
    """The native kernels cannot be had here, for a reason in one sentence; PyTorch does the same work."""


@dataclass(frozen=True)
class Compiler:
    """A compiler that starts: the words that start it, an absolute path first, and all that it says of its version."""

    command: tuple[str, ...]
    version: str

    def __str__(self) -> str:
        """As one calls it: "g++ 12.2"."""
        # What stands in parentheses is the maker's own numbering: "g++ (Debian 12.2.0-14) 12.2.0".
        number = re.search(r"\d+\.\d+", re.sub(r"\(.*?\)", "", self.version.partition("\n")[0]))
        return _called(self.command) + (f" {number[0]}" if number else "")

    @property
    def is_gnu(self) -> bool:
        """Is it GCC, by whatever name it goes?"""
        return "Free Software Foundation" in self.version

    def compile(self, arguments: Sequence[str], folder: Path) -> None:
        """Run with these arguments in `folder`, temporary files included. Raises Unavailable unless it succeeds."""
        run_to_end(f"the compiler {self}", [*self.command, *arguments], COMPILE_S, folder)

    def preprocess(self, arguments: Sequence[str], folder: Path) -> None:
        """Likewise, but only read the sources, macros replaced and without their lines' numbers."""
        run_to_end(f"the compiler {self}", [*self.command, *arguments, "-E", "-P"], VERSION_S, folder)


def find_compiler() -> Compiler:
    """$CXX if set, which may carry options, else the first of g++, clang++, c++. Raises Unavailable without one."""
    command = compiler_command()
    version = run_to_end(f"the compiler {_called(command)}, asked for its version,", [*command, "--version"], VERSION_S)
    return Compiler(command, version)


def compiler_command() -> tuple[str, ...]:
    """The words that start that compiler, which is not started yet. Raises Unavailable without one."""
    named = os.environ.get("CXX", "").strip()
    if not named:
        found = next((found for name in COMPILERS if (found := shutil.which(name))), None)
        if found is None:
            raise Unavailable(f"no C++ compiler ({', '.join(COMPILERS[:-1])} or {COMPILERS[-1]}) was found")
        return (os.path.abspath(found),)  # noqa: PTH100 - PATH may hold relative folders; links stay as they are
    try:
        words = [named] if shutil.which(named) else shlex.split(named)  # a path with spaces, or "ccache g++"
    except ValueError:  # quotes that do not close
        words = [named]
    found = shutil.which(words[0])
    if found is None:
        raise Unavailable(f"the C++ compiler that $CXX names ({_plain(named)}) was not found")
    return (os.path.abspath(found), *words[1:])  # noqa: PTH100


def _called(command: Sequence[str]) -> str:
    return _plain(" ".join([Path(command[0]).name, *command[1:]]))


def run_to_end(
    who: str,
    command: Sequence[str],
    seconds: float,
    folder: Path | None = None,
    surroundings: Mapping[str, str] | None = None,
) -> str:
    """All that the command prints, once it succeeded. Raises Unavailable where it does not, or not in time.

    It runs in `folder`, where its temporary files lie, too, with the variables `surroundings` besides our own.
    """
    variables = os.environ | {"LC_ALL": "C"} | ({"TMPDIR": str(folder)} if folder else {}) | dict(surroundings or {})
    with TemporaryFile() as output:  # not a pipe: a process that it leaves behind would keep that open
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise Unavailable(f"{who} cannot be started: {error.strerror or error}") from error
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"{who} did not finish within {seconds:g} seconds") from error
        finally:
            _end(process)
        output.seek(0)
        said = output.read(READ).decode(errors="replace").replace(f"{folder}/", "")
    if code < 0:
        raise Unavailable(f"{who} was ended by {_signal(-code)}")
    if code > 0:
        raise Unavailable(f"{who} failed: {_first_error(said) or _ending(code, said)}")
    return said


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing goes on after a time-out or Ctrl-C: neither the driver nor the compiler that it started."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _first_error(said: str) -> str:
    """The first line that says what was wrong; empty where none does."""
    return next((line for line in _lines(said) if ERROR.search(line) and not NO_ERROR.search(line)), "")


def _ending(code: int, said: str) -> str:
    """Where no line says what was wrong: what it may be is seen only beside how it ended."""
    return f"exit status {code}, " + next((f"after '{line}'" for line in _lines(said)), "without a word")


def _lines(said: str) -> list[str]:
    lines = [line for line in map(_plain, said.splitlines()) if line]
    return [line if len(line) <= SHOWN else line[: SHOWN - 1] + "…" for line in lines]


def _plain(text: str) -> str:
    """One line that any terminal can show: without colours, control characters, or bytes that are no text."""
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    return "".join(c if c.isprintable() else " " for c in text).strip()
