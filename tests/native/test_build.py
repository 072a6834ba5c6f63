"""The library is made once, is whole, and is of this machine; where it cannot be had, there is a reason."""

import ctypes
import errno
import os
import platform
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from filelock import FileLock

from reslab.native import ABI, NATIVE, PLAIN, Unavailable, Variant, build, library
from tests.native.conftest import SOURCE, wait_until

pytestmark = pytest.mark.usefixtures("new_process")  # no test knows what another one built


def libraries(shelf: Path) -> list[str]:
    return sorted(path.name for path in shelf.glob("*.so"))


def leftovers(shelf: Path) -> list[str]:
    return sorted(path.name for path in shelf.glob(".*.part"))


def test_it_is_compiled_with_one_word_and_then_the_same_object(kernels, logged):
    said = []
    made = library(say=said.append, kernels=kernels)
    assert made.reslab_abi() == ABI and made.number() == 7
    assert said == ["compiling the native kernels with fake-c++ 9.4: up to a minute, once"]
    assert library(say=said.append, kernels=kernels) is made
    assert len(said) == len(logged.runs) == 1


def test_what_is_asked_of_the_compiler(kernels, logged):
    (kernels / "more.cpp").write_text("int more() { return 1; }\n")
    library(kernels=kernels)
    *each, last = (run.split() for run in logged.runs)
    for arguments in (*each, last):
        for flag in ("-std=c++20", "-O3", "-fno-math-errno", "-shared", "-fPIC", "-pthread"):
            assert flag in arguments
    assert sorted(arguments[-4:] for arguments in each) == [
        ["-c", "-o", f"{name}.o", name] for name in ("api.cpp", "more.cpp")
    ]
    assert last[-2:] == ["api.cpp.o", "more.cpp.o"]


def test_one_file_that_does_not_compile_is_named(kernels, gxx):
    (kernels / "more.cpp").write_text("int more() { return nothing; }\n")
    with pytest.raises(Unavailable, match=r"more\.cpp.*nothing"):
        library(kernels=kernels)


def test_another_process_finds_it_and_says_nothing(kernels, logged, other, shelf):
    library(kernels=kernels)
    assert other().result() == {"number": 7, "reason": None, "said": []}
    assert len(logged.runs) == 1
    assert len(libraries(shelf)) == 1 and leftovers(shelf) == []


def test_warnings_are_not_the_users(kernels, logged):
    (kernels / "api.cpp").write_text(SOURCE + "static int idle(int unused) { }\n")
    said = []
    strict = Variant("strict", ("-Wall", "-Wextra"))
    assert library(strict, said.append, kernels).number() == 7
    assert len(said) == 1


def test_variants_live_side_by_side(kernels, gxx):
    assert library(PLAIN, kernels=kernels).plain() == 1
    assert library(NATIVE, kernels=kernels).plain() == 0


def test_variants_share_no_variable(kernels, gxx):
    counter = "inline int& counter() { static int count = 0; return count; }\n"
    (kernels / "api.cpp").write_text(SOURCE + counter + 'extern "C" int count() { return ++counter(); }\n')
    one, other = library(NATIVE, kernels=kernels), library(PLAIN, kernels=kernels)
    assert [one.count(), one.count(), other.count()] == [1, 2, 1]


@pytest.mark.parametrize(
    ("machine", "expected"), [("arm64", "-mcpu=native"), ("aarch64", "-mcpu=native"), ("x86_64", "-march=native")]
)
def test_native_is_spelt_as_the_architecture_wants_it(kernels, fake, tmp_path, monkeypatch, machine, expected):
    fake(f'echo "$@" > "{tmp_path}/asked"; exit 1')
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(Unavailable):
        library(kernels=kernels)
    asked = (tmp_path / "asked").read_text().split()
    assert [flag for flag in asked if "native" in flag] == [expected]


# --- what it was made of and made for


def foreign_processor(monkeypatch, kernels):
    monkeypatch.setattr(build, "fingerprint", lambda: "another processor")


def other_architecture(monkeypatch, kernels):
    monkeypatch.setattr(platform, "machine", lambda: "i686")


def other_system(monkeypatch, kernels):
    monkeypatch.setattr(platform, "system", lambda: "FreeBSD")


def other_c_library(monkeypatch, kernels):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.17"))


def other_source(monkeypatch, kernels):
    (kernels / "api.cpp").write_text(SOURCE + "// changed\n")


def other_header(monkeypatch, kernels):
    (kernels / "number.h").write_text("#define NUMBER 8\n")


