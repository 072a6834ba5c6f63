"""Values over a square as contours, such as a loss over two directions: levels in equal proportions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS = (1, 1.5, 2, 3, 5, 7)  # of each power of ten: each about half as much again as the one before
FLOOR = 1e-6  # of the values: logarithms end somewhere
MAP = "viridis"  # grows lighter evenly, for all readers and in print
LIGHT, DARK = "#f4f6f8", "#1b2026"  # of lines and numbers: on dark ground, on light, whatever the page's ink is
BRIGHT = 0.45  # part of the colours from which on the ground is light
FINER = 4  # times as many points as there are: lines between them are curves, as the values are no polygons


@dataclass(frozen=True)
class Contours:
    """One panel: `values`, all above 0, at every pair of `places`, a row for each along the upward axis."""

    title: str
    places: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    levels: tuple[float, ...]
    x: str = ""
    y: str = ""


def squares_of(
    named: Mapping[str, Sequence[Sequence[float]]], places: Sequence[float], x: str, y: str
) -> list[Contours]:
    """A panel a name, all with the same levels, so that what has one colour is as high. Nothing is below `FLOOR`.

    What is in the middle is said, as a colour tells it roughly.
    """
    above = {name: tuple(tuple(max(value, FLOOR) for value in row) for row in values) for name, values in named.items()}
    if not above:
        return []
    levels, middle = levels_of([v for values in above.values() for row in values for v in row]), len(places) // 2
    return [
        Contours(f"{name}: {values[middle][middle]:.2g} in the middle", tuple(places), values, levels, x, y)
        for name, values in above.items()
    ]


def levels_of(values: Sequence[float]) -> tuple[float, ...]:
    """Round levels that lie around all of the values, which are above 0: from the least or below to above the most."""
    low, high = min(values), max(values)
    powers = range(floor(log10(low)), floor(log10(high)) + 2)
    each = [float(f"{step * 10.0**power:.3g}") for power in powers for step in STEPS]
    first = max(place for place, level in enumerate(each) if level <= low)
    last = min(place for place, level in enumerate(each) if level > high)
    return tuple(each[first : last + 1])


def draw_contours(axes: "Axes", panel: Contours) -> None:
    """Filled between the levels, which are written on their lines, with a cross in the middle."""
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm

    colours, levels = colormaps[MAP], panel.levels
    places = finer(np.array(panel.places))
    # Curves may overshoot the values a little, and what is beyond the levels would have no colour.
    heights = np.clip(np.exp(finer(finer(np.log(panel.values)).T).T), levels[0], levels[-1])
    axes.contourf(places, places, heights, levels=levels, cmap=colours, norm=BoundaryNorm(levels, colours.N))
    inks = [LIGHT if place / (len(levels) - 1) < BRIGHT else DARK for place in range(len(levels))]
    lines = axes.contour(places, places, heights, levels=levels, colors=inks, linewidths=0.7)
    axes.clabel(lines, fmt=lambda level: f"{level:g}", fontsize=9, inline_spacing=2)
    middle: dict[str, Any] = {"color": LIGHT, "markersize": 9, "markeredgewidth": 1.6}
    axes.plot([0], [0], "+", **middle)
    reach = panel.places[-1]
    axes.set_xticks([-reach, -reach / 2, 0, reach / 2, reach])
    axes.set_yticks([-reach, -reach / 2, 0, reach / 2, reach])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda at, _: f"{at:g}".replace("-", "−"))


def finer(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`FINER` points for each step along the last axis, on cubic curves through the values (Catmull and Rom's)."""
    ends = [2 * values[..., :1] - values[..., 1:2], 2 * values[..., -1:] - values[..., -2:-1]]
    wider = np.concatenate([ends[0], values, ends[1]], axis=-1)
    before, here, beyond, after = (wider[..., k : wider.shape[-1] - 3 + k, None] for k in range(4))
    at = np.arange(FINER) / FINER
    slope, far_slope = (beyond - before) / 2, (after - here) / 2
    rest = 2 * (here - beyond) + slope + far_slope
    curves = here + at * (slope + at * (beyond - here - slope - rest + at * rest))
    return np.concatenate([curves.reshape(*values.shape[:-1], -1), values[..., -1:]], axis=-1)
