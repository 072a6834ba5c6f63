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


def cores_of_time() -> float:
    """How many cores' time this process and those beside it in its group may use; without end where all."""
    return min(map(_cores, _groups("cpu")), default=math.inf)


def bytes_of_memory() -> float:
    """The memory that this process and those beside it in its group may use; without end where all."""
    return min(map(_bytes, _groups("memory")), default=math.inf)


def _groups(controller: str) -> Iterator[Path]:
    """Folders of this process's group and of those above it, which bind it, too.

    Both versions of cgroups are looked for. A container may be told the name of a group of which it sees the inside
    alone, as the root: what is not there is no limit.
    """
    with suppress(OSError):
        for line in OWN.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and controller not in controllers.split(","):
                continue
            root = GROUPS / controller if controllers else GROUPS  # of version 2 there is one tree for all
            own = root / path.lstrip("/")
            yield from (group for group in (own, *own.parents) if group.is_relative_to(root))


def _cores(group: Path) -> float:
    older = [word for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us") for word in _words(group / name)]
    quota, period = _words(group / "cpu.max") or older or ("max", "")
    return math.inf if quota in ("max", "-1") else int(quota) / int(period)


def _bytes(group: Path) -> float:
    found = _words(group / "memory.max") or _words(group / "memory.limit_in_bytes")
    return math.inf if not found or found[0] == "max" else int(found[0])


def _words(file: Path) -> list[str]:
    """Empty where there is no such file."""
    with suppress(OSError):
        return file.read_text().split()
    return []
