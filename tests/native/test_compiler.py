"""Whatever the compiler is or does, it ends in time, in success or in one sentence."""

import os
import signal
import time

import pytest

from reslab.errors import ReslabError
from reslab.native import Unavailable, compiler, library
from reslab.native.compiler import Compiler, find_compiler

pytestmark = pytest.mark.usefixtures("new_process")  # no test knows what another one built


def reason(kernels) -> str:
    """Why there is no library, which must be one line."""
    with pytest.raises(Unavailable) as caught:
        library(kernels=kernels)
    assert isinstance(caught.value, ReslabError)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize("names", [["g++", "clang++", "c++"], ["clang++", "c++"], ["c++"]])
def test_the_first_of_three_that_exists(script, tmp_path, monkeypatch, names):
    for name in names:
        script("echo 1.2", name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_compiler().command == (str(tmp_path / "bin" / names[0]),)


def test_a_compiler_on_a_relative_path_is_found_from_anywhere(script, tmp_path, monkeypatch):
    script("echo 1.2", "g++")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "bin")
    assert find_compiler().command == (str(tmp_path / "bin" / "g++"),)


def test_cxx_goes_before_and_may_carry_options(script, monkeypatch):
    place = script("echo 1.2")
    monkeypatch.setenv("CXX", f"{place} -m64 '-I a b'")
    assert find_compiler().command == (str(place), "-m64", "-I a b")
    assert str(find_compiler()) == "fake-c++ -m64 -I a b 1.2"


def test_a_path_with_spaces(script, tmp_path, monkeypatch):
    place = script("echo 1.2", folder=tmp_path / "my tools")
    monkeypatch.setenv("CXX", str(place))
    assert find_compiler().command == (str(place),)


def test_an_empty_cxx_names_nothing(script, tmp_path, monkeypatch):
    script("echo 1.2", "c++")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("CXX", " ")
    assert find_compiler().command == (str(tmp_path / "bin" / "c++"),)


@pytest.mark.parametrize(
    ("version", "called"),
    [
        ("g++ (Debian 12.2.0-14+deb12u1) 12.2.0\nCopyright 3.14", "g++ 12.2"),
        ("g++ (crosstool-NG 1.24.0) 9.3.0", "g++ 9.3"),
        ("Apple clang version 15.0.0 (clang-1500.3.9.4)", "g++ 15.0"),
        ("homemade", "g++"),
    ],
)
def test_it_is_called_by_its_name_and_version(version, called):
    assert str(Compiler(("/usr/bin/g++",), version)) == called


