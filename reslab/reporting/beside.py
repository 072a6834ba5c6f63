"""Our values beside the paper's, one line each: a ring is the paper's, a dot is ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from reslab.reporting.drawing import COLOURS, DOCUMENT_INK, placeholder, repeatable, right_margin, svg
from reslab.reporting.names import printed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE, HEAD, FOOT = 28, 40, 48  # pixels
NUMBERS, PAPERS = 190, 84  # pixels to the right: for both columns, for the paper's alone


@dataclass(frozen=True)
class Pair:
    """A value of the paper's and ours; None for what is not known."""

    label: str
    paper: float | None
    ours: float | None
    std: float | None = None  # of ours, over seeds
    read_off: bool = False  # is the paper's read off a figure, and so about right?
    quantity: str = ""  # what it is of, where that is not the picture's
    elsewhere: str = ""  # the data that ours is of, where they are not the paper's


def beside_figure(pairs: Sequence[Pair], quantity: str, *, width: int = 760, digits: int = 2) -> bytes:
    """The pairs as SVG, in their order from the top; the same input gives the same bytes.

    Neighbours of one quantity have an axis of their own. A pair of which nothing is known is left out, unless nothing
    is known of any; a side of which nothing is known has no column, and the key says that.
    """
    from matplotlib.figure import Figure

    pairs = [pair for pair in pairs if pair.paper is not None or pair.ours is not None] or pairs
    groups = [(name, list(group)) for name, group in groupby(enumerate(pairs), lambda each: each[1].quantity)]
    height = HEAD + sum(LINE * len(group) + FOOT for _, group in groups)
    names = [pair.label for pair in pairs]
    heads = ["paper" if any(p.paper is not None for p in pairs) else "", "ours" if any(map(_reach, pairs)) else ""]
    left, right = right_margin([printed(name) for name in names], width), NUMBERS if heads[1] else PAPERS
    with repeatable(f"beside {width}"):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_facecolor("#ffffff")
        top = height - HEAD
        for name, group in groups:
            bottom = top - LINE * len(group)
            box = (left / width, bottom / height, 1 - (left + right) / width, (top - bottom) / height)
            axes = figure.add_axes(box)
            _fit(axes, [pair for _, pair in group])
            for place, (number, pair) in enumerate(group):
                _draw(axes, pair, place, number, digits)
            _dress(axes, name or quantity)
            if top == height - HEAD:
                _columns(axes, -0.95, *heads)
            top = bottom - FOOT
        others = dict.fromkeys(pair.elsewhere for pair in pairs if pair.elsewhere)
        key = _key(bool(heads[0]), bool(heads[1]), ", ".join(others))
        figure.text(left / width, 1 - 16 / height, key, fontsize=12, va="center", color=DOCUMENT_INK)
        return svg(figure, names).encode()


def _fit(axes: "Axes", pairs: Sequence[Pair]) -> None:
    """Both axes as far as these pairs reach, the first of them on top."""
    values = [v for pair in pairs for v in (pair.paper, *_reach(pair)) if v is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.08 * (high - low or abs(high) or 1.0)
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(len(pairs) - 0.5, -0.5)


def _key(paper: bool, ours: bool, elsewhere: str) -> str:
    """How to read it: a mark that is not there is not explained, and what is the paper's alone says so."""
    if paper and ours:
        return "ring: the paper, dot: ours" + (f", on other images: {elsewhere}" if elsewhere else "")
    return "rings: the paper's numbers; of ours none is measured yet" if paper else "dots: ours" if ours else ""


def _reach(pair: Pair) -> tuple[float, ...]:
    """Ours, from the lower end of its spread to the upper one."""
    if pair.ours is None:
        return ()
    return pair.ours - (pair.std or 0.0), pair.ours + (pair.std or 0.0)


def _draw(axes: "Axes", pair: Pair, place: int, number: int, digits: int) -> None:
    """One line, `number` of all of them, at its place on these axes."""
    from matplotlib.transforms import blended_transform_factory

    beside = blended_transform_factory(axes.figure.transFigure, axes.transData)
    axes.axhline(place, color=DOCUMENT_INK, linewidth=0.6, alpha=0.15, zorder=0)
    axes.annotate(
        placeholder(number),
        (0, place),
        xycoords=beside,
        xytext=(12, 0),
        textcoords="offset points",
        va="center",
        fontsize=12,
        color=DOCUMENT_INK,
        annotation_clip=False,
    )
    if pair.paper is not None:
        axes.plot([pair.paper], [place], "o", markersize=9, markerfacecolor="none", markeredgecolor=DOCUMENT_INK)
    if pair.ours is not None:
        spread = [pair.std] if pair.std is not None else None
        axes.errorbar([pair.ours], [place], xerr=spread, fmt="o", markersize=6, color=COLOURS[0], capsize=3)
    told = ["" if v is None else f"{v:,.{digits}f}" for v in (pair.paper, pair.ours)]
    if pair.paper is not None and pair.read_off:
        told[0] = f"≈{pair.paper:g}"  # no more digits than were read
    _columns(axes, place, told[0], told[1], "" if pair.std is None else f" ± {pair.std:.{digits}f}")


def _columns(axes: "Axes", place: float, paper: str, ours: str, spread: str = "") -> None:
    """To the right of a line: the paper's number, ours, and its spread, each in a column of its own."""
    for words, offset, side in ((paper, 66, "right"), (ours, 128, "right"), (spread, 131, "left")):
        axes.annotate(
            words,
            (1, place),
            xycoords=("axes fraction", "data"),
            xytext=(offset, 0),
            textcoords="offset points",
            va="center",
            ha=side,
            fontsize=12,
            color=DOCUMENT_INK,
            annotation_clip=False,
        )


def _dress(axes: "Axes", quantity: str) -> None:
    axes.patch.set_visible(False)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set(color=DOCUMENT_INK, alpha=0.5, linewidth=0.8)
    axes.set_yticks([])
    axes.tick_params(axis="x", colors=DOCUMENT_INK, labelsize=12, length=3)
    axes.set_xlabel(quantity, color=DOCUMENT_INK, fontsize=12)
