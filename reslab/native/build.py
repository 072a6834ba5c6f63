"""The compiled kernels: from the user's cache folder where they are whole and made for this machine, else made now.

A library is named by a hash of all that it was made of and made for, and by its own checksum. So one file, which
appears in one step, is all there is to write; and what is torn, garbage or another processor's is never loaded.
"""

import ctypes
import errno
import hashlib
import json
import platform
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from reslab.caches import cache_dir
from reslab.errors import UsageError
from reslab.locks import alone
from reslab.native.compiler import COMPILE_S, Compiler, Unavailable, find_compiler
from reslab.native.self_test import self_test
from reslab.processor import fingerprint, usable_cores
from reslab.progress import Say, silent

ABI = 4  # the version of the kernels' interface that is spoken here: what `reslab_abi()` of the library returns
KERNELS = Path(__file__).parent / "kernels"
FLAGS = ("-std=c++20", "-O3", "-fno-math-errno", "-shared", "-fPIC", "-pthread")
# Else the variables of inline functions would be one for all variants that a process loads. Only GCC needs the flag.
GNU_FLAGS = ("-fno-gnu-unique",)
SUFFIXES = (".cpp", ".h")  # of sources; each .cpp is compiled
PATIENCE_S = COMPILE_S + 30  # for another process that compiles
FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Variant:
    """The same kernels, compiled with other flags."""

    name: str
    flags: tuple[str, ...]
    # Where this one cannot be made, or the operating system refuses what it needs: reslab_ready() is 0.
    otherwise: "Variant | None" = None


# Winograd's products are used where there are no matrix units. The latter are the one part of the processor that a
# process must be allowed to use.
_UNTILED = Variant("untiled", ("-march=native", "-DRESLAB_WINOGRAD", "-DRESLAB_NO_TILES"))
# All that this processor can do, activations in bf16.
NATIVE = Variant("native", ("-march=native", "-DRESLAB_WINOGRAD"), otherwise=_UNTILED)
FP32 = Variant("fp32", ("-march=native", "-DRESLAB_WINOGRAD", "-DRESLAB_FP32"))  # fp32 throughout
EXACT = Variant("exact", ("-march=native", "-DRESLAB_FP32"))  # the same with direct products
PLAIN = Variant("plain", ("-DRESLAB_WINOGRAD", "-DRESLAB_PLAIN"))  # plain vectors for any processor, to compare with


@dataclass(frozen=True)
class _Plan:
    compiler: Compiler
    flags: tuple[str, ...]
    sources: dict[str, bytes]
    stem: str  # how the library's name begins; differs with anything that can make another library


_known: dict[tuple[Variant, Path], ctypes.CDLL | str] = {}  # a library, or why there is none
_one_thread = threading.Lock()


def library(variant: Variant = NATIVE, say: Say = silent, kernels: Path = KERNELS) -> ctypes.CDLL:
    """The kernels in the folder `kernels`, compiled as `variant` and loaded; asked again, the same in this process.

    Tells `say` before it compiles, which takes up to a minute, once; a cached library is loaded without a word.
    Raises Unavailable, and nothing else, where that cannot be done.
    """
    with _one_thread:
        asked = (variant, kernels)
        if asked not in _known:
            try:
                _known[asked] = _permitted(variant, kernels, say)
            except Unavailable as error:
                _known[asked] = str(error)
            except OSError as error:
                _known[asked] = f"the native kernels cannot be made: {_obstacle(error)}"
        known = _known[asked]
    if isinstance(known, str):
        raise Unavailable(known)
    return known


def name_of(kernels: ctypes.CDLL) -> str:
    """What a library was made of and made for, as its file's name begins: another may give other bytes."""
    return Path(kernels._name).name.rpartition("-")[0]


def _permitted(variant: Variant, kernels: Path, say: Say) -> ctypes.CDLL:
    """The variant's library, or that of the first one after it which can be made here and which this process may use.

    Raises Unavailable where there is none, with the last one's reason: those before it have been said.
    """
    plan = _plan(variant, kernels)
    if variant.otherwise is None:
        return _obtain(plan, say)
    try:
        found = _obtain(plan, say)
    except Unavailable as reason:
        if not _is_another(_plan(variant.otherwise, kernels), plan):
            raise
        say(f"{reason}; trying a simpler build of them")
    else:
        if found.reslab_ready():
            return found
    return _permitted(variant.otherwise, kernels, say)


def _is_another(plan: _Plan, failed: _Plan) -> bool:
    """Has `plan` a chance where `failed` came to nothing? Not where the compiler reads the same, or cannot read."""
    read = _preprocessed(plan)
    return read is not None and read != _preprocessed(failed)


def _preprocessed(plan: _Plan) -> tuple[list[str], bytes] | None:
    """What the plan's library is made of, once macros are replaced: flags and text; None where that fails."""
    with suppress(OSError, Unavailable), TemporaryDirectory(prefix="reslab-", ignore_cleanup_errors=True) as part:
        folder = Path(part)
        for name, text in plan.sources.items():
            (folder / name).write_bytes(text)
        whole = folder / "whole.cc"
        whole.write_text("".join(f'#include "{name}"\n' for name in plan.sources if name.endswith(".cpp")))
        plan.compiler.preprocess([*plan.flags, "-o", "preprocessed", whole.name], folder)
        flags = [flag for flag in plan.flags if not flag.startswith("-D")]
        return flags, (folder / "preprocessed").read_bytes()
    return None


