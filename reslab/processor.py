"""What the operating system says of the processor."""

import hashlib
import math
import os
import platform
import subprocess
from contextlib import suppress
from pathlib import Path

from reslab.processes import this_team
from reslab.quota import bytes_of_memory, cores_of_time

# Those words of /proc/cpuinfo that stay while the processor is the same (the clock does not), for x86, Arm and others.
LASTING = (
    "vendor_id",
    "cpu family",
    "model",
    "model name",
    "stepping",
    "flags",
    "CPU implementer",
    "CPU architecture",
    "CPU variant",
    "CPU part",
    "CPU revision",
    "Features",
    "cpu",
    "isa",
    "uarch",
)


# Of the flags those that say which instructions there are; others come and go with kernels and their mitigations.
INSTRUCTIONS = (
    *("abm", "adx", "aes", "amx", "avx", "bf16", "bmi", "f16c", "fma", "gfni", "lzcnt", "mmx", "movbe", "pclmul"),
    *("popcnt", "sha", "sse", "ssse", "vaes", "vpclmul", "xsave"),
    *("asimd", "fp", "i8mm", "neon", "sme", "sve"),  # Arm's
)


def cpu_words() -> dict[str, str]:
    """/proc/cpuinfo of the first processor; empty where there is none."""
    try:
        first = Path("/proc/cpuinfo").read_text(errors="replace").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def core_numbers() -> tuple[int, ...]:
    """The cores that this process may be on: those that taskset or a container's cpuset leaves it."""
    try:
        return tuple(sorted(os.sched_getaffinity(0)))
    except AttributeError:  # not on macOS and Windows
        return tuple(range(os.cpu_count() or 1))


def usable_cores() -> int:
    """Cores that this process may keep busy: no more than a container's quota of time, and its share of torchrun's.

    Of half a core the whole is taken: threads that stop now and then do more than one less.
    """
    cores = len(core_numbers())
    if within_quota():
        cores = max(1, math.ceil(cores_of_time()))
    team = this_team()
    return max(1, cores // team.local_size) if team else cores


def openmp_threads() -> int | None:
    """How many threads $OMP_NUM_THREADS allows, as PyTorch understands it; None where it is no number of threads.

    Nor is it torchrun's: that sets 1 where nobody has said anything, however many cores each process has to itself.
    """
    text = os.environ.get("OMP_NUM_THREADS", "").strip()
    if not (text.isascii() and text.isdecimal()) or this_team():
        return None
    return int(text) or None


def within_quota() -> bool:
    """May this process use fewer cores' time than it sees cores? Which of them then have time is not its to say."""
    return cores_of_time() <= len(core_numbers()) - 1


def usable_memory() -> float:
    """Bytes of memory that this process may use; without end where the system does not tell."""
    try:
        installed = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # not on Windows
        installed = math.inf
    return min(installed, bytes_of_memory())


def fingerprint() -> str:
    """Differs between processors that do not run the same machine code, as far as the system tells them apart."""
    words = cpu_words()
    lines = [f"{name}: {words[name]}" for name in LASTING if name in words]
    return "\n".join([platform.machine(), *(lines or [platform.processor(), _sysctl()])])


def digest() -> str:
    """16 letters to be recorded, which tell processors of one name apart, and stay under another kernel."""
    return hashlib.sha256(_identity(fingerprint()).encode()).hexdigest()[:16]


def _identity(fingerprint: str) -> str:
    """A fingerprint with its instructions as its only flags."""
    lines = (line.partition(":") for line in fingerprint.splitlines())
    return "\n".join(
        name + " ".join(flag for flag in words.split() if flag.startswith(INSTRUCTIONS))
        if name in ("flags", "Features")
        else name + words
        for name, _, words in lines
    )


def _sysctl() -> str:
    """Model and features of a Mac's processor; empty elsewhere."""
    if platform.system() != "Darwin":
        return ""
    asked = ["/usr/sbin/sysctl", "machdep.cpu", "hw.optional"]
    with suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(asked, capture_output=True, timeout=10).stdout.decode(errors="replace")
    return ""
