"""Values over a square as contours, such as a loss over two directions: levels in equal proportions."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS = (1, 1.5, 2, 3, 5, 7)  # of each power of ten: each about half as much again as the one before
MAP = "viridis"  # all readers see it grow lighter
INKS = ("#f4f6f8", "#1b1e22")  # of lines and numbers: on dark ground, on light


@dataclass(frozen=True)
class Contours:
    """One panel: `values`, all above 0, at every pair of `places`, a row for each along the upward axis."""

    title: str
    places: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    levels: tuple[float, ...]
    x: str = ""
    y: str = ""


def levels_of(values: Sequence[float]) -> tuple[float, ...]:
    """Round levels that lie around all of the values, which are above 0: from below the least to above the most."""
    low, high = min(values), max(values)
    powers = range(floor(log10(low)), floor(log10(high)) + 2)
    each = [float(f"{step * 10.0**power:.3g}") for power in powers for step in STEPS]
    first = max(place for place, level in enumerate(each) if level <= low)
    last = min(place for place, level in enumerate(each) if level > high)
    return tuple(each[first : last + 1])


def draw_contours(axes: "Axes", panel: Contours) -> None:
    """Filled between the levels, with the levels written on their lines, and a cross in the middle."""
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm

    levels = panel.levels
    colours = colormaps[MAP]
    axes.contourf(panel.places, panel.places, panel.values, levels=levels, cmap=colours, norm=BoundaryNorm(levels, 256))
    lines = axes.contour(panel.places, panel.places, panel.values, levels=levels, colors=INKS[0], linewidths=0.7)
    axes.clabel(lines, fmt=lambda level: f"{level:g}", fontsize=9, inline_spacing=2)
    middle: dict[str, Any] = {"color": INKS[0], "markersize": 9, "markeredgewidth": 1.6}
    axes.plot([0], [0], "+", **middle)
    axes.set_aspect("equal")