def test_no_compiler(kernels, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert reason(kernels) == "no C++ compiler (g++, clang++ or c++) was found"


@pytest.mark.parametrize("named", ["/no/such/g++", "no-such-compiler -O1", "'open"])
def test_cxx_that_is_not_there(kernels, monkeypatch, named):
    monkeypatch.setenv("CXX", named)
    assert reason(kernels) == f"the C++ compiler that $CXX names ({named}) was not found"


def test_cxx_that_is_no_text(kernels, monkeypatch):
    monkeypatch.setenv("CXX", "/no/such/\udcff++")  # a byte that is not UTF-8
    assert "/no/such/ ++" in reason(kernels)


# What the compiler does when asked to compile -> what is said of it.
BROKEN = {
    "silent": ("exit 3", "the compiler fake-c++ 9.4 failed: exit status 3, without a word"),
    "mumbling": (
        "echo 'g++ (Fakes) 1.2'; exit 1",
        "the compiler fake-c++ 9.4 failed: exit status 1, after 'g++ (Fakes) 1.2'",
    ),
    "old": (
        "echo \"g++: error: unrecognized command line option '-std=c++20'\" >&2; exit 1",
        "the compiler fake-c++ 9.4 failed: g++: error: unrecognized command line option '-std=c++20'",
    ),
    "no native": (
        "echo 'In file included from x:'; echo \"cc1plus: error: bad value ('native') for '-march=' switch\"; exit 1",
        "the compiler fake-c++ 9.4 failed: cc1plus: error: bad value ('native') for '-march=' switch",
    ),
    "linker": (
        "echo 'a.cpp:1: warning: error is unused'; echo \"x.cpp: undefined reference to 'f'\";"
        "echo 'collect2: error: ld returned 1 exit status'; exit 1",
        "the compiler fake-c++ 9.4 failed: x.cpp: undefined reference to 'f'",
    ),
    "full disk": (
        'echo "Assembler messages:"; echo "$TMPDIR/x.s: Fatal error: cannot write $TMPDIR/x.o: No space left"; exit 1',
        "the compiler fake-c++ 9.4 failed: x.s: Fatal error: cannot write x.o: No space left",
    ),
    "no text": (
        r"printf 'x: \033[1;31merror:\033[0m \377\376 bad\a\n'; exit 1",
        "the compiler fake-c++ 9.4 failed: x: error: \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} bad",
    ),
    "crash": ("kill -SEGV $$", "the compiler fake-c++ 9.4 was ended by SIGSEGV"),
    "out of memory": ("kill -KILL $$", "the compiler fake-c++ 9.4 was ended by SIGKILL"),
    "nothing made": ("exit 0", "the compiler fake-c++ 9.4 made no library"),
    "garbage made": ("echo garbage > kernels.so", "the compiled kernels cannot be loaded: "),
}


@pytest.mark.parametrize("body, said", BROKEN.values(), ids=BROKEN)
def test_a_broken_compiler_is_a_reason_and_leaves_nothing(kernels, fake, shelf, body, said):
    fake(body)
    assert reason(kernels).startswith(said)
    assert [path for path in shelf.iterdir() if path.suffix != ".lock"] == []


def test_a_long_message_is_cut(kernels, fake):
    fake("printf 'error: %05000d' 0; exit 1")
    assert len(reason(kernels)) < 400


def test_a_program_that_cannot_be_started(kernels, tmp_path, monkeypatch):
    place = tmp_path / "g++"
    place.write_bytes(b"\x7fELF for no machine")
    place.chmod(0o755)
    monkeypatch.setenv("CXX", str(place))
    assert reason(kernels) == "the compiler g++, asked for its version, cannot be started: Exec format error"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("echo 'xcrun: error: no developer tools'; exit 1", "xcrun: error: no developer tools"),
        ("echo 'false (GNU coreutils) 9.1'; exit 1", "exit status 1, after 'false (GNU coreutils) 9.1'"),
        ("exit 127", "exit status 127, without a word"),
    ],
)
def test_a_compiler_that_does_not_know_its_version(kernels, script, monkeypatch, body, why):
    monkeypatch.setenv("CXX", str(script(body, "g++")))
    assert reason(kernels) == f"the compiler g++, asked for its version, failed: {why}"


def hanging(tmp_path):
    """A shell's body that starts another process and hangs; both show that they live."""
    beat = f'while :; do echo >> "{tmp_path}/beat"; sleep 0.02; done'
    return f"({beat}) & {beat}"


def assert_still(tmp_path):
    beat = tmp_path / "beat"
    then = beat.stat().st_size
    time.sleep(0.2)
    assert beat.stat().st_size == then > 0


def test_a_compiler_that_hangs_is_ended_with_all_that_it_started(kernels, fake, tmp_path, monkeypatch):
    monkeypatch.setattr(compiler, "COMPILE_S", 1.0)
    monkeypatch.setattr(compiler, "VERSION_S", 1.0)
    fake(hanging(tmp_path))
    assert reason(kernels) == "the compiler fake-c++ 9.4 did not finish within 1 seconds"
    assert_still(tmp_path)


def test_a_compiler_that_hangs_when_asked_for_its_version(kernels, script, tmp_path, monkeypatch):
    monkeypatch.setattr(compiler, "VERSION_S", 1.0)
    monkeypatch.setenv("CXX", str(script(hanging(tmp_path))))
    assert reason(kernels) == "the compiler fake-c++, asked for its version, did not finish within 1 seconds"
    assert_still(tmp_path)


def test_ctrl_c_ends_the_compiler(kernels, fake, tmp_path, monkeypatch):
    def pressed(process, timeout):
        while not (tmp_path / "beat").exists():
            time.sleep(0.01)
        monkeypatch.undo()
        raise KeyboardInterrupt

    fake(hanging(tmp_path))
    found = find_compiler()
    monkeypatch.setattr(compiler.subprocess.Popen, "wait", pressed)
    with pytest.raises(KeyboardInterrupt):
        found.compile([], tmp_path)
    assert_still(tmp_path)


def test_a_process_that_is_left_behind_does_not_keep_us(kernels, fake, tmp_path):
    fake(f'sleep 60 & echo $! > "{tmp_path}/pid"; exit 1')
    begun = time.monotonic()
    assert "exit status 1" in reason(kernels)
    assert time.monotonic() - begun < 30
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_messages_are_in_english_and_temporary_files_in_the_folder(fake, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    fake(f'echo "$LC_ALL $TMPDIR $PWD" > "{tmp_path}/seen"')
    find_compiler().compile([], tmp_path)
    assert (tmp_path / "seen").read_text().split() == ["C", str(tmp_path), os.path.realpath(tmp_path)]
