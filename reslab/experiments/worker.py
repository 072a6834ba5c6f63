"""One run of a queue in a process of its own: the job comes in through stdin, progress goes out through stdout.

The queue keeps stdin open. When it closes, because the queue asks for it or is no more, the run saves its state and
stops: no run goes on unseen. What goes wrong is the last line of stderr, and the exit code is 1.
"""

import _thread
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reslab.engine import Request
from reslab.errors import ReslabError
from reslab.experiments.plan import Task
from reslab.training import Progress, Recipe, Surroundings, read_data, train_on


def order(task: Task, around: Surroundings) -> dict[str, Any]:
    """What the worker is told, as plain values."""
    return {
        "recipe": task.job.recipe.to_dict(),
        "run": str(task.job.folder),
        "data": str(task.job.data),
        "request": asdict(task.request),
        "data_root": str(around.data_root) if around.data_root else None,
        "on_bad": around.on_bad,
        "save_every": around.save_every,
    }


def carry_out(told: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    """Train as `order` said, telling of every progress. Raises what training raises."""
    recipe, run = Recipe.from_dict(told["recipe"]), Path(told["run"])

    def watch(progress: Progress) -> None:
        tell(asdict(progress))

    around = Surroundings(
        request=Request(**told["request"]),
        data_root=Path(told["data_root"]) if told["data_root"] else None,
        on_bad=told["on_bad"],
        save_every=told["save_every"],
        say=lambda line: print(line, file=sys.stderr),  # noqa: T201 - kept by the queue, shown where something fails
        watch=watch,
    )
    dataset = read_data(told["data"], recipe.data.split, recipe.data.size, around, run)
    train_on(dataset, recipe, run, around)


def main() -> None:
    """The process: one job, then the end."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell began us with the signal ignored
    told = json.loads(sys.stdin.buffer.readline())
    ended = threading.Event()
    threading.Thread(target=_stop_when_stdin_closes, args=(ended,), daemon=True).start()
    tell = _telling()
    try:
        carry_out(told, tell)
    except ReslabError as error:
        sys.exit(f"reslab: {error}")
    except KeyboardInterrupt:
        sys.exit("reslab: stopped")
    finally:
        ended.set()


def _stop_when_stdin_closes(ended: threading.Event) -> None:
    """Interrupt the training. Once that has ended, nothing: its last words would be cut off."""
    while os.read(0, 1024):
        pass
    if not ended.is_set():
        _thread.interrupt_main(signal.SIGINT)


def _telling() -> Callable[[dict[str, Any]], None]:
    """A function that writes one line of JSON to stdout, where from now on nothing else is written."""
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a residual function of one's own prints goes to stderr

    def tell(event: dict[str, Any]) -> None:
        with suppress(OSError):  # nobody listens any more: then stdin is closed, too, and the run is about to stop
            print(json.dumps(event), file=lines, flush=True)

    return tell


if __name__ == "__main__":
    main()
