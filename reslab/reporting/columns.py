"""Figure 3: whole nets as columns, layers of one output size side by side, dotted shortcuts where dimensions grow.

Nets are read downwards, so every box lies below the one before it, whatever becomes of the maps between them: those of
Maxout are padded, and grow. A band of the picture is a run of layers with one output size.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from reslab.nets import GATE, Layer, blocks_of
from reslab.reporting.sheet import Form, Sheet

# From the largest maps to the smallest: before the stages, four stages as the paper colours them, the end.
BEFORE, STAGES, END = "#c07a12", ("#8a5cc4", "#2b9a58", "#d6455a", "#2f7ed8"), "#7d8590"
BOX, PITCH, WIDTH = 18, 30, 146  # pixels: height of a box, from one to the next, width
LEFT, APART, ASIDE = 92, 74, 34  # pixels: output sizes, between columns, how far shortcuts go round
GATED, REST = 20, "1 − T(x)"  # how far the way past a highway layer goes round, and what is beside it
HEAD = 3.8
TOP, BOTTOM, BETWEEN = 84, 22, 8
MOST_ROWS = 64  # a deeper net is drawn with equal blocks in a row folded into one


@dataclass(frozen=True)
class Column:
    """One net: what stands above it, and its layers."""

    title: str
    note: str
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class _Row:
    """A box; the rows of one block share `block`. `stands_for` is a number of blocks, where it is a folded one."""

    text: str
    output: int
    stage: str
    kind: str
    block: str | None
    shortcut: str | None
    widens: bool
    stands_for: int = 0


class Diagram(Protocol):
    """What may stand to the right of the columns, in pixels."""

    @property
    def width(self) -> float: ...

    @property
    def height(self) -> float: ...

    def draw(self, sheet: Sheet, left: float, top: float) -> None: ...


def columns_figure(columns: Sequence[Column], form: Form = "svg", diagrams: Sequence[Diagram] = ()) -> bytes:
    """The nets side by side, output sizes at the left; `diagrams` are drawn to their right, one below the other.

    The same nets give the same bytes.
    """
    rows = [list(_rows(column.layers)) for column in columns]
    bands = _bands(rows)
    starts, height = [], float(TOP)
    for band in bands:
        starts.append(height)
        height += PITCH * max(band.rows) + BETWEEN
    heights = [diagram.height for diagram in diagrams]
    width = LEFT + len(columns) * (WIDTH + APART)
    sheet = Sheet(width + max((diagram.width for diagram in diagrams), default=0), max(height + BOTTOM, sum(heights)))
    colours = _colours(rows)
    _sizes(sheet, bands, starts, width)
    for place, (column, boxes) in enumerate(zip(columns, rows, strict=True)):
        tops = _tops([band.rows[place] for band in bands], starts)
        _column(sheet, LEFT + place * (WIDTH + APART), column, boxes, tops, colours)
    for place, diagram in enumerate(diagrams):
        diagram.draw(sheet, width, sum(heights[:place]))
    return sheet.content(form)


@dataclass(frozen=True)
class _Band:
    """Layers of one output size, as many in a row of each column as `rows` says."""

    output: int
    rows: tuple[int, ...]


def _bands(columns: Sequence[Sequence[_Row]]) -> list[_Band]:
    """From the top: the largest size that is next in any column, those of its rows that follow each other.

    So each column keeps its order, and columns whose maps only shrink stand side by side, size by size.
    """
    left = [[(output, len(list(run))) for output, run in groupby(rows, key=lambda row: row.output)] for rows in columns]
    bands = []
    while any(left):
        largest = max(runs[0][0] for runs in left if runs)
        bands.append(_Band(largest, tuple(runs.pop(0)[1] if runs and runs[0][0] == largest else 0 for runs in left)))
    return bands


def _tops(rows: Sequence[int], starts: Sequence[float]) -> list[float]:
    """Upper edges of a column's boxes, so many rows in each band."""
    places = (start + PITCH * row for count, start in zip(rows, starts, strict=True) for row in range(count))
    return [place + (PITCH - BOX) / 2 for place in places]


