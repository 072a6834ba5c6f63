"""`python -m reslab.bench.worker`: one contender in a process of its own; spoken to in lines of JSON.

The first line on stdin is its job. It answers when it has prepared itself (imported, built, compiled, warmed up), then
waits, asleep, for {"steps": n}, does them and answers with their seconds. It ends when stdin does, whatever it is
doing: nothing goes on when the parent is gone.
"""

import ctypes
import json
import os
import queue
import statistics
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reslab.bench.loops import Loop

Orders = queue.SimpleQueue[dict[str, Any]]

WARM_SECONDS = 0.5
MOST_WARM_STEPS = 20


def main() -> None:
    """Serve one job. Whatever goes wrong is answered as {"error": text}."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print must not end up among the answers
    orders: Orders = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(orders,), daemon=True).start()

    def answer(value: dict[str, Any]) -> None:
        print(json.dumps(value), file=answers, flush=True)

    try:
        serve(orders, answer)
    except Exception as error:  # whatever it is: the parent says it, by this contender's name
        from reslab.errors import ReslabError

        answer({"error": f"{error}" if isinstance(error, ReslabError) else f"{type(error).__name__}: {error}"})
        sys.exit(1)


def _listen(orders: Orders) -> None:
    for line in sys.stdin:
        orders.put(json.loads(line))
    os._exit(0)


def serve(orders: Orders, answer: Callable[[dict[str, Any]], None]) -> None:
    """Prepare for the first order, then do bursts of steps."""
    job = orders.get()
    pin(job["cores"])
    if job["kind"] == "peak":
        from reslab.bench.peak import measured_peak

        answer({"gflops": measured_peak(job["precision"], job["threads"])})
        return
    loop = make_loop(job)
    first, step = warm_up(loop)
    give_memory_back()
    answer({"first_seconds": first, "step_seconds": step, "facts": loop.facts()})
    while True:
        since, used = time.perf_counter(), time.process_time()
        order = orders.get()
        idle = (time.process_time() - used) / max(time.perf_counter() - since, 1e-9)
        seconds = burst(loop, order["steps"])
        if not loop.finite():
            raise ArithmeticError("the loss is no longer a number")
        give_memory_back()
        answer({"seconds": seconds, "idle_share": idle})


def pin(cores: list[int]) -> None:
    """Stay on these cores, where the system can be told so; no cores: on any."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def make_loop(job: dict[str, Any]) -> "Loop":
    from reslab.bench.loops import EngineLoop, PyTorchLoop
    from reslab.bench.settings import Settings
    from reslab.bench.task import Task
    from reslab.engine import Execution

    task = Task(job["model"], job["batch"])
    if job["kind"] == "engine":
        return EngineLoop(task, Execution.from_dict(job["execution"]))
    return PyTorchLoop(task, Settings(**job["settings"]), job["threads"])


def warm_up(loop: "Loop") -> tuple[float, float]:
    """Seconds of the first step, which compiles and prepares, and of a step after it."""
    begin = time.perf_counter()
    loop.step()
    first = time.perf_counter() - begin
    times: list[float] = []
    while not times or (sum(times) < WARM_SECONDS and len(times) < MOST_WARM_STEPS):
        begin = time.perf_counter()
        loop.step()
        times.append(time.perf_counter() - begin)
    return first, statistics.median(times)


def burst(loop: "Loop", steps: int) -> float:
    """Seconds of so many steps, after one that wakes threads and fills caches."""
    loop.step()
    begin = time.perf_counter()
    for _ in range(steps):
        loop.step()
    return time.perf_counter() - begin


def give_memory_back() -> None:
    """What is freed is for the next one who is busy: glibc keeps hundreds of megabytes of it otherwise."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim:
            trim(0)


if __name__ == "__main__":
    main()