def one_more_header(monkeypatch, kernels):
    (kernels / "more.h").write_text("")


def other_flags(monkeypatch, kernels):
    monkeypatch.setattr(build, "FLAGS", (*build.FLAGS, "-g"))


def other_compiler(monkeypatch, kernels):
    place = Path(os.environ["CXX"])
    monkeypatch.setenv("CXX", str(place.rename(place.with_name("other-c++"))))


def other_version(monkeypatch, kernels):
    place = Path(os.environ["CXX"])
    place.write_text(place.read_text().replace("9.4.0", "9.4.1"))


def option_in_cxx(monkeypatch, kernels):
    monkeypatch.setenv("CXX", f"{os.environ['CXX']} -g")


CHANGES = [
    foreign_processor,
    other_architecture,
    other_system,
    other_c_library,
    other_source,
    other_header,
    one_more_header,
    other_flags,
    other_compiler,
    other_version,
    option_in_cxx,
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_library_of_something_else_is_not_taken(kernels, logged, shelf, other, monkeypatch, change):
    assert other().result()["number"] == 7
    change(monkeypatch, kernels)
    made = library(kernels=kernels)
    assert made.number() == (8 if change is other_header else 7)
    assert len(logged.runs) == len(libraries(shelf)) == 2
    assert len({name.rpartition("-")[0] for name in libraries(shelf)}) == 2


def test_it_is_compiled_from_what_was_hashed(kernels, gxx, monkeypatch):
    real = build.find_compiler

    def meanwhile():
        (kernels / "number.h").write_text("#define NUMBER 8\n")
        return real()

    monkeypatch.setattr(build, "find_compiler", meanwhile)
    assert library(kernels=kernels).number() == 7


# --- damage. The first library is another process's: to overwrite what is loaded here would end this one.


def cut(place):
    os.truncate(place, place.stat().st_size // 2)


def empty(place):
    place.write_bytes(b"")


def garbage(place):
    place.write_bytes(b"\0" * place.stat().st_size)


def one_bit(place):
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)


def later_part(place):
    with place.open("r+b") as file:
        file.seek(4096)  # the head of the file stays that of a library
        file.write(os.urandom(4096))


@pytest.mark.parametrize("damage", [cut, empty, garbage, one_bit, later_part])
def test_a_damaged_library_is_made_anew(kernels, logged, other, shelf, damage):
    other().result()
    (name,) = libraries(shelf)
    right = (shelf / name).read_bytes()
    damage(shelf / name)
    said = []
    assert library(say=said.append, kernels=kernels).number() == 7
    assert len(said) == 1 and len(logged.runs) == 2
    assert libraries(shelf) == [name]  # the compiler is deterministic
    assert (shelf / name).read_bytes() == right


def test_a_library_that_cannot_be_read_is_made_anew(kernels, logged, other, shelf):
    other().result()
    (name,) = libraries(shelf)
    (shelf / name).unlink()
    (shelf / name).symlink_to(shelf / name)  # a loop
    assert library(kernels=kernels).number() == 7
    assert len(logged.runs) == 2 and (shelf / name).is_file()


def test_a_whole_library_of_another_interface_is_made_anew(kernels, logged, other, shelf, gxx, tmp_path):
    other().result()
    (name,) = libraries(shelf)
    (tmp_path / "old.cpp").write_text('extern "C" int reslab_abi() { return 0; }')
    old = tmp_path / "old.so"
    subprocess.run([gxx, "-shared", "-fPIC", "-o", str(old), str(tmp_path / "old.cpp")], check=True)
    (shelf / name).unlink()
    old.rename(shelf / f"{name.rpartition('-')[0]}-{sha256(old.read_bytes()).hexdigest()}.so")
    assert library(kernels=kernels).number() == 7
    assert len(logged.runs) == 2 and libraries(shelf) == [name]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            f'extern "C" int reslab_abi() {{ return {ABI + 1}; }}',
            f"the compiled kernels have interface {ABI + 1}, and {ABI} is needed",
        ),
        ("int something() { return 1; }", "the compiled kernels are not ours: they have no reslab_abi"),
        ("int elsewhere(); int here = elsewhere();", "the compiled kernels cannot be loaded: "),
    ],
)
def test_sources_of_another_interface_are_a_reason(kernels, logged, shelf, source, said):
    (kernels / "api.cpp").write_text(source)
    with pytest.raises(Unavailable, match=said):
        library(kernels=kernels)
    assert len(logged.compilations) == 1 and libraries(shelf) == []