def _plan(variant: Variant, kernels: Path) -> _Plan:
    if platform.system() == "Windows":
        raise Unavailable("the native kernels need Linux or macOS, and the operating system here is Windows")
    sources = {path.name: path.read_bytes() for path in sorted(kernels.glob("*")) if path.suffix in SUFFIXES}
    if not any(name.endswith(".cpp") for name in sources):
        raise Unavailable(f"the kernels' sources are missing in {kernels}: install reslab again")
    compiler = find_compiler()
    flags = (*FLAGS, *(GNU_FLAGS if compiler.is_gnu else ()), *map(_spelt_here, variant.flags))
    machine = (platform.system(), platform.libc_ver(), fingerprint())
    texts = {name: hashlib.sha256(text).hexdigest() for name, text in sources.items()}
    facts = json.dumps([ABI, machine, compiler.command, compiler.version, flags, texts])
    return _Plan(compiler, flags, sources, f"{variant.name}-{hashlib.sha256(facts.encode()).hexdigest()[:16]}")


def _spelt_here(flag: str) -> str:
    """On Arm, not every compiler that knows -mcpu=native knows -march=native."""
    arm = platform.machine() in ("arm64", "aarch64")
    return "-mcpu=native" if arm and flag == "-march=native" else flag


def _obtain(plan: _Plan, say: Say) -> ctypes.CDLL:
    """From the cache folder, made there if need be; where there can be none, from a folder that goes away again."""
    try:
        return _shared(plan, cache_dir() / "native", say)
    except (OSError, UsageError) as error:
        obstacle = _obstacle(error)
        if isinstance(error, OSError) and error.errno in FULL:
            raise Unavailable(f"there is no room to compile the native kernels ({obstacle})") from error
    say(
        f"compiling the native kernels with {plan.compiler}: up to a minute, for this process alone, "
        f"since the cache folder cannot be used ({obstacle})"
    )
    with TemporaryDirectory(prefix="reslab-", ignore_cleanup_errors=True) as folder:
        return _open(_compile(plan, Path(folder)))  # what is loaded stays, whether its file does or not


def _shared(plan: _Plan, shelf: Path, say: Say) -> ctypes.CDLL:
    ready = _cached(plan, shelf)  # without the lock: the folder may be read-only
    if ready is not None:
        return ready
    shelf.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        # Who holds the lock for that long hangs. Without it all stays right, only the work may be done twice.
        with suppress(TimeoutError):
            lock = alone(shelf / f".{plan.stem}.lock", "compiling the native kernels", say, PATIENCE_S)
            held.enter_context(lock)
        ready = _cached(plan, shelf)  # by another process, meanwhile
        if ready is not None:
            return ready
        _sweep(plan, shelf)
        say(f"compiling the native kernels with {plan.compiler}: up to a minute, once")
        place = _compile(plan, shelf)
        try:
            return _open(place)
        except Unavailable:
            place.unlink(missing_ok=True)
            raise


def _cached(plan: _Plan, shelf: Path) -> ctypes.CDLL | None:
    """The library of this plan; None where there is none, or it is damaged or does not speak with us."""
    for place in sorted(shelf.glob(f"{plan.stem}-*.so")):
        with suppress(OSError, Unavailable):
            if place.name == _name(plan, place):
                return _open(place)
    return None


def _sweep(plan: _Plan, shelf: Path) -> None:
    """Remove what is damaged, and what a killed process left. Only while nobody else writes here."""
    for damaged in shelf.glob(f"{plan.stem}-*.so"):
        damaged.unlink()
    for left in shelf.glob(f".{plan.stem}-*.part"):
        shutil.rmtree(left, ignore_errors=True)


def _compile(plan: _Plan, shelf: Path) -> Path:
    """Compile beside the library's place, from the very bytes that were hashed; try it; then move it in one step."""
    with TemporaryDirectory(prefix=f".{plan.stem}-", suffix=".part", dir=shelf, ignore_cleanup_errors=True) as part:
        folder = Path(part).absolute()
        for name, text in plan.sources.items():
            (folder / name).write_bytes(text)
        files = [name for name in plan.sources if name.endswith(".cpp")]
        if len(files) > 1:
            files = _objects(plan, files, folder)
        made = folder / "kernels.so"
        plan.compiler.compile([*plan.flags, "-o", made.name, *files], folder)
        if not made.is_file():
            raise Unavailable(f"the compiler {plan.compiler} made no library")
        self_test(made)
        return made.replace(shelf / _name(plan, made))


def _objects(plan: _Plan, files: list[str], folder: Path) -> list[str]:
    """Compile several files beside each other, as the cores allow: half the time on two."""

    def compiled(name: str) -> str:
        plan.compiler.compile([*plan.flags, "-c", "-o", f"{name}.o", name], folder)
        return f"{name}.o"

    with ThreadPoolExecutor(usable_cores()) as pool:
        return list(pool.map(compiled, files))


def _name(plan: _Plan, file: Path) -> str:
    """What `file` is called as a library of this plan."""
    with file.open("rb") as content:
        return f"{plan.stem}-{hashlib.file_digest(content, 'sha256').hexdigest()}.so"


def _open(place: Path) -> ctypes.CDLL:
    try:
        opened = ctypes.CDLL(str(place.absolute()))
        abi = opened.reslab_abi()
    except OSError as error:
        raise Unavailable(f"the compiled kernels cannot be loaded: {error}") from error
    except AttributeError as error:
        raise Unavailable("the compiled kernels are not ours: they have no reslab_abi; install reslab again") from error
    if abi != ABI:
        raise Unavailable(f"the compiled kernels have interface {abi}, and {ABI} is needed: install reslab again")
    return opened


def _obstacle(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)
