"""The queue of runs that `train --seeds` and `sweep` share: each run in its own process, on cores of its own."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from reslab.experiments.jobs import Outcome
from reslab.experiments.outlook import Kind, Outlook
from reslab.experiments.plan import Plan, Task
from reslab.experiments.running import COMMAND, Running
from reslab.training import Interrupted, Surroundings
from reslab.training.interrupt import heard

LOOK_EVERY = 0.25  # seconds between two looks at whether somebody asked to stop


@dataclass(frozen=True)
class Now:
    """One of the runs that are under way."""

    label: str
    step: int
    steps: int
    train_error: float | None  # percent, of the last batches; None before the first
    val_error: float | None


@dataclass(frozen=True)
class Standing:
    """What a watcher sees of a queue."""

    done: int
    failed: int
    runs: int
    now: tuple[Now, ...]
    seconds_left: float


Watch = Callable[[Standing], None]


def run_queue(
    plan: Plan,
    around: Surroundings,
    tried: dict[Kind, float] | None = None,
    watch: Watch = lambda _: None,
    command: Sequence[str] = COMMAND,
) -> list[Outcome]:
    """Bring every run of `plan` to its end, and say what became of each, in the order of the plan's jobs.

    A run that fails stops none of the others. `tried` are the paces of a short trial (see `outlook.trial`). Raises
    Interrupted after Ctrl-C, when every run has saved its state; the same plan made again goes on.
    """
    queue = _Queue(plan, around, tried or {}, command)
    with heard() as interruption, queue.alive():
        while queue.busy:
            queue.begin_what_fits()
            watch(queue.standing())
            queue.wait()
            if interruption.asked:
                queue.stop()
    watch(queue.standing())
    return [queue.outcomes[job.folder] for job in plan.jobs]


class _Queue:
    """Runs that wait, that are under way and that have ended."""

    def __init__(self, plan: Plan, around: Surroundings, tried: dict[Kind, float], command: Sequence[str]) -> None:
        self.outcomes: dict[Path, Outcome] = dict(plan.known)
        self._plan, self._around, self._command = plan, around, command
        self._waiting: deque[Task] = deque(plan.tasks)
        self._running: list[Running] = []
        self._free = list(plan.cores)
        self._events: SimpleQueue[tuple[Running, dict[str, Any] | None]] = SimpleQueue()
        self._outlook = Outlook(plan, tried)

    @property
    def busy(self) -> bool:
        return bool(self._waiting or self._running)

    def begin_what_fits(self) -> None:
        """In their order: a run that needs more cores than are free is not overtaken, or it would never begin."""
        while self._waiting and len(self._running) < self._plan.at_once and len(self._free) >= self._waiting[0].cores:
            task = self._waiting.popleft()
            cores, self._free = self._free[: task.cores], self._free[task.cores :]
            self._running.append(Running(task, cores, self._around, self._command, self._hear))

    def wait(self) -> None:
        """Until something happens, but not for long; then take in all that has."""
        try:
            self._take_in(*self._events.get(timeout=LOOK_EVERY))
            while True:
                self._take_in(*self._events.get_nowait())
        except Empty:
            return

    def standing(self) -> Standing:
        now = tuple(
            Now(run.task.job.label, run.step, run.task.job.recipe.steps, run.train_error, run.val_error)
            for run in self._running
        )
        done = sum(outcome.result is not None for outcome in self.outcomes.values())
        runs = len({job.folder for job in self._plan.jobs})
        left = self._outlook.seconds_left(self._running, self._waiting)
        return Standing(done, len(self.outcomes) - done, runs, now, left)

    def stop(self) -> None:
        """Ask every run to stop, wait until they have, and raise Interrupted."""
        self._around.say("stopping: the runs save their states (Ctrl-C again does not wait for them)")
        for run in self._running:
            run.stop()
        while self._running:
            self.wait()
        standing = self.standing()
        raise Interrupted(
            f"stopped: {standing.done} of {standing.runs} runs are done, what was under way is saved; "
            f"the same command goes on"
        )

    @contextmanager
    def alive(self) -> Iterator[None]:
        """However this ends, no process is left behind."""
        try:
            yield
        finally:
            for run in self._running:
                run.kill()
            while self._running:
                self.wait()

    def _hear(self, run: Running, event: dict[str, Any] | None) -> None:
        self._events.put((run, event))

    def _take_in(self, run: Running, event: dict[str, Any] | None) -> None:
        if event is not None:
            run.note(event)
            return
        outcome = run.end()
        self._running.remove(run)
        self._free = sorted([*self._free, *run.cores])
        self.outcomes[run.task.job.folder] = outcome
        if outcome.result is not None:
            self._outlook.learn(run, time.monotonic() - run.begun)
