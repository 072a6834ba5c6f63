"""Who is compared: a worker process that has prepared itself, and what it said of itself."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from reslab.bench.clock import Clock
from reslab.bench.process import Worker
from reslab.bench.settings import PLAIN, Settings
from reslab.bench.task import Task
from reslab.engine import Execution

PAUSE = 0.3  # seconds before a burst, in which the threads of the last one fall asleep


@dataclass(frozen=True)
class Contender:
    """Ready to do steps."""

    worker: Worker
    step_seconds: float  # as it was warming up
    start_seconds: float  # from nothing to ready: imports, images, compilation
    facts: dict[str, Any]
    settings: Settings = PLAIN

    def burst(self, steps: int, clock: Clock) -> tuple[float, float]:
        """Seconds a step over so many steps, and the part of a core that it used while it waited before."""
        time.sleep(PAUSE)
        told = self.worker.burst(steps, clock.left)
        return told["seconds"] / steps, told["idle_share"]


@dataclass(frozen=True)
class Arena:
    """Where contenders come from: all with the same net, batch and cores; all are ended when `opened` is closed."""

    task: Task
    threads: int  # 0: as many as PyTorch thinks best
    cores: Sequence[int]  # to stay on; none: any
    opened: ExitStack

    def engine(self, execution: Execution, seconds: float) -> Contender:
        """reslab's engine as `reslab train` runs it, huge pages included."""
        job = {"kind": "engine", "execution": execution.to_dict()}
        return self._contender(f"engine {execution.engine}", job, True, seconds, PLAIN)

    def pytorch(self, settings: Settings, seconds: float) -> Contender:
        """The loop in PyTorch under these settings."""
        job = {"kind": "pytorch", "settings": settings.to_dict(), "threads": self.threads}
        name = f"{'plain ' if settings == PLAIN else ''}PyTorch ({settings})"
        return self._contender(name, job, settings.huge_pages, seconds, settings)

    def peak_gflops(self, precision: str, threads: int, seconds: float) -> float:
        """What `peak.measured_peak` finds, in a process of its own."""
        job = {"kind": "peak", "precision": precision, "threads": threads, "cores": list(self.cores)}
        with Worker("the peak measurement", job, huge_pages=True) as worker:
            return float(worker.answer(seconds)["gflops"])

    def _contender(
        self, name: str, job: dict[str, Any], huge_pages: bool, seconds: float, settings: Settings
    ) -> Contender:
        """Started and ready. Raises WorkerFailed where it is not within `seconds`; it is ended then."""
        clock = Clock(seconds)
        job |= {"model": self.task.model, "batch": self.task.batch, "cores": list(self.cores)}
        worker = self.opened.enter_context(Worker(name, job, huge_pages))
        try:
            told = worker.answer(seconds)
        except BaseException:
            worker.close()
            raise
        return Contender(worker, told["step_seconds"], clock.spent, told["facts"], settings)