def _rows(layers: tuple[Layer, ...]) -> Iterator[_Row]:
    """A box for each layer; in deep nets, what follows a block and equals it is folded."""
    folding = len(layers) > MOST_ROWS
    for _, alike in groupby(blocks_of(layers), key=_looks):
        groups = list(alike)
        fold = folding and groups[0][0].block is not None and len(groups) > 2
        for group in groups[:1] if fold else groups:
            yield from (_row(layer) for layer in group)
        if fold:
            first = groups[1][0]
            words = f"{len(groups) - 1} more of these"
            yield _Row(words, first.output, first.stage, "fold", first.block, first.shortcut, False, len(groups) - 1)


def _looks(group: tuple[Layer, ...]) -> tuple[object, ...]:
    return (group[0].stage, group[0].shortcut, group[0].widens, *(layer.text for layer in group), group[-1].output)


def _row(layer: Layer) -> _Row:
    return _Row(layer.text, layer.output, layer.stage, layer.kind, layer.block, layer.shortcut, layer.widens)


def _colours(columns: Sequence[Sequence[_Row]]) -> dict[int, str]:
    """A colour for each output size: maps of the same size are of one stage, whatever a net calls it."""
    inside = {row.output for rows in columns for row in rows if row.block}
    inside = inside or {row.output for rows in columns for row in rows if row.kind in ("conv", "inception")}
    stages = sorted(inside - {1}, reverse=True)[-len(STAGES) :]
    colours = dict(zip(stages, STAGES, strict=False))
    outputs = {row.output for rows in columns for row in rows}
    return {o: colours.get(o, END if o < min(stages, default=0) else BEFORE) for o in outputs}


def _sizes(sheet: Sheet, bands: Sequence[_Band], starts: Sequence[float], width: float) -> None:
    """The left margin: a line where the output size changes, and the size."""
    sheet.words(14, TOP - 22, "output size", 11, "left")
    for band, top in zip(bands, starts, strict=True):
        sheet.line([(14, top - BETWEEN / 2), (width - 14, top - BETWEEN / 2)], colour="#9aa3ad66")
        sheet.words(14, top + PITCH / 2, str(band.output), 12.5, "left", fontweight="bold")


def _column(
    sheet: Sheet, x: float, column: Column, rows: list[_Row], tops: list[float], colours: dict[int, str]
) -> None:
    middle = x + WIDTH / 2
    sheet.words(middle, 24, column.title, 14, fontweight="bold")
    sheet.words(middle, 43, column.note, 11)
    sheet.words(middle, TOP - 22, "image", 11)
    before = TOP - 14.0
    for row, top in zip(rows, tops, strict=True):
        sheet.arrow(middle, before, top, HEAD)
        _box(sheet, x, top, row, colours)
        before = top + BOX
    _shortcuts(sheet, middle, rows, tops)


def _box(sheet: Sheet, x: float, top: float, row: _Row, colours: dict[int, str]) -> None:
    colour = END if row.kind == "fc" else colours[row.output]
    sheet.box(x, top, WIDTH, BOX, END if row.kind in ("pool", "norm") else colour, dashed=row.kind == "fold")
    text = f"T(x) · {row.text}" if row.shortcut == GATE else row.text
    sheet.words(x + WIDTH / 2, top + BOX / 2, text, 10.5)


def _shortcuts(sheet: Sheet, middle: float, rows: list[_Row], tops: list[float]) -> None:
    """From the line above a block's first layer to the line below its last; past a highway layer, what is on it."""
    gap = (PITCH - BOX) / 2
    for block, inside in groupby(range(len(rows)), key=lambda place: rows[place].block):
        places = list(inside)
        if block is None or rows[places[0]].shortcut is None:
            continue
        top, bottom = tops[places[0]] - gap + 0.5, tops[places[-1]] + BOX + gap - 2.5
        first = rows[places[0]]
        aside = WIDTH / 2 + (GATED if first.shortcut == GATE else ASIDE)
        sheet.bypass(middle, top, bottom, aside, dotted=first.widens, head=HEAD)
        if first.shortcut == GATE:
            sheet.words(middle + aside + 5, (top + bottom) / 2, REST, 9.5, "left")
