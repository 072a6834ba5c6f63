"""Error over iterations as the paper draws it (Figures 1, 4, 6): panels side by side, one scale, guide lines."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from reslab.reporting.curves import Points, thinned
from reslab.reporting.drawing import DOCUMENT_INK, repeatable, svg
from reslab.reporting.rounding import finite

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# By number of layers, one colour a depth in all figures: the paper's hues, in shades that colour-blind readers tell
# apart where they meet (20, 32, 44, 56; 18, 34; 20, 56, 110, 1202), on white and on near-black.
DEPTH_COLOURS = {
    18: "#2f9fe0", 20: "#b08c00", 32: "#2f9fe0", 34: "#cb2a45", 44: "#0e8a72", 56: "#cb2a45", 110: "#111111",
    1202: "#a34fc0",
}  # fmt: skip
Kind = Literal["bold", "dashed", "thin", "solid"]
STROKES: dict[str, dict[str, Any]] = {
    "bold": {"linewidth": 2.4},
    "solid": {"linewidth": 1.5},
    "thin": {"linewidth": 0.9, "alpha": 0.9},
    "dashed": {"linewidth": 1.2, "linestyle": (0, (4, 2)), "alpha": 0.9},
}
TICKS = {20: (0, 5, 10, 20), 40: (0, 10, 20, 30, 40), 60: (0, 20, 40, 60), 100: (0, 20, 40, 60, 80, 100)}
LEFT, RIGHT, BOTTOM, BETWEEN = 52, 16, 50, 52  # pixels around and between panels
END, APART = 34, 12  # pixels: to the right of a panel for what its lines end with, and between two of those
NEAR, LEAD = 5, 12  # pixels: from a panel to what its lines end with, and where that had to make room, further
MOVED = 3  # pixels from its line's end, from which on a line leads to it
LATE = 0.1  # of the training, what is enlarged
CORNERS = ((0.44, 0.52, 0.53, 0.45), (0.09, 0.07, 0.47, 0.4))  # of a panel: left, bottom, width, height
TITLE, KEY, BARE = 18, 18, 16  # pixels above them: for their titles, for the key, in any case


@dataclass(frozen=True)
class Curve:
    """One line: error in percent by step. A curve without a label is not in the legend."""

    label: str
    colour: str
    kind: Kind
    points: Points  # (step, percent)
    end: str = ""  # what stands at the line's end, such as its depth: colours alone do not reach every reader


@dataclass(frozen=True)
class Axis:
    """One of the paper's vertical axes."""

    low: float
    high: float
    ticks: tuple[float, ...]


@dataclass(frozen=True)
class Panel:
    """One of the pictures side by side."""

    title: str
    curves: tuple[Curve, ...]
    quantity: str = "error (%)"
    guides: tuple[float, ...] = ()  # dashed horizontal lines, as the paper draws them
    enlarged: bool = False  # the last part of the training once more, larger, in the corner that lines leave free
    legend: bool = True  # False where the title and what lines end with say it all: a legend may cover lines


def mean_points(metrics: Sequence[Sequence[dict[str, Any]]], key: str) -> Points:
    """(step, mean over runs) of a number in several runs' lines of metrics, at the steps that all of them have."""
    found = []
    for lines in metrics:
        pairs = ((finite(line.get("step")), finite(line.get(key))) for line in lines)
        found.append({step: value for step, value in pairs if step is not None and value is not None})
    shared = sorted(set.intersection(*map(set, found))) if found else []
    return thinned(tuple((step, sum(values[step] for values in found) / len(found)) for step in shared))


