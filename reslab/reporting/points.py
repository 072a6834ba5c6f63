"""Errors of some points beside each other, each on a line of its own: what every change to a recipe is worth."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reslab.reporting.drawing import (
    BOTTOM,
    COLOURS,
    DOCUMENT_INK,
    LEFT,
    TOP,
    framed,
    headed,
    label_width,
    placeholder,
    repeatable,
    svg,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, RIGHT = 30, 24  # pixels


@dataclass(frozen=True)
class PointErrors:
    """The errors in percent of a point's seeds; none where it is not whole."""

    label: str
    errors: tuple[float, ...]
    is_base: bool = False


def points_figure(points: Sequence[PointErrors], *, quantity: str = "error %", width: int = 760) -> bytes:
    """A row a point as SVG, in the order given: a dot for each seed, its mean, and a thin line at the base's mean."""
    labels = [point.label for point in points]
    left = min(LEFT + max(map(label_width, labels), default=0), width // 2)
    height = TOP + BOTTOM + ROW * len(points)
    with repeatable(f"points {width}"):
        figure, axes = framed(width, height, RIGHT)
        figure.patch.set_facecolor("#ffffff")
        axes.set_position((left / width, BOTTOM / height, 1 - (left + RIGHT) / width, 1 - (BOTTOM + TOP) / height))
        _draw(axes, points)
        _dress(axes, len(points))
        headed(axes, "", _key(points), DOCUMENT_INK, height)
        # Over the labels: beside the key there may be no room, where these are long.
        figure.text(12 / width, 1 - 24 / height, quantity, color=DOCUMENT_INK, fontsize=12)
        return svg(figure, labels).encode()


def _draw(axes: "Axes", points: Sequence[PointErrors]) -> None:
    for row, point in enumerate(points):
        if not point.errors:
            continue
        colour, mean = COLOURS[1 if point.is_base else 0], statistics.fmean(point.errors)
        if point.is_base:
            axes.axvline(mean, color=colour, linewidth=0.8, alpha=0.6)
        if len(point.errors) > 1:
            axes.plot(point.errors, [row] * len(point.errors), "o", color=colour, markersize=4, alpha=0.45)
        axes.plot([mean], [row], "D", color=colour)
    axes.margins(x=0.06)


def _key(points: Sequence[PointErrors]) -> str:
    line = ["line: the base"] if any(point.is_base and point.errors for point in points) else []
    seeds = max((len(point.errors) for point in points), default=0)
    return "; ".join((["small: one seed, large: mean of seeds"] if seeds > 1 else []) + line)


def _dress(axes: "Axes", rows: int) -> None:
    axes.patch.set_visible(False)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set(color=DOCUMENT_INK, alpha=0.5, linewidth=0.8)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_yticks(range(rows), [placeholder(row) for row in range(rows)])
    axes.grid(axis="x", color=DOCUMENT_INK, alpha=0.14, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="both", colors=DOCUMENT_INK, labelsize=12, length=0, pad=7)