def test_what_cannot_be_made_gives_way_to_the_next(kernels, gxx):
    unheard = Variant("unheard", ("-funheard-of",), otherwise=PLAIN)
    said = []
    assert library(unheard, say=said.append, kernels=kernels).plain() == 1
    assert [line.partition(":")[0].partition(" with ")[0] for line in said] == [
        "compiling the native kernels",
        f"the compiler {Path(gxx).name} " + build.find_compiler().__str__().split()[-1] + " failed",
        "compiling the native kernels",
    ]
    assert said[1].endswith("; trying a simpler build of them")


def test_what_computes_something_else_gives_way_to_the_next(kernels, gxx, monkeypatch):
    def only_plain(made):
        if ctypes.CDLL(str(made)).plain() != 1:
            raise Unavailable("the compiled kernels are wrong")

    monkeypatch.setattr(build, "self_test", only_plain)
    said = []
    assert library(Variant("wrong", (), otherwise=PLAIN), say=said.append, kernels=kernels).plain() == 1
    assert "the compiled kernels are wrong; trying a simpler build of them" in said
    with pytest.raises(Unavailable, match=r"the compiled kernels are wrong$"):
        library(Variant("wrong", (), otherwise=Variant("too", ("-funheard-of",))), kernels=kernels)


NEVER = "int f() { return nothing; }\n"
NEITHER = "#ifdef RESLAB_PLAIN\nint f() { return first; }\n#else\nint f() { return second; }\n#endif\n"


def test_what_would_be_the_same_again_is_not_tried(kernels, logged):
    """As the build without matrix units is, on a processor that has none."""
    (kernels / "api.cpp").write_text(NEVER)
    same, said = Variant("same", ("-DRESLAB_OTHER",)), []
    with pytest.raises(Unavailable, match="nothing"):
        library(Variant("best", (), otherwise=same), say=said.append, kernels=kernels)
    assert said == ["compiling the native kernels with fake-c++ 9.4: up to a minute, once"]
    assert len(logged.compilations) == 1


@pytest.mark.parametrize("other", [("-DRESLAB_PLAIN",), ("-funroll-loops",)])
def test_what_may_be_otherwise_is_tried_and_every_reason_is_said_once(kernels, logged, other):
    (kernels / "api.cpp").write_text(NEITHER)
    said = []
    with pytest.raises(Unavailable) as caught:
        library(Variant("best", (), otherwise=Variant("other", other)), say=said.append, kernels=kernels)
    assert len(said) == 3 and "second" in said[1] and said[1].endswith("; trying a simpler build of them")
    assert ("first" if other == ("-DRESLAB_PLAIN",) else "second") in str(caught.value)
    assert len(logged.compilations) == 2


def test_a_compiler_that_cannot_even_read_is_not_asked_again(kernels, fake):
    fake("echo 'error: not today'; exit 1")
    said = []
    with pytest.raises(Unavailable, match=r"^the compiler fake-c\+\+ 9\.4 failed: error: not today$"):
        library(Variant("best", (), otherwise=PLAIN), say=said.append, kernels=kernels)
    assert said == ["compiling the native kernels with fake-c++ 9.4: up to a minute, once"]


def test_sources_that_do_not_compile_are_a_reason(kernels, gxx):
    (kernels / "api.cpp").write_text("int f() { return nothing; }\n")
    with pytest.raises(Unavailable, match=r"failed: api\.cpp:1:\d+: error: .*nothing"):
        library(kernels=kernels)


# --- several at once


def test_two_processes_at_once_compile_once(kernels, logged, other, shelf):
    logged.block()
    first = other()
    wait_until(logged.is_blocked)
    second = other()
    assert second.hears() == "another process is compiling the native kernels; waiting for it\n"
    assert libraries(shelf) == []  # nothing is to be seen before it is whole
    logged.go()
    assert first.result()["number"] == second.result()["number"] == 7
    assert len(logged.runs) == len(libraries(shelf)) == 1


def test_a_killed_process_stops_nobody(kernels, logged, other, shelf):
    logged.block()
    first = other()
    wait_until(logged.is_blocked)
    first.process.kill()
    first.process.wait()
    assert len(leftovers(shelf)) == 1
    # Its compiler still runs, an orphan.
    said = []
    assert library(say=said.append, kernels=kernels).number() == 7
    assert len(said) == 1 and said[0].startswith("compiling")
    assert len(libraries(shelf)) == 1 and leftovers(shelf) == []


