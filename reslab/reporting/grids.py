"""Error at every point of a grid: along one field, a line for each value of the others, a dot for each seed."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reslab.reporting.drawing import (
    COLOURS,
    DOCUMENT_INK,
    colours,
    framed,
    headed,
    name_lines,
    placeholder,
    quiet,
    repeatable,
    right_margin,
    svg,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

APART = 0.05  # of the distance between two values: lines stand beside each other, so that no dot hides another


@dataclass(frozen=True)
class GridLine:
    """The errors in percent of one line: for each value along the axis, those of its seeds; empty where unknown."""

    label: str
    errors: tuple[tuple[float, ...], ...]
    colour: int | None = None  # its number among those of the house; None: that of its place among the lines

    def means(self) -> list[tuple[int, float]]:
        """(place on the axis, mean over seeds), where there is one."""
        return [(place, statistics.fmean(found)) for place, found in enumerate(self.errors) if found]


def grid_figure(
    lines: Sequence[GridLine],
    field: str,
    values: Sequence[str],
    *,
    ordered: bool,
    quantity: str = "error %",
    ringed: tuple[int, int, str] | None = None,
    width: int = 760,
    height: int = 420,
) -> bytes:
    """The errors along the `values` of `field` as SVG, `width` by `height` pixels; the same input, the same bytes.

    The values stand at equal distances, as grids are mostly geometric. `ordered` says that they are numbers, so that
    a line from one to the next means something. `ringed`: the line and the place of a mean with a ring around it, and
    what that says.
    """
    names = [line.label for line in lines]
    # Every word of a user's is put in afterwards: first the lines' names, then the field, then its values.
    words = [*names, field, *values]
    with repeatable(f"grid {width}"):
        figure, axes = framed(width, height, right_margin(names, width))
        figure.patch.set_facecolor("#ffffff")
        _draw(axes, lines, ordered)
        ring = _ring(axes, lines, *ringed) if ringed else ""
        axes.set_xlim(-0.5, len(values) - 0.5)
        quiet(axes, DOCUMENT_INK)
        axes.set_xticks(range(len(values)), [placeholder(len(names) + 1 + place) for place in range(len(values))])
        axes.set_xlabel(placeholder(len(names)), color=DOCUMENT_INK, fontsize=12, labelpad=6)
        headed(axes, quantity, ", ".join(filter(None, (_key(lines), ring))), DOCUMENT_INK, height)
        ends = [(line.means()[-1][1], i) for i, line in enumerate(lines) if line.means()]
        name_lines(axes, ends, names, height, _colours(lines))
        return svg(figure, words).encode()


def _draw(axes: "Axes", lines: Sequence[GridLine], ordered: bool) -> None:
    for place, (line, colour) in enumerate(zip(lines, _colours(lines), strict=True)):
        aside = _aside(lines, place)
        for at, found in enumerate(line.errors):
            if len(found) > 1:
                axes.plot([at + aside] * len(found), found, "o", color=colour, markersize=4, alpha=0.45, clip_on=False)
        means = [(at + aside, mean) for at, mean in line.means()]
        if means:
            axes.plot(*zip(*means, strict=True), "o-" if ordered else "D", color=colour, linewidth=2.2, clip_on=False)
    axes.margins(y=0.08)


def _colours(lines: Sequence[GridLine]) -> list[str]:
    return [
        own if line.colour is None else COLOURS[line.colour]
        for line, own in zip(lines, colours(len(lines)), strict=True)
    ]


def _aside(lines: Sequence[GridLine], place: int) -> float:
    return APART * (place - (len(lines) - 1) / 2)


def _ring(axes: "Axes", lines: Sequence[GridLine], line: int, at: int, words: str) -> str:
    """What the key says of the ring; nothing where there is no mean to draw it around."""
    mean = dict(lines[line].means()).get(at)
    if mean is None:
        return ""
    colour = _colours(lines)[line]
    axes.plot([at + _aside(lines, line)], [mean], "o", color=colour, markersize=14, fillstyle="none", clip_on=False)
    return f"ringed: {words}"


def _key(lines: Sequence[GridLine]) -> str:
    seeds = max((len(found) for line in lines for found in line.errors), default=0)
    return "small: one seed, large: mean of seeds" if seeds > 1 else ""
