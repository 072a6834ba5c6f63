"""A contender's process as its parent sees it: started, waited for, asked, ended."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from typing import Any

from reslab.errors import ReslabError

# What would make a contender's threads other than PyTorch's defaults; the number of threads is said in the job.
REMOVED = ("OMP_", "KMP_", "GOMP_", "MKL_", "DNNL_", "ONEDNN_", "THP_MEM_ALLOC_ENABLE")


class WorkerFailed(ReslabError):  # noqa: N818 - what happened to it
    """A contender ended; says which and why. `pid` is of its process."""

    def __init__(self, message: str, pid: int) -> None:
        super().__init__(message)
        self.pid = pid


class WorkerLate(WorkerFailed):
    """A contender did not answer in time; says which."""


def environment(huge_pages: bool) -> dict[str, str]:
    """Ours, without what changes PyTorch's defaults; with huge pages for PyTorch's memory where they are wanted."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(REMOVED)}
    return {**kept, "THP_MEM_ALLOC_ENABLE": "1"} if huge_pages else kept


class Worker:
    """A process that has a job; `name` is what messages call it. Close it, or use it as a context."""

    def __init__(self, name: str, job: dict[str, Any], huge_pages: bool = False) -> None:
        self.name = name
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        self._process = subprocess.Popen(
            [sys.executable, "-m", "reslab.bench.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            text=True,
            encoding="utf-8",
            env=environment(huge_pages),
            start_new_session=True,  # with its compilers it is a group, which can be ended as one; Ctrl-C is ours
        )
        self._answers: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._send(job)

    @property
    def pid(self) -> int:
        return self._process.pid

    def answer(self, seconds: float) -> dict[str, Any]:
        """Its next answer. Raises WorkerFailed where it ends without one, WorkerLate after `seconds`."""
        try:
            line = self._answers.get(timeout=max(seconds, 0.01))
        except queue.Empty:
            late = f"{self.name} had not answered after {seconds:.0f} s, which was all the time left for it"
            raise WorkerLate(late, self.pid) from None
        if line is None:
            raise WorkerFailed(f"{self.name} ended: {self._last_words()}", self.pid)
        told: dict[str, Any] = json.loads(line)
        if "error" in told:
            raise WorkerFailed(f"{self.name} ended: {told['error']}", self.pid)
        return told

    def burst(self, steps: int, seconds: float) -> dict[str, Any]:
        """Do so many steps now; the answer, as `answer`."""
        self._send({"steps": steps})
        return self.answer(seconds)

    def close(self) -> None:
        """End it and whatever it started."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if hasattr(os, "killpg"):
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()
        self._process.wait()
        self._reader.join()
        if self._messages.closed:
            return
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(OSError):  # what was not read by a process that is gone
            self._process.stdin.close()
        self._process.stdout.close()
        self._messages.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _send(self, value: dict[str, Any]) -> None:
        assert self._process.stdin
        with contextlib.suppress(OSError):  # it has ended: `answer` says why
            self._process.stdin.write(json.dumps(value) + "\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def _last_words(self) -> str:
        code = self._process.wait()
        self._messages.seek(0)
        words = [line for line in self._messages.read().decode(errors="replace").splitlines() if line.strip()]
        if code == -9:
            return "killed, as systems do when memory runs out; a smaller --batch needs less"
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"{words[-1].strip()} ({how})" if words else how
