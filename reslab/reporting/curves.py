"""Error over training in the manner of Figure 6: dashed is training error, bold is held-out error, a colour a run."""

import colorsys
import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from reslab.reporting.rounding import finite

Points = tuple[tuple[float, float], ...]
Quantity = Literal["error", "loss"]
Against = Literal["epoch", "step"]

# Each has a contrast of about 3:1 and more on white and on near-black, so that one picture serves both.
COLOURS = ("#2f7ed8", "#d9701a", "#2b9a58", "#9a62d2", "#d6455a", "#168f9c", "#a3821a", "#cf559a")
MOST_POINTS = 160  # of the training curve; more is noise where a pixel is wider than a step
INK = "#010203"  # replaced by the colour of the text around the picture; nothing else has this colour
FONTS = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', sans-serif"
KEYS = {"error": ("train_error", "val_error"), "loss": ("loss", "val_loss")}


@dataclass(frozen=True)
class Series:
    """One run's curves as (epoch or step, value): running over training batches, and on held-out images."""

    label: str
    train: Points
    val: Points

    @classmethod
    def of(
        cls, label: str, metrics: list[dict[str, Any]], quantity: Quantity = "error", against: Against = "epoch"
    ) -> "Series":
        """The curves in the lines of `metrics.jsonl`; what is absent or not a number is left out."""
        train, val = (_points(metrics, key, against) for key in KEYS[quantity])
        return cls(label, _thinned(train), val)

    @property
    def empty(self) -> bool:
        return not self.train and not self.val


