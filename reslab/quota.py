"""What a container or a batch system leaves this process of the machine: processor time, memory (Linux's cgroups).

A container with two cores' time on a machine of 64 is shown all of them. With a thread on each it would stand still
for most of the time, and threads that wait for each other would use up what is left.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
PERIOD = "100000"  # microseconds: the kernel's own, of a quota that says none


def cores_of_time() -> float:
    """How many cores' time this process and those beside it in its group may use; without end where all."""
    return min(map(_cores, _groups("cpu")), default=math.inf)


def bytes_of_memory() -> float:
    """The memory that this process and those beside it in its group may use; without end where all."""
    return min(map(_bytes, _groups("memory")), default=math.inf)


def _groups(controller: str) -> Iterator[Path]:
    """Folders of this process's group and of those above it, which bind it, too.

    Both versions of cgroups are looked for. A container may be told the name of a group of which it sees the inside
    alone, as the root: what is not there is no limit, and neither is what cannot be read.
    """
    with suppress(OSError):
        for line in OWN.read_text(errors="replace").splitlines():
            _, controllers, path = [*line.split(":", 2), "", ""][:3]
            if not path or (controllers and controller not in controllers.split(",")):
                continue
            root = _mount(controller) if controllers else GROUPS  # of version 2 there is one tree for all
            own = root / path.lstrip("/")
            yield from (group for group in (own, *own.parents) if group.is_relative_to(root))


def _mount(controller: str) -> Path:
    """Where version 1 has its groups. Some have no link "cpu" to "cpu,cpuacct", where both are."""
    with suppress(OSError):
        for place in sorted(GROUPS.iterdir()):
            if controller in place.name.split(","):
                return place
    return GROUPS / controller


def _cores(group: Path) -> float:
    older = _words(group / "cpu.cfs_quota_us") or ["max"]
    quota, period, *_ = [*(_words(group / "cpu.max") or older + _words(group / "cpu.cfs_period_us")), PERIOD]
    with suppress(ValueError, ZeroDivisionError):  # "max", or what no kernel writes
        return cores if (cores := int(quota) / int(period)) > 0 else math.inf  # version 1 has -1 for all
    return math.inf


def _bytes(group: Path) -> float:
    found = _words(group / "memory.max") or _words(group / "memory.limit_in_bytes")
    with suppress(ValueError, IndexError):
        return int(found[0])
    return math.inf


def _words(file: Path) -> list[str]:
    """Empty where there is no such file."""
    with suppress(OSError):
        return file.read_text(errors="replace").split()
    return []
