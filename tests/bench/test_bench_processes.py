"""Contenders in real processes: they do what they are told, sleep meanwhile, and are named where they end."""

import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from reslab.bench import PLAIN
from reslab.bench.clock import Clock
from reslab.bench.contenders import Arena
from reslab.bench.process import Worker, WorkerFailed, WorkerLate
from reslab.bench.task import Task
from reslab.engine import Request, choose, this_machine

JOB = {"kind": "pytorch", "model": "resnet8", "batch": 4, "cores": [], "threads": 1, "settings": PLAIN.to_dict()}
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, and cores to be bound to")


def gone(pid: int) -> bool:
    """Is there no such process any more, but for its name in the table?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def wait_until(condition, seconds: float = 120) -> bool:
    begin = time.monotonic()
    while not condition() and time.monotonic() - begin < seconds:
        time.sleep(0.05)
    return condition()


def test_a_mistake_inside_is_said_by_name():
    with Worker("plain PyTorch", {**JOB, "model": "resnet9"}) as worker:
        with pytest.raises(WorkerFailed, match=r"plain PyTorch ended: no model 'resnet9'"):
            worker.answer(60)
        pid = worker.pid
    assert sys.platform != "linux" or gone(pid)


@linux
@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGKILL, "smaller --batch needs less"), (signal.SIGTERM, "SIGTERM")]
)
def test_who_is_killed_is_named(number, words):
    with Worker("PyTorch (eager)", JOB) as worker:
        os.kill(worker.pid, number)
        with pytest.raises(WorkerFailed, match=rf"PyTorch \(eager\) ended: .*{words}"):
            worker.answer(60)
        with pytest.raises(WorkerLate):
            worker.burst(1, 0.05)


@linux
def test_who_is_late_is_named_and_ended():
    with Worker("engine torch", JOB) as worker, pytest.raises(WorkerLate, match="engine torch had not answered"):
        worker.answer(0.05)
    assert gone(worker.pid)


@linux
def test_without_its_parent_a_contender_ends_by_itself():
    worker = Worker("orphan", JOB)
    try:
        worker._process.stdin.close()
        assert wait_until(lambda: worker._process.poll() is not None)
    finally:
        worker.close()


@pytest.mark.slow
@linux
def test_contenders_do_steps_stay_on_their_core_and_sleep_meanwhile():
    core = min(os.sched_getaffinity(0))
    execution, _ = choose(Request(device="cpu", threads=1), this_machine())
    with ExitStack() as opened:
        arena = Arena(Task("resnet8", 8), 1, [core], opened)
        ours, plain = arena.engine(execution, 120), arena.pytorch(PLAIN, 120)
        for contender in (ours, plain):
            assert os.sched_getaffinity(contender.worker.pid) == {core}
            assert contender.facts["threads"] == 1 and contender.step_seconds > 0
        bursts = [contender.burst(3, Clock(120)) for contender in (ours, plain, ours, plain)]
        assert all(0.0005 < seconds < 30 for seconds, _ in bursts)
        assert max(idle for _, idle in bursts) < 0.05
        assert arena.peak_gflops("fp32", 1, 120) > 0.1
    assert gone(ours.worker.pid) and gone(plain.worker.pid)
