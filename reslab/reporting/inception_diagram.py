"""What is in GoogLeNet's inception modules: the branches of one, the widths of all, the companion heads."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from reslab.nets import Companion, Inception, inceptions_of, layer_text
from reslab.reporting.sheet import Sheet

BOX, WIDTH, APART, ROW = 26, 104, 16, 56  # pixels: height and width of a layer, between branches, from layer to layer
HEAD, LINE, SIDE = 92, 17, 18  # pixels: above the first layers, height of a line of words, at both sides
COLOUR, JOINED = "#2f7ed8", "#7d8590"
CELLS = ("module", "in", "1x1", "3x3", "5x5", "pool", "out")
ABOUT = "before the 3x3 and the 5x5 a 1x1 narrows the input (widths in brackets)"


@dataclass(frozen=True)
class InceptionDiagram:
    """The first of the modules drawn, all of them as rows, by the names of Table 1 of GoogLeNet's paper."""

    modules: dict[str, Inception]
    companions: dict[str, Companion]  # by the module that they stand behind

    @property
    def width(self) -> float:
        return 4 * WIDTH + 3 * APART + 2 * SIDE

    @property
    def height(self) -> float:
        return self._below + LINE * (len(self.modules) + 4 + 2 * bool(self.companions))

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        """With its upper left corner at (left, top)."""
        name, first = next(iter(self.modules.items()))
        left, middle = left + SIDE, left + self.width / 2
        sheet.words(middle, top + 24, f"inception {name}", 14, fontweight="bold")
        sheet.words(middle, top + 46, f"{_channels(first)[0]} channels", 11)
        split, join = top + HEAD - 24, top + HEAD + 2 * ROW - 12
        centres = [left + WIDTH / 2 + place * (WIDTH + APART) for place in range(4)]
        sheet.line([(middle, top + 54), (middle, split)])
        for height in (split, join):
            sheet.line([(centres[0], height), (centres[-1], height)])
        for x, branch in zip(centres, _branches(first), strict=True):
            _draw_branch(sheet, x, split, join, branch)
        sheet.arrow(middle, join, join + 22)
        sheet.box(middle - WIDTH, join + 22, 2 * WIDTH, BOX, JOINED)
        sheet.words(middle, join + 22 + BOX / 2, f"side by side, {first.channels} channels", 11)
        self._tell(sheet, left, top + self._below)

    @property
    def _below(self) -> float:
        """Where the table begins."""
        return HEAD + 2 * ROW + BOX + 46

    def _tell(self, sheet: Sheet, left: float, top: float) -> None:
        wide = (self.width - 2 * SIDE) / len(CELLS)
        rows = [CELLS, *((name, *_widths(module)) for name, module in self.modules.items())]
        for row, cells in enumerate(rows):
            for place, cell in enumerate(cells):
                weight = {"fontweight": "bold"} if row == 0 else {}
                sheet.words(left + wide * (place + 0.5), top + row * LINE, cell, 11, **weight)
        below = top + (len(rows) + 0.5) * LINE
        sheet.words(left + self.width / 2 - SIDE, below, ABOUT, 10)
        if self.companions:
            head = next(iter(self.companions.values()))
            told = f"in training, a companion head behind {' and '.join(self.companions)}, of weight {head.weight:g}:"
            sheet.words(left + self.width / 2 - SIDE, below + 1.2 * LINE, told, 10)
            sheet.words(left + self.width / 2 - SIDE, below + 2.2 * LINE, "; ".join(_layers(head)), 10)


def inception_diagrams(net: nn.Module) -> list[InceptionDiagram]:
    """One for a net with inception modules, none for others."""
    modules = inceptions_of(net)
    names = {id(module): name for name, module in modules.items()}
    companions = {
        names[id(before)]: after
        for stage in net.children()
        for before, after in zip(list(stage.children()), list(stage.children())[1:], strict=False)
        if id(before) in names and isinstance(after, Companion)
    }
    return [InceptionDiagram(modules, companions)] if modules else []


def _draw_branch(sheet: Sheet, x: float, split: float, join: float, layers: list[str]) -> None:
    """One or two layers; one alone stands in the lower row."""
    before = split
    for row, text in enumerate(layers, 2 - len(layers)):
        box = split + 24 + row * ROW
        sheet.arrow(x, before, box)
        sheet.box(x - WIDTH / 2, box, WIDTH, BOX, JOINED if "pool" in text else COLOUR)
        sheet.words(x, box + BOX / 2, text, 11)
        before = box + BOX
    sheet.line([(x, before), (x, join)])


def _branches(module: Inception) -> list[list[str]]:
    return [list(_layers(branch)) for branch in (module.one, module.three, module.five, module.pool)]


def _layers(branch: nn.Module) -> Iterator[str]:
    for layer in branch.modules():
        if isinstance(layer, nn.MaxPool2d):
            yield "3x3 max pool"
        elif isinstance(layer, nn.Conv2d | nn.AvgPool2d | nn.Linear):
            yield layer_text(layer)


def _channels(branch: nn.Module) -> tuple[int, ...]:
    """That go into the first convolution, and that come out of each."""
    convolutions = [layer for layer in branch.modules() if isinstance(layer, nn.Conv2d)]
    return convolutions[0].in_channels, *(layer.out_channels for layer in convolutions)


def _widths(module: Inception) -> tuple[str, ...]:
    """The cells of a module's row: in, 1x1, 3x3 and 5x5 with what they are narrowed to before, pool, out."""
    came, one = _channels(module.one)
    (_, narrow3, three), (_, narrow5, five), (_, pool) = map(_channels, (module.three, module.five, module.pool))
    return (str(came), str(one), f"{three} ({narrow3})", f"{five} ({narrow5})", str(pool), str(module.channels))
