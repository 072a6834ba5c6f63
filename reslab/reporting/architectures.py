"""Table 1 as a picture: nets side by side, a row for each stage, blocks in brackets, what each net costs below."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from reslab.nets import Layer, blocks_of
from reslab.reporting.sheet import Form, Sheet

NAME, SIZE, CELL = 84, 92, 142  # pixels: widths of the columns
LINE, HEAD, PAD = 17, 40, 12  # pixels: heights
RULE = "#9aa3ad"


@dataclass(frozen=True)
class NetColumn:
    """One column of Table 1: the net's layers, and what is said of its cost (a line each)."""

    title: str
    layers: tuple[Layer, ...]
    costs: tuple[str, ...]


@dataclass(frozen=True)
class _Cell:
    """Layers of a stage: `lines` of one block, so many times; 0 times is no block."""

    lines: tuple[str, ...]
    times: int
    output: int


def architecture_figure(nets: Sequence[NetColumn], costs: Sequence[str], form: Form = "svg") -> bytes:
    """The nets' stages beside each other; `costs` names the last rows. The same nets give the same bytes."""
    cells = [_stages(net.layers) for net in nets]
    stages = list(dict.fromkeys(stage for net in cells for stage in net))
    heights = {s: 2 * PAD + LINE * max(len(net[s].lines) for net in cells if s in net) for s in stages}
    width = NAME + SIZE + CELL * len(nets)
    sheet = Sheet(width, HEAD + sum(heights.values()) + len(costs) * (LINE + PAD) + 12)
    for words, x in (("stage", 14), ("output size", NAME)):
        sheet.words(x, HEAD / 2, words, 11, "left")
    for place, net in enumerate(nets):
        sheet.words(_middle(place), HEAD / 2, net.title, 12, fontweight="bold")
    top = float(HEAD)
    for stage in stages:
        sheet.line([(8, top), (width - 8, top)], colour=RULE)
        _stage(sheet, top, heights[stage], stage, [net.get(stage) for net in cells])
        top += heights[stage]
    sheet.line([(8, top), (width - 8, top)], colour=RULE)
    for row, name in enumerate(costs):
        middle = top + PAD + (row + 0.4) * (LINE + PAD / 2)
        sheet.words(14, middle, name, 11, "left")
        for place, net in enumerate(nets):
            sheet.words(_middle(place), middle, net.costs[row], 11)
    return sheet.content(form)


def _stages(layers: tuple[Layer, ...]) -> dict[str, _Cell]:
    """A cell for each stage. The first block differs from those that follow by its stride, which the paper leaves out
    of its brackets.
    """
    found = {}
    for stage, inside in groupby(blocks_of(layers), key=lambda group: group[0].stage):
        groups = list(inside)
        if groups[0][0].block is None:
            found[stage] = _Cell(tuple(layer.text for group in groups for layer in group), 0, groups[-1][-1].output)
        else:
            lines = tuple(layer.text.replace(" conv", "").replace(", /2", "") for layer in groups[-1])
            found[stage] = _Cell(lines, len(groups), groups[-1][-1].output)
    return found


def _stage(sheet: Sheet, top: float, height: float, stage: str, cells: Sequence[_Cell | None]) -> None:
    middle = top + height / 2
    sheet.words(14, middle, stage, 11.5, "left")
    sizes = dict.fromkeys(f"{cell.output}x{cell.output}" for cell in cells if cell)
    sheet.words(NAME, middle, ", ".join(sizes), 11.5, "left")
    if len({cell for cell in cells if cell}) == 1 and all(cells) and len(cells) > 1:
        assert cells[0] is not None
        _inside(sheet, NAME + SIZE + CELL * len(cells) / 2, middle, cells[0])
        return
    for place, cell in enumerate(cells):
        if cell:
            _inside(sheet, _middle(place), middle, cell)


def _inside(sheet: Sheet, x: float, middle: float, cell: _Cell) -> None:
    high = LINE * len(cell.lines)
    shift = 18 if cell.times else 0
    for row, line in enumerate(cell.lines):
        sheet.words(x - shift, middle - high / 2 + (row + 0.5) * LINE, line, 11.5)
    if cell.times:
        top, bottom, half = middle - high / 2 - 1, middle + high / 2 + 1, 44
        for side in (-1, 1):
            edge = x - shift + side * half
            sheet.line([(edge - side * 4, top), (edge, top), (edge, bottom), (edge - side * 4, bottom)])
        sheet.words(x - shift + half + 7, middle, f"× {cell.times}", 11.5, "left")


def _middle(place: int) -> float:
    return NAME + SIZE + CELL * (place + 0.5)
