"""TensorBoard's view of runs: an event file in each run's folder, made of its record alone, live or afterwards.

A run that goes on, whose metrics were cut back to what had been saved, has neither doubled nor torn points.
"""

from collections.abc import Callable, Iterable
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import Any

from reslab.errors import UsageError
from reslab.progress import Say, silent
from reslab.reporting.events import closing_events, line_events, opening_events
from reslab.store import DIVERGED, RESULT, EventFile, RunFolder, read_record
from reslab.store.trained_places import trained_model
from reslab.training import Recipe


def require_tensorboard() -> None:
    """Raises UsageError where the package is missing."""
    if find_spec("tensorboard") is None:
        raise UsageError('--tensorboard needs tensorboard: pip install "reslab[tensorboard]"; or leave it out')


def write_events(run: Path) -> Path:
    """Write the events of a run, finished or not, into its folder; gives the file.

    Raises UsageError where tensorboard is missing or `run` is no folder but the name of a trained net, RunError where
    it is no run folder, or cannot be written.
    """
    require_tensorboard()
    if trained_model(run):
        raise UsageError(f"{run} comes with the package, and is no run folder: reslab report {run} makes a page of it")
    read_record(run)
    written = _Following(run)
    written.look()
    return written.file.path


def following(runs: Iterable[Path], asked: bool, say: Say = silent) -> Callable[[], None]:
    """A function that brings the events of `runs` up to their records: of all, or of those that have some already.

    So a run that goes on by a command that does not ask for it has whole curves, too. Where tensorboard is not
    installed, it is said that it has not.
    """
    followed = [_Following(run) for run in runs if asked or EventFile(run).there]
    if followed and find_spec("tensorboard") is None:
        say(f'{followed[0].file.path} stays as it is: tensorboard is not installed (pip install "reslab[tensorboard]")')
        followed = []

    def look() -> None:
        for each in followed:
            each.look()

    return look


class _Following:
    """The events of one run, as far as its record goes."""

    def __init__(self, run: Path) -> None:
        self.file = EventFile(run)
        self._folder = RunFolder(run)
        self._made: list[tuple[dict[str, Any], bytes]] = []  # lines of the metrics, and their events
        self._ended = False

    def look(self) -> None:
        """Bring the events up to the record; nothing where the run is not begun, or was seen to have ended."""
        recipe = None if self._ended else self._folder.recipe()
        if recipe is None:
            return
        begun, lines = self._folder.begun(), self._folder.metrics()
        both = zip((line for line, _ in self._made), lines, strict=False)
        kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], both))
        self._made[kept:] = [(line, line_events(line, begun)) for line in lines[kept:]]
        result, diverged = self._folder.read(RESULT), self._folder.read(DIVERGED)
        closing = closing_events(lines, result, begun) if result or diverged else b""
        opening = opening_events(Recipe.from_dict(recipe), begun)
        self.file.write(opening + b"".join(events for _, events in self._made) + closing)
        self._ended = result is not None
