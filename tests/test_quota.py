"""What control groups leave a process, in folders laid out as Linux has them."""

import math

import pytest

from reslab import processor, quota
from reslab.processor import usable_cores, usable_memory, within_quota
from reslab.quota import bytes_of_memory, cores_of_time

ONE = {"cpu.max": "max 100000", "memory.max": "max"}
OLD = {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}
# What /proc/self/cgroup says, files below /sys/fs/cgroup, cores of time, bytes.
# fmt: off
GROUPS = {
    "a container of version 2, told nothing of what is outside": (
        "0::/\n", {"cpu.max": "150000 100000", "memory.max": "2147483648"}, 1.5, 2**31),
    "a unit of systemd: the slice above binds it": (
        "0::/user.slice/job.scope\n",
        {"user.slice/cpu.max": "200000 100000", "user.slice/job.scope/cpu.max": "max 100000",
         "user.slice/job.scope/memory.max": "1073741824", "user.slice/memory.max": "max"}, 2, 2**30),
    "no limits": ("0::/\n", ONE, math.inf, math.inf),
    "version 1, the container's own group seen as the root": (
        "4:memory:/docker/f00\n3:cpu,cpuacct:/docker/f00\n",
        {"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000",
         "memory/memory.limit_in_bytes": "536870912"}, 4, 2**29),
    "version 1, a group below the root": (
        "3:cpu:/job\n0::/\n",
        OLD | {"cpu/job/cpu.cfs_quota_us": "50000", "cpu/job/cpu.cfs_period_us": "100000"}, 0.5, math.inf),
    "version 1, two controllers in one place without links": (
        "3:cpuacct,cpu:/job\n",
        {"cpu,cpuacct/cpu.cfs_quota_us": "-1", "cpu,cpuacct/job/cpu.cfs_quota_us": "300000",
         "cpu,cpuacct/job/cpu.cfs_period_us": "100000", "cpuset/cpuset.cpus": "0"}, 3, math.inf),
    "a quota without its period": ("0::/\n", {"cpu.max": "250000"}, 2.5, math.inf),
    "one word": ("0::/\n", {"cpu.max": "max", "memory.max": ""}, math.inf, math.inf),
    "what no kernel writes": ("0::/\n", {"cpu.max": "much 0", "memory.max": "plenty"}, math.inf, math.inf),
    "a period of nothing": ("0::/\n", {"cpu.max": "100000 0"}, math.inf, math.inf),
    "lines that are none": (
        "nonsense\n\n7:cpu\n0::/\n", {"cpu.max": "150000 100000", "memory.max": "1000"}, 1.5, 1000),
    "version 1, a period alone": ("3:cpu:/\n", {"cpu/cpu.cfs_period_us": "100000"}, math.inf, math.inf),
    "no files": ("0::/gone\n3:cpu:/gone\n", {}, math.inf, math.inf),
}
# fmt: on


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """A function that lays them out."""

    def lay(told: str, files: dict[str, str]) -> None:
        monkeypatch.setattr(quota, "OWN", tmp_path / "cgroup")
        monkeypatch.setattr(quota, "GROUPS", tmp_path / "groups")
        (tmp_path / "cgroup").write_text(told)
        for name, text in files.items():
            (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "groups" / name).write_text(text + "\n")

    return lay


@pytest.mark.parametrize(("told", "files", "cores", "memory"), GROUPS.values(), ids=GROUPS)
def test_limits_are_found(groups, told, files, cores, memory):
    groups(told, files)
    assert (cores_of_time(), bytes_of_memory()) == (cores, memory)


def test_without_control_groups_there_is_no_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(quota, "OWN", tmp_path / "none")
    assert (cores_of_time(), bytes_of_memory()) == (math.inf, math.inf)


@pytest.mark.parametrize(("microseconds", "cores"), [(1_000, 1), (100_000, 1), (150_000, 2), (10_000_000, 8)])
def test_of_eight_cores_those_are_used_that_there_is_time_for(groups, monkeypatch, microseconds, cores):
    monkeypatch.setattr(processor, "core_numbers", lambda: tuple(range(8)))
    groups("0::/\n", {"cpu.max": f"{microseconds} 100000"})
    assert usable_cores() == cores and within_quota() is (cores < 8)


def test_memory_is_no_more_than_there_is(groups):
    groups("0::/\n", ONE)
    installed = usable_memory()
    groups("0::/\n", {"memory.max": "1000"})
    assert usable_memory() == 1000
    groups("0::/\n", {"memory.max": "9223372036854771712"})  # how version 1 says that there is none
    assert usable_memory() == installed