def curves_figure(
    series: Sequence[Series],
    *,
    quantity: Quantity = "error",
    against: Against = "epoch",
    theme: Literal["document", "page"] = "document",
    width: int = 760,
    height: int = 420,
) -> bytes:
    """The curves of several runs as SVG, `width` by `height` pixels; the same input gives the same bytes.

    "document" is an opaque picture that labels its lines itself, for README on light or dark ground. "page" is an
    inline element in the colour of the text around it, without names: the page's own legend has them.
    """
    inline = theme == "page"
    ink = INK if inline else "#24292f"
    labelled = [] if inline else [s.label for s in series]
    right = 12 if inline else min(20 + max(map(_label_width, labelled), default=0), width // 2)
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": f"reslab {quantity} {width}"}):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set(visible=not inline, facecolor="#ffffff")
        axes = figure.add_axes((44 / width, 46 / height, 1 - (44 + right) / width, 1 - (46 + 40) / height))
        _draw(axes, series, _top(series, quantity))
        _dress(axes, quantity, against, ink, height, key=not inline)
        if not inline:
            _name_lines(axes, series, height)
        buffer = BytesIO()
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    svg = _plain(buffer.getvalue().decode())
    for place, label in enumerate(labelled):
        svg = svg.replace(f">label{place};<", f">{html.escape(_shortened(label))}<")
    return (_inline(svg) if inline else svg).encode()


def colours(count: int) -> list[str]:
    """A colour a run."""
    if count <= len(COLOURS):
        return list(COLOURS[:count])
    turns = (colorsys.hls_to_rgb(i / count, 0.5, 0.6) for i in range(count))
    return ["#" + "".join(f"{round(255 * part):02x}" for part in rgb) for rgb in turns]


def _points(metrics: list[dict[str, Any]], key: str, against: Against) -> Points:
    pairs = ((finite(line.get(against)), finite(line.get(key))) for line in metrics)
    return tuple((x, y) for x, y in pairs if x is not None and y is not None)


def _thinned(points: Points) -> Points:
    """Neighbours averaged, which is what a running error logged less often would say."""
    every = -(-len(points) // MOST_POINTS)
    if every < 2:
        return points
    blocks = [points[start : start + every] for start in range(0, len(points), every)]
    return tuple((block[-1][0], sum(y for _, y in block) / len(block)) for block in blocks)


def _top(series: Sequence[Series], quantity: Quantity) -> float:
    """Where the vertical axis ends: like the paper's Figure 6, it leaves out the fall of the first steps."""
    curves = [[y for _, y in points] for s in series for points in (s.train, s.val) if points]
    late = [sorted(ys[len(ys) // 2 :]) for ys in curves]
    typical = max((ys[len(ys) // 2] for ys in late), default=1.0)
    highest = max((max(ys) for ys in curves), default=1.0)
    top = min(highest * 1.05, max(2.5 * typical, 5.0 if quantity == "error" else 0.05))
    return min(top, 100.0) if quantity == "error" else top


def _draw(axes: Axes, series: Sequence[Series], top: float) -> None:
    axes.set_ylim(0, top if top > 0 else 1)
    last = max((points[-1][0] for s in series for points in (s.train, s.val) if points), default=1.0)
    axes.set_xlim(0, last if last > 0 else 1)
    for s, colour in zip(series, colours(len(series)), strict=True):
        if s.train:
            axes.plot(*zip(*s.train, strict=True), color=colour, linewidth=1.1, linestyle=(0, (4, 2)), alpha=0.85)
        if s.val:
            # A line of one or two points is none: there the points are shown.
            dots = {"marker": "o", "markersize": 5.0} if len(s.val) < 3 else {}
            clip = len(s.val) >= 3
            axes.plot(*zip(*s.val, strict=True), color=colour, linewidth=2.2, clip_on=clip, **dots)  # type: ignore[arg-type]


def _dress(axes: Axes, quantity: Quantity, against: Against, ink: str, height: int, key: bool) -> None:
    """Axes as quiet as they can be: a base line, thin horizontal lines, horizontal words."""
    axes.patch.set_visible(False)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set(color=ink, alpha=0.5, linewidth=0.8)
    axes.grid(axis="y", color=ink, alpha=0.14, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="both", colors=ink, labelsize=12, length=0, pad=7)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    above = 1 + 16 / (height - 86)
    axes.text(0, above, "error %" if quantity == "error" else "loss", color=ink, fontsize=12, transform=axes.transAxes)
    axes.set_xlabel(against, color=ink, fontsize=12, labelpad=6)
    if key:
        words = f"dashed: training {quantity}, bold: validation {quantity}"
        axes.text(1, above, words, color=ink, fontsize=12, ha="right", transform=axes.transAxes)


def _name_lines(axes: Axes, series: Sequence[Series], height: int) -> None:
    """Each run's name at the end of its line, moved apart where lines end together."""
    low, high = axes.get_ylim()
    gap = 16 * (high - low) / (height - 86)
    ends = [(points[-1][1], i) for i, s in enumerate(series) if (points := s.val or s.train)]
    places: list[float] = []
    for y, _ in sorted(ends):
        places.append(max(min(y, high), places[-1] + gap) if places else min(y, high))
    overflow = max(places[-1] - high, 0.0) if places else 0.0
    for place, (_, i) in zip(places, sorted(ends), strict=True):
        # The name itself comes later: matplotlib has no glyphs for most scripts, and would read $ as mathematics.
        at = (1, place - overflow)
        axes.annotate(
            f"label{i};",
            at,
            xycoords=("axes fraction", "data"),
            xytext=(10, 0),
            textcoords="offset points",
            va="center",
            color=colours(len(series))[i],
            fontsize=12,
            annotation_clip=False,
        )


def _label_width(label: str) -> int:
    """About how many pixels a label takes; letters of East Asian scripts are twice as wide."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in _shortened(label))
    return round(6.9 * (len(_shortened(label)) + wide))


def _shortened(label: str) -> str:
    return label if len(label) <= 36 else f"{label[:17]}…{label[-18:]}"


def _plain(svg: str) -> str:
    """Without comments, metadata and group names, and in the fonts of the reader's system."""
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<!DOCTYPE.*?>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", rf"font: \1 {FONTS}", svg)
    return re.sub(r"\n\s*", "\n", svg)


def _inline(svg: str) -> str:
    """As an element of an HTML page: no prologue, no name spaces, no fixed size, the ink of the page."""
    svg = re.sub(r"<\?xml.*?\?>|\s(?:width|height)=\"[\d.]+pt\"|\sxmlns(:xlink)?=\"[^\"]*\"", "", svg)
    svg = svg.replace("xlink:href", "href").replace(INK, "currentColor")
    return svg.replace("<svg", '<svg aria-hidden="true"', 1).strip()
