"""Figure 3: whole nets as columns, layers of one output size side by side, dotted shortcuts where dimensions grow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from reslab.nets import Layer, blocks_of
from reslab.reporting.block_diagram import COLUMN, Diagram, draw_block, height_of, layers_in
from reslab.reporting.sheet import Form, Sheet

# From the largest maps to the smallest: before the stages, four stages as the paper colours them, the end.
BEFORE, STAGES, END = "#c07a12", ("#8a5cc4", "#2b9a58", "#d6455a", "#2f7ed8"), "#7d8590"
BOX, PITCH, WIDTH = 18, 30, 146  # pixels: height of a box, from one to the next, width
LEFT, APART, ASIDE = 92, 74, 34  # pixels: output sizes, between columns, how far shortcuts go round
HEAD = 3.8
TOP, BOTTOM = 84, 22
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


def columns_figure(columns: Sequence[Column], form: Form = "svg", blocks: Sequence[Diagram] = ()) -> bytes:
    """The nets side by side, output sizes at the left; `blocks` are drawn to their right, one below the other.

    The same nets give the same bytes.
    """
    rows = [list(_rows(column.layers)) for column in columns]
    outputs = sorted({row.output for column in rows for row in column}, reverse=True)
    tall = {output: max(sum(row.output == output for row in column) for column in rows) for output in outputs}
    starts, height = {}, float(TOP)
    for output in outputs:
        starts[output] = height
        height += PITCH * tall[output] + 8
    heights = [height_of(layers_in(diagram.block)) + 24 for diagram in blocks]
    width = LEFT + len(columns) * (WIDTH + APART)
    sheet = Sheet(width + (COLUMN if blocks else 0), max(height + BOTTOM, sum(heights)))
    colours = _colours(rows)
    _sizes(sheet, starts, width)
    for place, (column, boxes) in enumerate(zip(columns, rows, strict=True)):
        _column(sheet, LEFT + place * (WIDTH + APART), column, boxes, starts, colours)
    for place, diagram in enumerate(blocks):
        draw_block(sheet, width, sum(heights[:place]), diagram, layers_in(diagram.block))
    return sheet.content(form)


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
    inside = inside or {row.output for rows in columns for row in rows if row.kind == "conv"}
    stages = sorted(inside - {1}, reverse=True)[-len(STAGES) :]
    colours = dict(zip(stages, STAGES, strict=False))
    outputs = {row.output for rows in columns for row in rows}
    return {o: colours.get(o, END if o < min(stages, default=0) else BEFORE) for o in outputs}


def _sizes(sheet: Sheet, starts: dict[int, float], width: float) -> None:
    """The left margin: a line where the output size changes, and the size."""
    sheet.words(14, TOP - 22, "output size", 11, "left")
    for output, top in starts.items():
        sheet.line([(14, top - 4), (width - 14, top - 4)], colour="#9aa3ad66")
        sheet.words(14, top + PITCH / 2, str(output), 12.5, "left", fontweight="bold")


def _column(
    sheet: Sheet, x: float, column: Column, rows: list[_Row], starts: dict[int, float], colours: dict[int, str]
) -> None:
    middle = x + WIDTH / 2
    sheet.words(middle, 24, column.title, 14, fontweight="bold")
    sheet.words(middle, 43, column.note, 11)
    sheet.words(middle, TOP - 22, "image", 11)
    tops, below = [], dict(starts)
    for row in rows:
        tops.append(below[row.output] + (PITCH - BOX) / 2)
        below[row.output] += PITCH
    before = TOP - 14.0
    for row, top in zip(rows, tops, strict=True):
        sheet.arrow(middle, before, top, HEAD)
        _box(sheet, x, top, row, colours)
        before = top + BOX
    _shortcuts(sheet, middle, rows, tops)


def _box(sheet: Sheet, x: float, top: float, row: _Row, colours: dict[int, str]) -> None:
    colour = END if row.kind == "fc" else colours[row.output]
    sheet.box(x, top, WIDTH, BOX, END if row.kind == "pool" else colour, dashed=row.kind == "fold")
    sheet.words(x + WIDTH / 2, top + BOX / 2, row.text, 10.5)


def _shortcuts(sheet: Sheet, middle: float, rows: list[_Row], tops: list[float]) -> None:
    """From the line above a block's first layer to the line below its last."""
    gap = (PITCH - BOX) / 2
    for block, inside in groupby(range(len(rows)), key=lambda place: rows[place].block):
        places = list(inside)
        if block is None or rows[places[0]].shortcut is None:
            continue
        top, bottom = tops[places[0]] - gap + 0.5, tops[places[-1]] + BOX + gap - 2.5
        sheet.bypass(middle, top, bottom, WIDTH / 2 + ASIDE, dotted=rows[places[0]].widens, head=HEAD)
