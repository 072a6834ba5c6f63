"""What the operating system says of the processor."""

import os
import platform
import subprocess
from contextlib import suppress
from pathlib import Path

from reslab.processes import this_team

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


def cpu_words() -> dict[str, str]:
    """/proc/cpuinfo of the first processor; empty where there is none."""
    try:
        first = Path("/proc/cpuinfo").read_text(errors="replace").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def usable_cores() -> int:
    """Cores that this process may use: its share, where torchrun started several on this machine."""
    try:
        cores = len(os.sched_getaffinity(0))  # those that taskset or a container's cpuset leaves us; no quota is seen
    except AttributeError:  # not on macOS and Windows
        cores = os.cpu_count() or 1
    team = this_team()
    return max(1, cores // team.local_size) if team else cores


def fingerprint() -> str:
    """Differs between processors that do not run the same machine code, as far as the system tells them apart."""
    words = cpu_words()
    lines = [f"{name}: {words[name]}" for name in LASTING if name in words]
    return "\n".join([platform.machine(), *(lines or [platform.processor(), _sysctl()])])


def _sysctl() -> str:
    """Model and features of a Mac's processor; empty elsewhere."""
    if platform.system() != "Darwin":
        return ""
    asked = ["/usr/sbin/sysctl", "machdep.cpu", "hw.optional"]
    with suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(asked, capture_output=True, timeout=10).stdout.decode(errors="replace")
    return ""
