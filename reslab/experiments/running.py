"""A run of a queue while its process is alive, as the queue sees it."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from reslab.experiments.jobs import Outcome, outcome_of
from reslab.experiments.plan import Task
from reslab.experiments.shares import on_cores
from reslab.experiments.worker import order
from reslab.store import STATE
from reslab.training import Surroundings

HOME = str(Path(__file__).parents[2])
# -P: a file of the user's that happens to be called random.py is not imported in place of Python's.
START = "import sys; h = sys.argv[1]; h in sys.path or sys.path.insert(0, h); "
COMMAND = (sys.executable, "-P", "-c", START + "from reslab.experiments.worker import main; main()", HOME)


class Running:
    """One process with one run. `hear` is called from a thread of its own with each event, and with None at the end."""

    def __init__(
        self,
        task: Task,
        cores: Sequence[int],
        around: Surroundings,
        command: Sequence[str],
        hear: Callable[["Running", dict[str, Any] | None], None],
    ) -> None:
        self.task, self.cores = task, tuple(cores)
        self.step = 0
        self.train_error: float | None = None
        self.val_error: float | None = None
        self.resumed = (task.job.folder / STATE).is_file()
        self.begun = time.monotonic()
        self._first: tuple[float, int] | None = None  # when the first progress came, and its step
        self._last: tuple[float, int] | None = None
        self._hear = hear
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
        with on_cores(self.cores if task.pinned else ()):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, "OMP_NUM_THREADS": str(max(1, task.request.threads or task.cores))},
                **_apart(),
            )
        with suppress(OSError):  # it ended at once: what it said about that is read like any other end
            self._input.write(json.dumps(order(task, around)).encode() + b"\n")
            self._input.flush()
        threading.Thread(target=self._listen, daemon=True).start()

    def note(self, event: dict[str, Any]) -> None:
        """One line of progress."""
        self.step, self.train_error, self.val_error = event["step"], event["train_error"], event["val_error"]
        self._last = time.monotonic(), self.step
        self._first = self._first or self._last

    @property
    def steps_left(self) -> int:
        return self.task.job.recipe.steps - self.step

    def step_seconds(self) -> float | None:
        """Seconds that a step takes, evaluation included; None before that is known."""
        if not self._first or not self._last or self._first[1] == self._last[1]:
            return None
        return (self._last[0] - self._first[0]) / (self._last[1] - self._first[1])

    def stop(self) -> None:
        """Ask the run to save its state and end."""
        with suppress(OSError):
            self._input.close()

    def kill(self) -> None:
        """End it now; what it saved last is there."""
        self._process.kill()

    def end(self) -> Outcome:
        """What became of the run; waits for its process. The folder says it, or else the process' last words."""
        self.stop()
        code = self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()
        words = self._last_words()
        job = self.task.job
        outcome = outcome_of(job)
        if outcome is None:
            outcome = Outcome(job, None, words if code == 1 and words else _how_it_ended(code, words))
        return outcome

    @property
    def _input(self) -> Any:
        assert self._process.stdin
        return self._process.stdin

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with suppress(ValueError):
                self._hear(self, json.loads(line))
        self._hear(self, None)

    def _last_words(self) -> str:
        with self._errors as file:
            file.seek(0)
            lines = file.read().decode(errors="replace").strip().splitlines()
        return lines[-1].removeprefix("reslab: ") if lines else ""


def _apart() -> dict[str, Any]:
    """Ctrl-C in the terminal is for the queue, which then asks its runs to stop."""
    if os.name == "nt":
        return {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    return {"start_new_session": True}


def _how_it_ended(code: int, words: str) -> str:
    ended = f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    out_of_memory = "; if memory ran out, --workers 1 takes less" if code == -9 else ""
    return f"its process {ended}{out_of_memory}{f' ({words})' if words else ''}"
