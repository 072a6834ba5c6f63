"""Lines in panels, and squares with contours, each panel with its own axes: rows of them below each other."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from reslab.reporting.contours import Contours, draw_contours
from reslab.reporting.drawing import COLOURS, DOCUMENT_INK, placeholder, repeatable, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, RIGHT, TOP, BOTTOM, BETWEEN = 62, 14, 26, 48, 66  # pixels around panels, and between those of a row
ROOM = 2  # letters: a reader's font may be wider than the one that is drawn with
Legend = Literal["best", "upper center", "above", ""]
FEW = 1000  # from the lower end of a logarithmic axis to the upper: up to here each of its numbers has room
END = 0.06  # of a panel's width: to the right, for what its lines end with
INKED = -1  # in place of a colour's number: the colour of the text, for what is no measurement


@dataclass(frozen=True)
class PlotLine:
    """One line: (x, y) points, the number of its colour, dashed or not. Without a label it is not in the legend."""

    label: str
    points: tuple[tuple[float, float], ...]
    colour: int = 0
    dashed: bool = False
    dots: bool = False
    band: tuple[tuple[float, float], ...] = ()  # (lowest, highest) at each point, shaded
    end: str = ""  # what stands at the line's end, such as its depth


@dataclass(frozen=True)
class Plot:
    """One panel. On a logarithmic axis what is not above its lower end, `floor`, is left out."""

    title: str
    x: str
    y: str
    lines: tuple[PlotLine, ...]
    log_x: bool = False
    log_y: bool = False
    floor: float = 0.0
    legend: Legend = "best"  # where it is: "above" the panel; "" for none
    reach: tuple[float, float] | None = None  # of the y axis; None: what the lines need


def net_colours(plain: Sequence[bool]) -> list[int]:
    """Numbers of colours for nets, plain or not: the first plain one orange, the first other one blue, as on the page.

    Those after them have the other colours in turn.
    """
    first = {kind: list(plain).index(kind) for kind in set(plain)}
    others = count(2)
    return [int(kind) if place == first[kind] else next(others) for place, kind in enumerate(plain)]


def median_line(
    label: str,
    x: Sequence[float],
    lines: Sequence[Sequence[float]],
    colour: int,
    dashed: bool = False,
    shaded: bool = True,
) -> PlotLine:
    """The median of several lines, which have a value at each `x`; `shaded` from the least to the most of them."""
    at = list(zip(*lines, strict=True))
    points = tuple(zip(x, map(statistics.median, at), strict=True))
    return PlotLine(label, points, colour, dashed, band=tuple((min(v), max(v)) for v in at) if shaded else ())


def mean_line(
    label: str, x: Sequence[float], lines: Sequence[Sequence[float]], colour: int, dashed: bool = False
) -> PlotLine:
    """The mean of several lines, which have a value at each `x`; shaded from the least to the most of them."""
    line = median_line(label, x, lines, colour, dashed)
    at = zip(*lines, strict=True)
    return replace(line, points=tuple(zip(x, map(statistics.fmean, at), strict=True)))


def plots_figure(rows: Sequence[Sequence[Plot | Contours]], *, heights: Sequence[int] = (), width: int = 760) -> bytes:
    """The panels as SVG, `heights` in pixels of the rows; the same input gives the same bytes."""
    from matplotlib.figure import Figure

    highs = list(heights) or [230] * len(rows)
    height = sum(highs) + len(rows) * (TOP + BOTTOM)
    names: list[str] = []
    with repeatable(f"plots {width}"):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_facecolor("#ffffff")
        bottom = height
        for row, high in zip(rows, highs, strict=True):
            bottom -= TOP + high
            for place, plot in enumerate(row):
                axes = _axes(figure, place, len(row), (bottom, high), (width, height))
                if isinstance(plot, Contours):
                    draw_contours(axes, plot)
                    plot = replace(plot, title=_placed(plot.title, names))
                else:
                    _draw(axes, plot, names)
                    _dress(axes, plot)
                _frame(axes, plot)
            bottom -= BOTTOM
        return svg(figure, names).encode()


def _axes(figure: "Figure", place: int, count: int, rise: tuple[int, int], whole: tuple[int, int]) -> "Axes":
    (bottom, high), (width, height) = rise, whole
    wide = (width - LEFT - RIGHT - BETWEEN * (count - 1)) / count
    left = LEFT + place * (wide + BETWEEN)
    return figure.add_axes((left / width, bottom / height, wide / width, high / height))


def _draw(axes: "Axes", plot: Plot, names: list[str]) -> None:
    """Its lines; their names are added to those that `svg` puts in."""
    for line in plot.lines:
        points = [(x, y) for x, y in line.points if not plot.log_y or y > plot.floor]
        if points:
            x, y = zip(*points, strict=True)
            axes.plot(x, y, label=_placed(line.label, names) if line.label else "_", **_stroke(line))
            _shade(axes, line, plot)
            if line.end:
                style: dict[str, Any] = {"fontsize": 11, "color": DOCUMENT_INK, "va": "center"}
                axes.annotate(line.end, points[-1], xytext=(5, 0), textcoords="offset points", **style)


def _shade(axes: "Axes", line: PlotLine, plot: Plot) -> None:
    """Its band, where the line itself is."""
    seen = [
        (x, *both) for (x, y), both in zip(line.points, line.band, strict=False) if not plot.log_y or y > plot.floor
    ]
    if seen:
        style: dict[str, Any] = {"color": COLOURS[line.colour % len(COLOURS)], "alpha": 0.2, "linewidth": 0}
        x, low, high = zip(*seen, strict=True)
        axes.fill_between(x, low, high, **style)


def _placed(name: str, names: list[str]) -> str:
    """What stands for a name, which may be a user's words, until `svg` puts it there."""
    names.append(name)
    return placeholder(len(names) - 1, len(name) + ROOM)


