"""Our values beside the paper's, one line each: a ring is the paper's, a dot is ours."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from reslab.reporting.drawing import COLOURS, DOCUMENT_INK, placeholder, repeatable, right_margin, svg
from reslab.reporting.names import printed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE, HEAD, FOOT = 28, 40, 48  # pixels
NUMBERS, PAPERS, OURS = 190, 84, 134  # pixels to the right: for both columns, for the paper's alone, for ours alone
FIRST, SECOND = 66, 128  # pixels from the axes to the right ends of the columns


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


@dataclass(frozen=True)
class _Panel:
    """Axes beside others: what is told above them, where they are, and the column in which our numbers end."""

    head: str
    left: float  # pixels
    wide: float
    pairs: tuple[Pair, ...]  # with the sides alone that it shows
    ours: int


def beside_figure(
    pairs: Sequence[Pair], quantity: str, *, papers: str = "", width: int = 760, digits: int = 2
) -> bytes:
    """The pairs as SVG, in their order from the top; the same input gives the same bytes.

    Neighbours of one quantity have an axis of their own. Where ours are of other images than the paper's, which are
    called `papers`, they have a panel of their own, too: on one axis two data sets would squeeze each other. A pair of
    which nothing is known is left out, unless nothing is known of any; a side of which nothing is known has no column,
    and the key says that.
    """
    from matplotlib.figure import Figure

    pairs = [pair for pair in pairs if pair.paper is not None or pair.ours is not None] or pairs
    groups = [[n for n, _ in group] for _, group in groupby(enumerate(pairs), lambda each: each[1].quantity)]
    height = HEAD + sum(LINE * len(group) + FOOT for group in groups)
    panels = _panels(pairs, papers, width)
    names = [pair.label for pair in pairs]
    with repeatable(f"beside {width}"):
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_facecolor("#ffffff")
        top = height - HEAD
        for group in groups:
            bottom = top - LINE * len(group)
            for panel in panels:
                shown = [panel.pairs[number] for number in group]
                if panel is not panels[0] and not any(map(_values, shown)):
                    continue
                axes = figure.add_axes(
                    (panel.left / width, bottom / height, panel.wide / width, (top - bottom) / height)
                )
                _fill(axes, shown, panel.ours, digits)
                _dress(axes, pairs[group[0]].quantity or quantity)
                if panel is panels[0]:
                    _label(axes, group)
                if len(panels) == 1 and group is groups[0]:
                    _columns(axes, -0.95, *_heads(pairs), ours_at=panel.ours)
            top = bottom - FOOT
        for panel in panels:
            names.append(panel.head)
            head = placeholder(len(names) - 1) if len(panels) > 1 else panel.head  # a user's data have any name
            style: dict[str, Any] = {"fontsize": 12, "va": "center", "color": DOCUMENT_INK}
            figure.text(panel.left / width, 1 - 16 / height, head, **style)
        return svg(figure, names).encode()


def _panels(pairs: Sequence[Pair], papers: str, width: int) -> tuple[_Panel, ...]:
    """One for both sides, or one each where these are of other images."""
    left = right_margin([printed(pair.label) for pair in pairs], width)
    others = ", ".join(dict.fromkeys(pair.elsewhere for pair in pairs if pair.elsewhere))
    paper, ours = map(bool, _heads(pairs))
    if not (others and paper and ours):
        beside = NUMBERS if ours else PAPERS
        return (_Panel(_key(paper, ours), left, width - left - beside, tuple(pairs), SECOND),)
    wide = (width - left - PAPERS - OURS) / 2
    theirs = tuple(replace(pair, ours=None, std=None) for pair in pairs)
    own = tuple(replace(pair, paper=None) for pair in pairs)
    told = f"ring: the paper, {papers}" if papers else "ring: the paper"
    return (
        _Panel(told, left, wide, theirs, FIRST),
        _Panel(f"dot: ours, {others}", left + wide + PAPERS, wide, own, FIRST),
    )


def _heads(pairs: Sequence[Pair]) -> tuple[str, str]:
    """Over the columns of numbers; "" for a side of which nothing is known."""
    return "paper" if any(p.paper is not None for p in pairs) else "", "ours" if any(map(_reach, pairs)) else ""


def _fill(axes: "Axes", pairs: Sequence[Pair], ours_at: int, digits: int) -> None:
    _fit(axes, pairs)
    for place, pair in enumerate(pairs):
        _draw(axes, pair, place, digits, ours_at)


def _fit(axes: "Axes", pairs: Sequence[Pair]) -> None:
    """Both axes as far as these pairs reach, the first of them on top."""
    values = [value for pair in pairs for value in _values(pair)]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.08 * (high - low or abs(high) or 1.0)
    axes.set_xlim(low - room, high + room)
    axes.set_ylim(len(pairs) - 0.5, -0.5)


def _key(paper: bool, ours: bool) -> str:
    """How to read it: a mark that is not there is not explained, and what is the paper's alone says so."""
    if paper and ours:
        return "ring: the paper, dot: ours"
    return "rings: the paper's numbers; of ours none is measured yet" if paper else "dots: ours" if ours else ""


def _values(pair: Pair) -> tuple[float, ...]:
    """What an axis has to reach."""
    return (*([pair.paper] if pair.paper is not None else []), *_reach(pair))


def _reach(pair: Pair) -> tuple[float, ...]:
    """Ours, from the lower end of its spread to the upper one."""
    if pair.ours is None:
        return ()
    return pair.ours - (pair.std or 0.0), pair.ours + (pair.std or 0.0)


def _label(axes: "Axes", numbers: Sequence[int]) -> None:
    """What each line is of, at the left edge of the picture: the names of these numbers."""
    from matplotlib.transforms import blended_transform_factory

    for place, number in enumerate(numbers):
        axes.annotate(
            placeholder(number),
            (0, place),
            xycoords=blended_transform_factory(axes.figure.transFigure, axes.transData),
            xytext=(12, 0),
            textcoords="offset points",
            va="center",
            fontsize=12,
            color=DOCUMENT_INK,
            annotation_clip=False,
        )


def _draw(axes: "Axes", pair: Pair, place: int, digits: int, ours_at: int) -> None:
    """One line at its place on these axes."""
    axes.axhline(place, color=DOCUMENT_INK, linewidth=0.6, alpha=0.15, zorder=0)
    if pair.paper is not None:
        axes.plot([pair.paper], [place], "o", markersize=9, markerfacecolor="none", markeredgecolor=DOCUMENT_INK)
    if pair.ours is not None:
        spread = [pair.std] if pair.std is not None else None
        axes.errorbar([pair.ours], [place], xerr=spread, fmt="o", markersize=6, color=COLOURS[0], capsize=3)
    told = ["" if v is None else f"{v:,.{digits}f}" for v in (pair.paper, pair.ours)]
    if pair.paper is not None and pair.read_off:
        told[0] = f"≈{pair.paper:g}"  # no more digits than were read
    spread_text = "" if pair.std is None else f" ± {pair.std:.{digits}f}"
    _columns(axes, place, told[0], told[1], spread_text, ours_at=ours_at)


def _columns(axes: "Axes", place: float, paper: str, ours: str, spread: str = "", *, ours_at: int) -> None:
    """To the right of a line: the paper's number, ours, and its spread, each in a column of its own."""
    for words, offset, side in ((paper, FIRST, "right"), (ours, ours_at, "right"), (spread, ours_at + 3, "left")):
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