def panels_figure(
    panels: Sequence[Panel],
    paper: Axis,
    steps_ticks: Sequence[float],
    *,
    key: str = "",
    apart: bool = False,
    width: int = 0,
    height: int = 350,
) -> bytes:
    """The panels as SVG, `width` pixels wide with all of them; the same input gives the same bytes.

    A panel without any line is left out, unless that leaves none. `paper` is the vertical axis as printed, kept where
    our curves end inside it; `steps_ticks`, in 1e4, are the printed ones of the other, kept where our runs are as long.
    Others are replaced by what fits, `apart` in each panel by itself: where one ends high, the others stay readable.
    `key` says what the kinds of lines mean.
    """
    from matplotlib.figure import Figure

    shown = [panel for panel in panels if any(curve.points for curve in panel.curves)] or panels
    width = (width or 340 * len(panels)) * len(shown) // len(panels)
    panels, axes_of = shown, [fitting([panel] if apart else shown, paper) for panel in shown]
    top = BARE + TITLE * any(panel.title for panel in panels) + KEY * bool(key)
    height += top - BARE - TITLE - KEY  # the panels themselves are as high as they are asked to be
    last = max((c.points[-1][0] for p in panels for c in p.curves if c.points), default=1e4 * steps_ticks[-1])
    with repeatable(f"panels {width}"):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_facecolor("#ffffff")
        unit = 1e4 if last >= 1e4 else 1e3 if last >= 1e3 else 1.0
        for place, panel in enumerate(panels):
            axes = _axes(figure, place, len(panels), width, height, top, _end(panels))
            _draw(axes, panel, unit)
            _dress(axes, panel, axes_of[place], last, unit, steps_ticks)
            if panel.enlarged:
                _enlarge(axes, panel, last, unit)
            _name_ends(axes, panel, height - BOTTOM - top)
        if key:
            figure.text(
                1 - RIGHT / width, 1 - 14 / height, key, ha="right", va="center", fontsize=11, color=DOCUMENT_INK
            )
        return svg(figure).encode()