def _stroke(line: PlotLine) -> dict[str, Any]:
    style: dict[str, Any] = {"linewidth": 1.4, "linestyle": (0, (4, 2)) if line.dashed else "-"}
    if line.colour == INKED:
        return {**style, "color": DOCUMENT_INK, "alpha": 0.55, "linewidth": 1.0}
    return {
        **style,
        "color": COLOURS[line.colour % len(COLOURS)],
        **({"marker": "o", "markersize": 3.5} if line.dots else {}),
    }


def _dress(axes: "Axes", plot: Plot) -> None:
    from matplotlib.ticker import MaxNLocator

    drawn = bool(axes.lines)
    if plot.log_x and drawn:
        axes.set_xscale("log")
        axes.set_xticks(sorted({x for line in plot.lines for x, _ in line.points}), minor=False)
        axes.set_xticks([], minor=True)
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    if plot.log_y and drawn:
        axes.set_yscale("log")
        axes.set_ylim(bottom=plot.floor or None)
    if plot.reach:
        axes.set_ylim(*plot.reach)
    if plot.log_y and drawn:
        _name_heights(axes)
    if not plot.log_x:
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    if drawn and any(line.end for line in plot.lines):
        low, high = axes.get_xlim()
        axes.set_xlim(low, high * (high / low) ** (2 * END) if plot.log_x else high + END * (high - low))
    if not drawn:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=DOCUMENT_INK, alpha=0.6)
    elif any(line.label for line in plot.lines):
        _name(axes, plot.legend)


def _name_heights(axes: "Axes") -> None:
    """On a logarithmic axis of few powers of ten, plain numbers: 0.2, 0.5, 1."""
    from matplotlib.ticker import LogLocator, NullLocator

    low, high = axes.get_ylim()
    if high < FEW * low:
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(lambda y, _: f"{y:g}")


def _name(axes: "Axes", place: Legend) -> None:
    """The legend; above the panel it is in one row at the right, where it can cover nothing."""
    style: dict[str, Any] = {"fontsize": 10, "borderpad": 0.3}
    if place == "above":
        across = {"bbox_to_anchor": (1, 1), "ncols": 9, "borderaxespad": 0.1, "columnspacing": 1.2}
        axes.legend(loc="lower right", frameon=False, handlelength=1.6, **across, **style)
    elif place:
        axes.legend(loc=place, frameon=True, framealpha=0.85, edgecolor="none", **style)


def _frame(axes: "Axes", plot: Plot | Contours) -> None:
    axes.set_title(plot.title, fontsize=12, loc="left", color=DOCUMENT_INK)
    axes.set_xlabel(plot.x, fontsize=12, color=DOCUMENT_INK)
    axes.set_ylabel(plot.y, fontsize=12, color=DOCUMENT_INK)
    axes.tick_params(axis="both", which="both", direction="in", labelsize=11, colors=DOCUMENT_INK, top=True, right=True)
    for spine in axes.spines.values():
        spine.set(color=DOCUMENT_INK, linewidth=0.8)
