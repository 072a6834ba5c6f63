"""Error over training in the manner of Figure 6: dashed is training error, bold is held-out error, a colour a run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from reslab.reporting.drawing import (
    DOCUMENT_INK,
    INK,
    colours,
    framed,
    headed,
    inline,
    name_lines,
    quiet,
    repeatable,
    right_margin,
    svg,
)
from reslab.reporting.rounding import finite

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Points = tuple[tuple[float, float], ...]
Quantity = Literal["error", "loss"]
Against = Literal["epoch", "step"]

MOST_POINTS = 160  # of the training curve; more is noise where a pixel is wider than a step
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
        return cls(label, thinned(train), val)

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
    on_page = theme == "page"
    ink = INK if on_page else DOCUMENT_INK
    names = [] if on_page else [s.label for s in series]
    with repeatable(f"{quantity} {width}"):
        figure, axes = framed(width, height, 12 if on_page else right_margin(names, width))
        figure.patch.set(visible=not on_page, facecolor="#ffffff")
        _draw(axes, series, _top(series, quantity))
        _dress(axes, quantity, against, ink, height, key=not on_page)
        if not on_page:
            ends = [(points[-1][1], i) for i, s in enumerate(series) if (points := s.val or s.train)]
            name_lines(axes, ends, names, height)
        picture = svg(figure, names)
    return (inline(picture) if on_page else picture).encode()


def _points(metrics: list[dict[str, Any]], key: str, against: Against) -> Points:
    pairs = ((finite(line.get(against)), finite(line.get(key))) for line in metrics)
    return tuple((x, y) for x, y in pairs if x is not None and y is not None)


def thinned(points: Points) -> Points:
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


def _draw(axes: "Axes", series: Sequence[Series], top: float) -> None:
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


def _dress(axes: "Axes", quantity: Quantity, against: Against, ink: str, height: int, key: bool) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    quiet(axes, ink)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.set_xlabel(against, color=ink, fontsize=12, labelpad=6)
    words = f"dashed: training {quantity}, bold: validation {quantity}" if key else ""
    headed(axes, "error %" if quantity == "error" else "loss", words, ink, height)
