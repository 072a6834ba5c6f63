"""How the command line speaks: JSON, CSV or tables on stdout, notes and progress on stderr."""

import csv
import io
import json
import math
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

notes = Console(stderr=True, highlight=False, soft_wrap=True)
out = Console(highlight=False)
YEAR = 365.25  # days
# Control characters, line breaks among them, and those that turn the direction of writing.
STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """One line of text, what would steer a terminal, or end the line, as escapes (`\\x1b`, `\\n`).

    Names of files and classes may hold anything.
    """
    return STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def say(line: str) -> None:
    """One line for the user, on stderr."""
    notes.print(printable(line), markup=False)


def show_text(line: str) -> None:
    """One line of text as it is, on stdout."""
    show_lines(printable(line))


def show_lines(text: str, end: str = "\n") -> None:
    """Text of our own making with its line breaks, a table in Markdown, on stdout."""
    lines = "\n".join(map(printable, text.split("\n")))
    out.print(lines, markup=False, soft_wrap=True, end=end)


_values: ContextVar[TextIO | None] = ContextVar("values", default=None)  # where `emit` writes; None: to stdout


def emit(value: Any) -> None:
    """The one JSON object of a command that was asked for --json; in ASCII, which every pipe and terminal carries."""
    print(json.dumps(_plain(value)), file=_values.get())


@contextmanager
def values_alone() -> Iterator[None]:
    """Let `emit` alone write to stdout: what a residual function of one's own prints goes to stderr."""
    before = _values.set(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _values.reset(before)


def csv_record(cells: Iterable[str]) -> None:
    """One record of comma-separated values on stdout; in UTF-8, whatever the terminal's encoding is.

    Quoted as RFC 4180 has it; lines end as in any text, so that `cut` and `diff` take them. A path that is no valid
    text comes out as the bytes that it is.
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    sys.stdout.buffer.write(line.getvalue().encode("utf-8", sys.getfilesystemencodeerrors()))
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    """JSON has no NaN and no paths."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def table(columns: Iterable[str], values: Iterable[Iterable[Any]], title: str | None = None) -> None:
    """A table on stdout; numbers stand to the right."""
    rows = [[_cell(value) for value in row] for row in values]
    grid = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        numeric = all(row[index].replace(",", "").replace(".", "").replace(" %", "").isdigit() for row in rows)
        grid.add_column(printable(column), justify="right" if numeric and rows else "left", overflow="fold")
    for row in rows:
        grid.add_row(*row)
    # Piped into a file or a pager, a table is as wide as it needs to be.
    console = out if sys.stdout.isatty() else Console(highlight=False, width=200)
    console.print(grid, markup=False)


def pairs(rows: Iterable[tuple[str, Any]]) -> None:
    """Names and values, a line each, on stdout."""
    rows = list(rows)
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        show_text(f"{name:<{width}}  {_cell(value)}")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else printable(str(value))


def duration(seconds: float) -> str:
    """Seconds in the words that fit: "0.4 s", "42 s", "3 min", "2 h 5 min", "9 days", "14 years"."""
    if not math.isfinite(seconds):
        return "unknown time"
    if seconds < 0.95:
        return f"{round(seconds, 1):g} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours = round(minutes / 60)
    if hours < 48:
        return f"{minutes // 60} h {minutes % 60} min"
    days = hours / 24
    return f"{days:,.0f} days" if days < 2 * YEAR else f"{days / YEAR:,.0f} years"


def counting(number: int, noun: str) -> str:
    """ "1 step", "64,000 steps"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(error: float | None, images: int) -> str:
    """An error rate with the number of images that it was measured on."""
    return "" if error is None else f"{error:.2f} % of {images:,} images"