def fitting(panels: Sequence[Panel], paper: Axis) -> Axis:
    """The paper's axis where every curve ends inside it; else one from 0 that the later half of every curve fits."""
    ends = [c.points[-1][1] for p in panels for c in p.curves if c.points]
    if all(paper.low <= end <= paper.high for end in ends):
        return paper
    late = max(y for p in panels for c in p.curves if c.points for _, y in c.points[len(c.points) // 2 :])
    top = next((top for top in TICKS if late <= top), 100)
    return Axis(0, top, TICKS[top])


def _end(panels: Sequence[Panel]) -> int:
    """Pixels to the right of each panel, beyond its margin."""
    return END if any(curve.end and curve.points for panel in panels for curve in panel.curves) else 0


def _axes(figure: "Figure", place: int, count: int, width: int, height: int, top: int, end: int) -> "Axes":
    wide = (width - LEFT - RIGHT - end - (BETWEEN + end) * (count - 1)) / count
    left = LEFT + place * (wide + BETWEEN + end)
    return figure.add_axes((left / width, BOTTOM / height, wide / width, 1 - (BOTTOM + top) / height))


def _name_ends(axes: "Axes", panel: Panel, high: int) -> None:
    """What each line ends with, beside its end, moved apart where lines end together. A panel is `high` pixels high."""
    low, top = axes.get_ylim()
    pixels = high / (top - low)
    named = [(min(c.points[-1][1], top), c.end, c.colour) for c in panel.curves if c.points and c.end]
    ends = sorted(named)
    shifts = [
        pixels * (place - end)
        for place, (end, *_) in zip(moved_apart([end for end, *_ in ends], APART / pixels, low, top), ends, strict=True)
    ]
    aside = NEAR + LEAD * any(abs(shift) > MOVED for shift in shifts)
    for shift, (end, text, colour) in zip(shifts, ends, strict=True):
        lead: dict[str, Any] = {"arrowstyle": "-", "color": colour, "linewidth": 0.7, "shrinkA": 1, "shrinkB": 1}
        at: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
        style: dict[str, Any] = {"va": "center", "fontsize": 11, "color": colour, "annotation_clip": False}
        arrow = {**lead, "relpos": (0, 0.5)} if aside > NEAR else None
        axes.annotate(text, (1, end), (aside, shift), arrowprops=arrow, **at, **style)


def moved_apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places as near to the `wanted` ones, in ascending order, as they can be `gap` apart and inside `low` to `high`.

    Those that crowd stand evenly around their middle. Where there is no room for all, they go on above `high`.
    """
    crowds: list[list[float]] = []  # of each place what it would be if the ones below it took no room
    for number, place in enumerate(wanted):
        crowds.append([place - number * gap])
        while len(crowds) > 1 and statistics.fmean(crowds[-2]) > statistics.fmean(crowds[-1]):
            crowds[-2:] = [crowds[-2] + crowds[-1]]
    last = high - gap * (len(wanted) - 1)
    bases = [max(low, min(statistics.fmean(crowd), last)) for crowd in crowds for _ in crowd]
    return [base + number * gap for number, base in enumerate(bases)]


def _draw(axes: "Axes", panel: Panel, unit: float) -> None:
    for guide in panel.guides:
        axes.axhline(guide, color=DOCUMENT_INK, linewidth=0.7, linestyle=(0, (3, 3)), alpha=0.5, zorder=0)
    for curve in panel.curves:
        if curve.points:
            dots: dict[str, Any] = {"marker": "o", "markersize": 4} if len(curve.points) == 1 else {}
            x, y = zip(*((step / unit, error) for step, error in curve.points), strict=True)
            axes.plot(x, y, color=curve.colour, label=curve.label or "_", **STROKES[curve.kind], **dots)


def _enlarge(axes: "Axes", panel: Panel, last: float, unit: float) -> None:
    """The end of the training, where lines of several nets run together, in a panel inside the panel."""
    start = (1 - LATE) * last
    late = [y for curve in panel.curves for x, y in curve.points if x >= start]
    if not late:
        return
    crowd = [(x / last, axes.transAxes.inverted().transform(axes.transData.transform((0, y)))[1])
             for curve in panel.curves for x, y in curve.points]  # fmt: skip
    inner = axes.inset_axes(min(CORNERS, key=lambda corner: _covered(corner, crowd)))
    inner.patch.set_facecolor("#ffffff")
    _draw(inner, replace(panel, guides=()), unit)
    for curve in inner.lines:
        curve.set_linewidth(0.75 * curve.get_linewidth())
    inner.set_xlim(start / unit, last / unit)
    inner.set_ylim(max(0.0, min(late) - 0.5), max(late) + 0.5)
    inner.tick_params(axis="both", direction="in", labelsize=9, colors=DOCUMENT_INK)
    inner.locator_params(nbins=4)
    for spine in inner.spines.values():
        spine.set(color=DOCUMENT_INK, linewidth=0.6, alpha=0.7)


def _covered(corner: tuple[float, float, float, float], points: Sequence[tuple[float, float]]) -> int:
    """How many of the points lie in a corner, both in parts of a panel."""
    left, bottom, wide, high = corner
    return sum(left <= x <= left + wide and bottom <= y <= bottom + high for x, y in points)


def _dress(axes: "Axes", panel: Panel, axis: Axis, last: float, unit: float, steps_ticks: Sequence[float]) -> None:
    axes.set_ylim(axis.low, axis.high)
    axes.set_yticks(axis.ticks)
    whole = 0.9 * 1e4 * steps_ticks[-1] <= last <= 1.2 * 1e4 * steps_ticks[-1]
    axes.set_xlim(0, last / unit)
    if whole:
        axes.set_xticks(steps_ticks)
    axes.set_xlabel(f"iter. ({unit:.0e})".replace("e+0", "e") if unit > 1 else "iter.", fontsize=12, color=DOCUMENT_INK)
    axes.set_ylabel(panel.quantity, fontsize=12, color=DOCUMENT_INK, labelpad=4)
    axes.set_title(panel.title, fontsize=12, loc="left", color=DOCUMENT_INK)
    axes.tick_params(axis="both", direction="in", labelsize=11, colors=DOCUMENT_INK, top=True, right=True)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
    for spine in axes.spines.values():
        spine.set(color=DOCUMENT_INK, linewidth=0.8)
    drawn = [curve for curve in panel.curves if curve.points]
    if panel.legend and any(curve.label for curve in drawn):
        handles, labels = _by_ends(axes)
        style: dict[str, Any] = {"frameon": True, "framealpha": 0.85, "edgecolor": "none", "borderpad": 0.3}
        axes.legend(handles, labels, loc="upper right", fontsize=11, labelcolor=DOCUMENT_INK, **style)
    elif not drawn:
        axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center", color=DOCUMENT_INK, alpha=0.6)


def _by_ends(axes: "Axes") -> tuple[list[Any], list[str]]:
    """The legend's lines in the order in which they end, the highest first."""
    handles, labels = axes.get_legend_handles_labels()
    each: list[tuple[Any, str]] = list(zip(handles, labels, strict=True))
    found = sorted(each, key=lambda line: -line[0].get_ydata()[-1])
    return [handle for handle, _ in found], [label for _, label in found]
