"""What a training of any length comes to: error against epochs, and against minutes, both logarithmic."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, pairwise
from math import log10
from typing import TYPE_CHECKING

from reslab.reporting.drawing import DOCUMENT_INK, quiet, repeatable, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

LEFT, RIGHT, BOTTOM, BETWEEN = 52, 18, 50, 40  # pixels around and between the panels
LEGEND_ROW = 20  # pixels, of the legend above and the words below
COLUMNS = 3  # of the legend
NEARLY = 1.1  # times as slow: runs of one machine are as far apart as that
DASHES = (0, (4, 3))
MARK = "o"  # of the lines
ALONE = ("D", "X", "*", "p", "s", "^")  # of what stands beside the lines, in its order
# Of each power of ten, the most that do not touch.
DIGITS: tuple[tuple[float, ...], ...] = (
    (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9),
    (1, 1.5, 2, 3, 4, 5, 6, 8),
    (1, 2, 3, 5),
    (1, 2, 5),
    (1, 3),
    (1,),
)


@dataclass(frozen=True)
class BudgetRun:
    """One run: error in percent; minutes None where they were not recorded."""

    epochs: float
    error: float
    minutes: float | None
    machine: str


@dataclass(frozen=True)
class BudgetLine:
    """Runs of one net by one recipe, joined in the order of their lengths; `alone`: marks beside the lines."""

    label: str
    colour: str
    runs: tuple[BudgetRun, ...]
    alone: bool = False


@dataclass(frozen=True)
class Level:
    """An error to compare with, in percent: a thin horizontal line."""

    label: str
    colour: str
    error: float


def budgets_figure(
    lines: Sequence[BudgetLine], levels: Sequence[Level], quantity: str, *, width: int = 860, height: int = 400
) -> bytes:
    """The two panels as SVG; the same input gives the same bytes. Small: one run, large: their mean.

    Errors are means over the runs of all machines. Minutes are those of one machine, the fastest that has a line:
    minutes of several say more of the machines than of the trainings. Marks beside the lines are of that machine,
    or else of the fastest, which is named.
    """
    from matplotlib.figure import Figure

    joined, alone = [line for line in lines if not line.alone], [line for line in lines if line.alone]
    where = timed_on(lines)
    of_line = dict(zip([line.label for line in alone], cycle(ALONE), strict=False))
    handles = _handles(lines, levels, of_line)
    feet = [(MARK, f"minutes on {where}")] if where else []
    feet += [
        (of_line[line.label], f"on {run.machine}")
        for line in alone
        for run in timed_runs(line, where)[:1]
        if run.machine != where
    ]
    rows = -(-len(handles) // COLUMNS)
    height += LEGEND_ROW * (rows + len(feet))
    top, bottom = LEGEND_ROW * rows + 28, BOTTOM + LEGEND_ROW * len(feet)
    with repeatable(f"budgets {width}"):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_facecolor("#ffffff")
        wide = (width - LEFT - RIGHT - BETWEEN) / 2
        low, high = _range([run.error for line in lines for run in line.runs] + [level.error for level in levels])
        for place, name in enumerate(("epochs", "minutes of training")):
            box = (
                (LEFT + place * (wide + BETWEEN)) / width,
                bottom / height,
                wide / width,
                1 - (top + bottom) / height,
            )
            axes = figure.add_axes(box)
            for level in levels:
                axes.axhline(level.error, color=level.colour, linewidth=1, linestyle=DASHES, alpha=0.8, zorder=0)
            across: list[float] = []
            for line in (*joined, *alone):
                timed = timed_runs(line, where) if place else ()
                x = [(run.minutes if run in timed else None) if place else run.epochs for run in line.runs]
                _draw(axes, line, x, of_line.get(line.label, MARK))
                across += [at for at in x if at]
            _dress(axes, name, quantity, across, (low, high))
        figure.legend(
            handles=handles, loc="upper left", bbox_to_anchor=((LEFT - 8) / width, 1 - 4 / height), ncols=COLUMNS,
            frameon=False, fontsize=11, labelcolor=DOCUMENT_INK, handlelength=1.6, borderpad=0, columnspacing=1.6,
        )  # fmt: skip
        for place, (mark, words) in enumerate(feet):
            _foot(figure, mark, words, (len(feet) - place - 0.4) * LEGEND_ROW)
        return svg(figure).encode()


def timed_on(lines: Sequence[BudgetLine]) -> str | None:
    """The fastest machine, of those with two lengths of a line or more if there are such.

    Fast is where an epoch takes few minutes beside the fastest epoch of the same line: deep nets take longer anywhere.
    Of machines about as fast (`NEARLY`) the one with the most lengths. Marks beside the lines do not count. None where
    no minutes are known.
    """
    lengths: dict[str, set[tuple[str, float]]] = {}
    pace: dict[str, list[float]] = {}
    for line in lines:
        timed = [] if line.alone else [(run, run.minutes / run.epochs) for run in line.runs if run.minutes]
        for run, minutes in timed:
            lengths.setdefault(run.machine, set()).add((line.label, run.epochs))
            pace.setdefault(run.machine, []).append(minutes / min(least for _, least in timed))
    several = [machine for machine in pace if len(lengths[machine]) > 1] or list(pace)
    slow = {machine: statistics.fmean(pace[machine]) for machine in several}
    near = [machine for machine in several if slow[machine] <= NEARLY * min(slow.values())]
    return min(near, key=lambda machine: (-len(lengths[machine]), slow[machine]), default=None)


def timed_runs(line: BudgetLine, where: str | None) -> list[BudgetRun]:
    """The runs whose minutes are told: those on that machine; beside the lines, else where epochs are the fastest."""
    if not line.alone:
        return [run for run in line.runs if run.machine == where and run.minutes is not None]
    pace: dict[str, list[float]] = {}
    for run in line.runs:
        if run.minutes is not None:
            pace.setdefault(run.machine, []).append(run.minutes / run.epochs)
    chosen = min(pace, key=lambda machine: (machine != where, statistics.fmean(pace[machine])), default=None)
    return [run for run in line.runs if run.machine == chosen and run.minutes is not None]


def _draw(axes: "Axes", line: BudgetLine, x: Sequence[float | None], mark: str) -> None:
    """The mean of the runs of each length, and each of the runs where they are more; `x` is where each run stands."""
    means = mean_points(line.runs, x)
    each = [(at, run.error) for run, at in zip(line.runs, x, strict=True) if at]
    if each and len(line.runs) > len({run.epochs for run in line.runs}):
        axes.plot(*zip(*each, strict=True), mark, color=line.colour, markersize=3.5, alpha=0.4, linestyle="")
    if means:
        stroke = "" if line.alone else "-"
        axes.plot(*zip(*means, strict=True), mark, color=line.colour, markersize=7, linestyle=stroke, linewidth=2)


def mean_points(runs: Sequence[BudgetRun], x: Sequence[float | None]) -> list[tuple[float, float]]:
    """A point for each length, the shortest first: the mean of what is known of x, and that of all runs' errors.

    So a length has the same error in both panels, however few of its runs were timed on the machine that is shown.
    """
    found = []
    for epochs in sorted({run.epochs for run in runs}):
        of_length = [(at, run.error) for run, at in zip(runs, x, strict=True) if run.epochs == epochs]
        if places := [at for at, _ in of_length if at]:
            found.append((statistics.fmean(places), statistics.fmean(error for _, error in of_length)))
    return found


def _dress(axes: "Axes", name: str, quantity: str, across: Sequence[float], upright: tuple[float, float]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    quiet(axes, DOCUMENT_INK)
    axes.grid(axis="x", color=DOCUMENT_INK, alpha=0.14, linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yscale("log")
    low, high = (min(across) / 1.2, max(across) * 1.2) if across else (1, 10)
    axes.set_xlim(low, high)
    axes.set_ylim(*upright)
    for axis, (least, most), room in ((axes.xaxis, (low, high), 0.1), (axes.yaxis, upright, 0.05)):
        axis.set_major_locator(FixedLocator(_ticks(least, most, room)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.set_xlabel(name, color=DOCUMENT_INK, fontsize=12)
    axes.set_title(quantity, color=DOCUMENT_INK, fontsize=12, loc="left")
    if not across:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=DOCUMENT_INK, alpha=0.6)


def _range(errors: Sequence[float]) -> tuple[float, float]:
    """Of the vertical axis; an error of 0 stands at its foot."""
    above = [error for error in errors if error > 0] or [1.0]
    return min(above) / 1.12, min(max(above) * 1.12, 100)


def _ticks(low: float, high: float, room: float) -> list[float]:
    """Round numbers from `low` to `high`: as many of each power of ten as have `room`, a part of the axis, between."""
    span = log10(high / low)
    found: list[float] = []
    for digits in DIGITS:
        found = [d * 10.0**power for power in range(-4, 7) for d in digits if low <= d * 10.0**power <= high]
        if all(log10(b / a) >= room * span for a, b in pairwise(found)):
            break
    return found


def _handles(lines: Sequence[BudgetLine], levels: Sequence[Level], of_line: Mapping[str, str]) -> "list[Line2D]":
    """What the legend explains: lines and marks first, then what they are compared with."""
    from matplotlib.lines import Line2D

    drawn = [
        Line2D([], [], color=line.colour, marker=of_line.get(line.label, MARK), markersize=7, linewidth=2,
               linestyle="" if line.alone else "-", label=line.label)
        for line in lines
    ]  # fmt: skip
    dashes = [
        Line2D([], [], color=level.colour, linewidth=1, linestyle=DASHES, label=f"{level.label}, {level.error:g} %")
        for level in levels
    ]
    return drawn + dashes


def _foot(figure: "Figure", mark: str, words: str, above: float) -> None:
    """Below the panels, so many pixels above the foot: a mark and what it stands for."""
    from matplotlib.lines import Line2D

    wide, high = (72 * inches for inches in figure.get_size_inches())
    at = above / high
    figure.add_artist(Line2D([LEFT / wide], [at], marker=mark, color=DOCUMENT_INK, markersize=6, linestyle=""))
    figure.text((LEFT + 12) / wide, at, words, fontsize=11, color=DOCUMENT_INK, va="center", parse_math=False)
