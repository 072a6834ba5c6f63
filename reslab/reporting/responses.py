"""Figure 7: standard deviation of layer responses, above in the order of the layers, below sorted by magnitude."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reslab.reporting.drawing import COLOURS, DOCUMENT_INK, colours, placeholder, repeatable, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT, RIGHT, TOP, BOTTOM, BETWEEN = 52, 16, 34, 50, 58  # pixels around and between the two panels
HIGH = 190  # pixels of a panel


@dataclass(frozen=True)
class ResponseLine:
    """One net: a standard deviation for each layer looked at, in order. Plain nets are dashed, as in the paper."""

    label: str
    stds: tuple[float, ...]
    plain: bool = False
    colour: int | None = None  # its number among those of the house; None: that of its place among the lines


def responses_figure(lines: Sequence[ResponseLine], *, width: int = 720) -> bytes:
    """The nets overlaid, as SVG; the same input gives the same bytes."""
    from matplotlib.figure import Figure

    height = TOP + 2 * HIGH + BETWEEN + BOTTOM
    names = [line.label for line in lines]
    highest = max((std for line in lines for std in line.stds), default=1.0)
    with repeatable(f"responses {width}"):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_facecolor("#ffffff")
        for row, (words, sort) in enumerate((("in the order of the layers", False), ("sorted by magnitude", True))):
            bottom = BOTTOM + (1 - row) * (HIGH + BETWEEN)
            box = (LEFT / width, bottom / height, 1 - (LEFT + RIGHT) / width, HIGH / height)
            axes = figure.add_axes(box)
            _draw(axes, lines, sort)
            _dress(axes, f"layer index ({words})", highest)
            if row == 0:
                _name(axes, lines)
        return svg(figure, names).encode()


def _draw(axes: "Axes", lines: Sequence[ResponseLine], sort: bool) -> None:
    for line, colour in zip(lines, _colours(lines), strict=True):
        values = sorted(line.stds, reverse=True) if sort else line.stds
        axes.plot(range(1, len(values) + 1), values, color=colour, **_stroke(line))
    if not any(line.stds for line in lines):
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", color=DOCUMENT_INK, alpha=0.6)


def _colours(lines: Sequence[ResponseLine]) -> list[str]:
    return [
        own if line.colour is None else COLOURS[line.colour]
        for line, own in zip(lines, colours(len(lines)), strict=True)
    ]


def _stroke(line: ResponseLine) -> dict[str, Any]:
    return {"linewidth": 1.5, "linestyle": (0, (4, 2)) if line.plain else "-"}


def _name(axes: "Axes", lines: Sequence[ResponseLine]) -> None:
    """Names at the upper right, ending where their strokes begin: they may be of any length."""
    for place, (line, colour) in enumerate(zip(lines, _colours(lines), strict=True)):
        y = 1 - (12 + 16 * place) / HIGH
        axes.plot((0.945, 0.985), (y, y), color=colour, transform=axes.transAxes, **_stroke(line))
        style: dict[str, Any] = {"fontsize": 11, "ha": "right", "va": "center", "color": DOCUMENT_INK}
        axes.text(0.935, y, placeholder(place), transform=axes.transAxes, **style)


def _dress(axes: "Axes", words: str, highest: float) -> None:
    axes.set_ylim(0, 1.3 * highest)
    axes.set_xlim(left=0)
    axes.set_xlabel(words, fontsize=12, color=DOCUMENT_INK)
    axes.set_ylabel("std", fontsize=12, color=DOCUMENT_INK)
    axes.tick_params(axis="both", direction="in", labelsize=11, colors=DOCUMENT_INK, top=True, right=True)
    for spine in axes.spines.values():
        spine.set(color=DOCUMENT_INK, linewidth=0.8)
