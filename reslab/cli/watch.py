"""Live progress of a training on stderr: a bar on a terminal, a line now and then in a file."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TextColumn

from reslab.cli.show import duration, notes, say

if TYPE_CHECKING:
    from reslab.training import Progress as Stand

LINE_EVERY = 30.0  # seconds, where there is no bar


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
