"""Table 1 as a picture, in the paper's layout: nets side by side, a row a stage, blocks in brackets, costs below.

What all nets have in common stands once, across all columns; the max pool of the stem is the head of conv2_x.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from reslab.nets import Layer, blocks_of
from reslab.reporting.sheet import Form, Sheet

NAME, SIZE, CELL = 106, 92, 142  # pixels: widths of the columns
LINE, HEAD, PAD = 17, 40, 12  # pixels: heights
RULE, FAINT = "#9aa3ad", "#9aa3ad66"
TITLES = ("layer name", "output size")
STEM, LAST = "stem", "head"  # stages of a net that are no blocks


@dataclass(frozen=True)
class NetColumn:
    """One column of Table 1: the net's layers, and what is said of its cost (a line each)."""

    title: str
    layers: tuple[Layer, ...]
    costs: tuple[str, ...]


@dataclass(frozen=True)
class _Cell:
    """Layers of a stage: `lines` of one block, so many times; 0 times is no block. `above` it stands a pool."""

    lines: tuple[str, ...]
    times: int
    output: int
    above: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        return 2 * PAD + LINE * len(self.lines) + (LINE * len(self.above) + PAD if self.above else 0)


def architecture_figure(nets: Sequence[NetColumn], costs: Sequence[str], form: Form = "svg") -> bytes:
    """The nets' stages beside each other; `costs` names the last rows. The same nets give the same bytes."""
    cells = [_stages(net.layers) for net in nets]
    stages = list(dict.fromkeys(stage for net in cells for stage in net))
    heights = {stage: max(net[stage].height for net in cells if stage in net) for stage in stages}
    width = NAME + SIZE + CELL * len(nets)
    sheet = Sheet(width, HEAD + sum(heights.values()) + len(costs) * (LINE + PAD) + 12)
    for words, x in zip(TITLES, (14, NAME), strict=True):
        sheet.words(x, HEAD / 2, words, 11, "left")
    for place, net in enumerate(nets):
        sheet.words(_middle(place), HEAD / 2, net.title, 12, fontweight="bold")
    top = float(HEAD)
    for stage in stages:
        sheet.line([(8, top), (width - 8, top)], colour=RULE)
        _stage(sheet, top, heights[stage], _name(stage), [net.get(stage) for net in cells])
        top += heights[stage]
    sheet.line([(8, top), (width - 8, top)], colour=RULE)
    for row, name in enumerate(costs):
        middle = top + PAD + (row + 0.4) * (LINE + PAD / 2)
        sheet.words(14, middle, name, 11, "left")
        for place, net in enumerate(nets):
            sheet.words(_middle(place), middle, net.costs[row], 11)
    return sheet.content(form)


def _name(stage: str) -> str:
    """The paper's: "conv1" of the stem, "conv2_x" of the first stage, none of the head."""
    if stage.startswith("stage"):
        return f"conv{int(stage.removeprefix('stage')) + 1}_x"
    return {STEM: "conv1", LAST: ""}.get(stage, stage)


def _stages(layers: tuple[Layer, ...]) -> dict[str, _Cell]:
    """A cell for each stage. The first block differs from those that follow by its stride, which the paper leaves out
    of its brackets.
    """
    found: dict[str, _Cell] = {}
    pools: tuple[str, ...] = ()
    for stage, inside in groupby(blocks_of(layers), key=lambda group: group[0].stage):
        groups = list(inside)
        if stage == STEM:
            pools = tuple(_text(group[0]) for group in groups if group[0].kind == "pool")
            groups = [group for group in groups if group[0].kind != "pool"]
        cell = _cell(groups, stage)
        if pools and stage != STEM:
            cell, pools = replace(cell, above=pools), ()
        found[stage] = cell
    return found


def _cell(groups: Sequence[tuple[Layer, ...]], stage: str) -> _Cell:
    output = groups[-1][-1].output
    if groups[0][0].block is not None:
        return _Cell(tuple(_text(layer).partition(", stride")[0] for layer in groups[-1]), len(groups), output)
    lines = tuple(_text(layer) for group in groups for layer in group)
    return _Cell((", ".join((*lines, "softmax")),) if stage == LAST else lines, 0, output)


def _text(layer: Layer) -> str:
    """A layer in the words of Table 1: "7x7, 64, stride 2", "3x3 max pool, stride 2", "average pool", "1000-d fc"."""
    words = layer.text.replace(", /", ", stride ")
    if layer.kind == "fc":
        return f"{words.removeprefix('fc ')}-d fc"
    if layer.kind == "pool":
        kind = words.replace("avg pool", "average pool") if words.startswith("avg") else f"max {words}"
        return f"{layer.kernel}x{layer.kernel} {kind}" if layer.kernel else kind
    return words.replace(" conv", "")


def _stage(sheet: Sheet, top: float, height: float, name: str, cells: Sequence[_Cell | None]) -> None:
    there = [cell for cell in cells if cell]
    sheet.words(14, top + height / 2, name, 11.5, "left")
    sizes = dict.fromkeys(f"{cell.output}x{cell.output}" for cell in there)
    sheet.words(NAME, top + height / 2, ", ".join(sizes), 11.5, "left")
    across = NAME + SIZE + CELL * len(cells) / 2
    if above := next((cell.above for cell in there if cell.above), ()):
        for row, line in enumerate(above):
            sheet.words(across, top + PAD / 2 + (row + 0.5) * LINE, line, 11.5)
        pooled = LINE * len(above) + PAD
        sheet.line(
            [(NAME + SIZE - 14, top + pooled), (NAME + SIZE + CELL * len(cells) - 8, top + pooled)], colour=FAINT
        )
        top, height = top + pooled, height - pooled
    if len(set(there)) == 1 and all(cells) and len(cells) > 1 and not there[0].times:
        _inside(sheet, across, top + height / 2, there[0])
        return
    for place, cell in enumerate(cells):
        if cell:
            _inside(sheet, _middle(place), top + height / 2, cell)


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
