"""Error against depth, plain nets beside residual ones: what the whole paper is about, in one picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reslab.reporting.drawing import COLOURS, DOCUMENT_INK, quiet, repeatable, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLAIN, RESIDUAL = COLOURS[1], COLOURS[0]  # orange and blue, which all readers tell apart; marks differ, too
LEFT, RIGHT, TOP, BOTTOM, BETWEEN = 40, 16, 52, 46, 44  # pixels around and between panels
HIGH, LOW = 230, 200  # pixels of a panel: side by side, and below each other
WIDE, NARROW = 860, 350  # pixels of the picture


@dataclass(frozen=True)
class DepthPoint:
    """A net's error in percent; `std` over seeds, None for one. `text` is how the error is printed, such as "≈9.5"."""

    depth: int
    error: float
    text: str
    std: float | None = None


@dataclass(frozen=True)
class DepthPanel:
    """Plain and residual nets, errors counted in one way. Hollow marks are the paper's, filled ones ours."""

    title: str
    quantity: str  # which error, of nets trained how
    plain: tuple[DepthPoint, ...]
    residual: tuple[DepthPoint, ...]
    papers: bool = False


def depths_figure(panels: Sequence[DepthPanel], *, stacked: bool = False) -> bytes:
    """The panels side by side, or below each other where it is narrow, as SVG; the same input gives the same bytes.

    All have the same axes, errors from 0, so that what is as high is as much.
    """
    from matplotlib.figure import Figure

    rows, columns = (len(panels), 1) if stacked else (1, len(panels))
    high = LOW if stacked else HIGH
    width, height = NARROW if stacked else WIDE, rows * (TOP + high + BOTTOM)
    points = [point for panel in panels for point in (*panel.plain, *panel.residual)]
    depths = sorted({point.depth for point in points}) or [20, 56]
    top = 1.18 * max((point.error + (point.std or 0.0) for point in points), default=20.0)
    with repeatable(f"depths {width}"):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_facecolor("#ffffff")
        wide = (width - LEFT - RIGHT - BETWEEN * (columns - 1)) / columns
        for place, panel in enumerate(panels):
            row, column = divmod(place, columns)
            left, foot = LEFT + column * (wide + BETWEEN), height - row * (TOP + high + BOTTOM) - TOP - high
            axes = figure.add_axes((left / width, foot / height, wide / width, high / height))
            _dress(axes, panel, depths, top, high)
            for nets, colour, mark, above in ((panel.plain, PLAIN, "s", 1), (panel.residual, RESIDUAL, "o", -1)):
                _draw(axes, nets, colour, mark, above, panel.papers)
        return svg(figure).encode()


def _draw(axes: "Axes", points: Sequence[DepthPoint], colour: str, mark: str, above: int, hollow: bool) -> None:
    """One kind of net; the first and the last error are printed, and the last is named, `above` the line or below."""
    if not points:
        return
    depths, errors = [point.depth for point in points], [point.error for point in points]
    spread = [point.std or 0.0 for point in points] if any(point.std for point in points) else None
    face = "#ffffff" if hollow else colour
    style: dict[str, Any] = {"color": colour, "markersize": 7, "linewidth": 2.2, "capsize": 3, "elinewidth": 1.2}
    axes.errorbar(depths, errors, yerr=spread, fmt=f"{mark}-", markerfacecolor=face, markeredgewidth=1.6, **style)
    name = "plain" if above > 0 else "residual"
    first, last = points[0], points[-1]
    _print(axes, last, f"{name} {last.text}", above, "right" if len(points) > 1 else "left", 4)
    if len(points) > 1:
        _print(axes, first, first.text, above, "center", -14)  # aside: the line may rise steeply


def _print(axes: "Axes", point: DepthPoint, words: str, above: int, side: str, aside: int) -> None:
    """Words `above` a point and its spread, or below them (-1); `side` of them is `aside` pixels from it."""
    axes.annotate(
        words,
        (point.depth, point.error + above * (point.std or 0.0)),
        xytext=(aside, 9 * above),
        textcoords="offset points",
        ha=side,
        va="bottom" if above > 0 else "top",
        fontsize=12,
        color=DOCUMENT_INK,
    )


def _dress(axes: "Axes", panel: DepthPanel, depths: Sequence[int], top: float, high: int) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    quiet(axes, DOCUMENT_INK)
    axes.set_xscale("log")  # from one net of the paper to the next, layers are multiplied
    axes.set_xlim(depths[0] / 1.35, depths[-1] * 1.12)
    axes.xaxis.set_major_locator(FixedLocator(depths))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.set_ylim(0, top)
    axes.set_xlabel("layers", fontsize=12, color=DOCUMENT_INK, labelpad=4)
    above: dict[str, Any] = {"transform": axes.transAxes, "color": DOCUMENT_INK, "va": "center"}
    axes.text(0, 1 + 36 / high, panel.title, fontsize=13, fontweight="bold", **above)
    axes.text(0, 1 + 18 / high, panel.quantity, fontsize=12, **above)
    if not panel.plain and not panel.residual:
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=DOCUMENT_INK, alpha=0.6)