def test_a_process_that_holds_the_lock_and_hangs_stops_nobody(kernels, logged, shelf, new_process, monkeypatch):
    library(kernels=kernels)
    (name,) = libraries(shelf)
    (shelf / name).unlink()
    new_process()
    monkeypatch.setattr(build, "PATIENCE_S", 0.1)
    said = []
    with FileLock(shelf / f".{name.rpartition('-')[0]}.lock"):
        assert library(say=said.append, kernels=kernels).number() == 7
    assert [line.partition(" the")[0] for line in said] == ["another process is compiling", "compiling"]
    assert libraries(shelf) == [name]


def test_two_threads_at_once_compile_once(kernels, logged):
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(library, kernels=kernels) for _ in range(2)]
        first, second = (job.result() for job in jobs)
    assert first is second and len(logged.runs) == 1


# --- no place for it


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def a_file_in_its_place(monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("RESLAB_CACHE", str(tmp_path / "file"))
    return "Not a directory"


def a_file_above_it(monkeypatch, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("RESLAB_CACHE", str(tmp_path / "file" / "below"))
    return "Not a directory"


def a_file_as_its_shelf(monkeypatch, tmp_path):
    (Path(os.environ["RESLAB_CACHE"]) / "native").write_bytes(b"")
    return "File exists"


def no_home(monkeypatch, tmp_path):
    monkeypatch.setenv("RESLAB_CACHE", "~nobody-of-that-name")
    return "there is no such home folder"


def a_read_only_disk(monkeypatch, tmp_path):
    def refused(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(build, "alone", refused)
    return "Read-only file system"


def read_only(monkeypatch, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("nothing is read-only for root")
    Path(os.environ["RESLAB_CACHE"]).chmod(0o500)
    return "Permission denied"


PLACES = [a_file_in_its_place, a_file_above_it, a_file_as_its_shelf, no_home, a_read_only_disk, read_only]


@pytest.mark.parametrize("spoil", PLACES)
def test_without_a_cache_folder_it_is_made_for_this_process(kernels, logged, monkeypatch, tmp_path, temporary, spoil):
    obstacle = spoil(monkeypatch, tmp_path)
    said = []
    made = library(say=said.append, kernels=kernels)
    assert made.number() == 7
    assert len(said) == 1 and obstacle in said[0] and "for this process alone" in said[0]
    assert list(temporary.iterdir()) == []
    assert library(kernels=kernels) is made and len(logged.runs) == 1


def test_a_read_only_cache_is_read(kernels, logged, other, monkeypatch, tmp_path):
    other().result()
    a_read_only_disk(monkeypatch, tmp_path)
    said = []
    assert library(say=said.append, kernels=kernels).number() == 7
    assert said == [] and len(logged.runs) == 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_a_reason(kernels, logged, monkeypatch, shelf, number):
    def full(*_, **__):
        raise OSError(number, os.strerror(number), "here")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Unavailable, match=rf"no room .*\({os.strerror(number)}: here\)"):
        library(kernels=kernels)
    assert libraries(shelf) == leftovers(shelf) == []


def test_neither_cache_nor_temporary_folder_is_a_reason(kernels, logged, monkeypatch, tmp_path):
    a_file_in_its_place(monkeypatch, tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(Unavailable, match="cannot be made: No such file or directory"):
        library(kernels=kernels)


# --- no library at all


def test_failure_is_remembered_by_the_process_and_by_nothing_else(kernels, fake, tmp_path, new_process):
    fake(f'case " $* " in *" -E "*) ;; *) echo >> "{tmp_path}/tried";; esac; exit 1')
    for _ in range(2):
        with pytest.raises(Unavailable, match="exit status 1"):
            library(kernels=kernels)
    assert (tmp_path / "tried").read_text() == "\n"
    new_process()
    with pytest.raises(Unavailable, match="exit status 1"):
        library(kernels=kernels)
    assert (tmp_path / "tried").read_text() == 2 * "\n"


def test_missing_sources_are_a_reason(kernels, tmp_path):
    with pytest.raises(Unavailable, match=r"sources are missing in .*nowhere: install reslab again"):
        library(kernels=tmp_path / "nowhere")
    (kernels / "api.cpp").unlink()
    with pytest.raises(Unavailable, match="sources are missing"):
        library(kernels=kernels)


def test_sources_that_cannot_be_read_are_a_reason(kernels):
    (kernels / "folder.h").mkdir()
    with pytest.raises(Unavailable, match="cannot be made: Is a directory"):
        library(kernels=kernels)


def test_windows_is_a_reason(kernels, monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    with pytest.raises(Unavailable, match="operating system here is Windows"):
        library(kernels=kernels)
