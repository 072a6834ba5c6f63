"""Live progress of a training on stderr: a bar on a terminal, a line now and then in a file."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from reslab.cli.show import duration, notes, say
from reslab.errors import ReslabError

if TYPE_CHECKING:
    from reslab.experiments.queue import Now, Standing
    from reslab.training import Progress as Stand

Seen = TypeVar("Seen")

LINE_EVERY = 30.0  # seconds, where there is no bar
EVENTS_EVERY = 2.0  # seconds; TensorBoard looks every five
MOST_SHOWN = 3  # runs of a queue, in one line


@contextmanager
def watched() -> Iterator[Callable[["Stand"], None]]:
    """A function that shows how far a training is."""
    if not notes.is_terminal:
        yield _in_lines()
        return
    columns = (BarColumn(bar_width=24), TextColumn("{task.description}"))
    with Progress(*columns, console=notes, transient=True, refresh_per_second=4) as progress:
        task = progress.add_task("preparing", total=None)

        def show(stand: "Stand") -> None:
            progress.update(task, completed=stand.step, total=stand.steps, description=_words(stand))

        yield show


@contextmanager
def with_events(watch: Callable[[Seen], None], runs: Iterable[Path], asked: bool) -> Iterator[Callable[[Seen], None]]:
    """`watch`, which now and then brings TensorBoard's events of `runs` up to date, too; and so the end does.

    `asked` and whose see `reporting.tensorboard.following`. Where they cannot be written, that is said once, and the
    training goes on without.
    """
    from reslab.reporting.tensorboard import following

    look, looked = following(runs, asked, say), time.monotonic()

    def refresh() -> None:
        nonlocal look
        try:
            look()
        except ReslabError as error:
            say(f"no more curves for TensorBoard: {error}")
            look = following((), asked)

    def both(seen: Seen) -> None:
        nonlocal looked
        watch(seen)
        if time.monotonic() - looked > EVENTS_EVERY:
            refresh()
            looked = time.monotonic()

    try:
        yield both
    finally:  # whatever ends it
        refresh()


def _words(stand: "Stand") -> str:
    val = f", val error {stand.val_error:.2f} %" if stand.val_error is not None else ""
    return (
        f"step {stand.step:,}/{stand.steps:,}, loss {stand.loss:.3f}, error {stand.train_error:.1f} %{val}, "
        f"{stand.images_per_second:,.0f} img/s, {duration(stand.seconds_left)} left"
    )


def _in_lines() -> Callable[["Stand"], None]:
    """For a log file: a line now and then."""
    said = time.monotonic()

    def show(stand: "Stand") -> None:
        nonlocal said
        if time.monotonic() - said > LINE_EVERY:
            said = time.monotonic()
            say(_words(stand))

    return show


@contextmanager
def watched_queue() -> Iterator[Callable[["Standing"], None]]:
    """A function that shows how far a queue of runs is."""
    if not notes.is_terminal:
        yield _queue_in_lines()
        return
    words = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))
    with Progress(BarColumn(bar_width=16), words, console=notes, transient=True, refresh_per_second=4) as progress:
        task = progress.add_task("preparing", total=None)

        def show(standing: "Standing") -> None:
            part = sum(now.step / now.steps for now in standing.now)
            completed = standing.done + standing.failed + part
            progress.update(task, completed=completed, total=standing.runs, description=queue_words(standing))

        yield show


def queue_words(standing: "Standing") -> str:
    """One line: how many runs are done, what is left, and where those stand that are under way."""
    failed = f", {standing.failed} failed" if standing.failed else ""
    left = f", {duration(standing.seconds_left)} left" if standing.now else ""
    running = "; ".join(_run_words(now) for now in standing.now[:MOST_SHOWN])
    more = len(standing.now) - MOST_SHOWN
    return (
        f"{standing.done} of {standing.runs} runs done{failed}{left}{': ' if running else ''}{running}"
        f"{f'; and {more} more' if more > 0 else ''}"
    )


def _run_words(now: "Now") -> str:
    if not now.step:
        return f"{now.label} begins"
    error = now.val_error if now.val_error is not None else now.train_error
    kind = "val error" if now.val_error is not None else "error"
    return f"{now.label} step {now.step:,}/{now.steps:,}" + (f", {kind} {error:.1f} %" if error is not None else "")


def _queue_in_lines() -> Callable[["Standing"], None]:
    """For a log file: a line when a run has ended, and now and then."""
    said, ended = time.monotonic(), 0

    def show(standing: "Standing") -> None:
        nonlocal said, ended
        now_ended = standing.done + standing.failed
        if standing.now and (now_ended > ended or time.monotonic() - said > LINE_EVERY):
            say(queue_words(standing))
            said = time.monotonic()
        ended = now_ended

    return show


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function that shows (done, total) of some reading or fetching."""
    if not notes.is_terminal:
        yield lambda _done, _total: None
        return
    with Progress(BarColumn(bar_width=24), TextColumn("{task.description}"), console=notes, transient=True) as progress:
        task = progress.add_task(what, total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total or None, description=f"{what} {done:,}/{total:,}")

        yield show
