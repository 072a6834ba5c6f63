"""Figures 2 and 5: a block as weight layers, activations and the addition, drawn from the block itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from reslab.nets import Block, layer_text, shortcut_kind
from reslab.reporting.sheet import Form, Sheet

BOX, GAP, WIDTH = 26, 34, 132  # pixels: height of a weight layer, between two, width
ASIDE, TOP, BOTTOM, COLUMN = 52, 64, 60, 300
COLOUR = "#2f7ed8"
SHORTCUTS = {"identity": "identity", "padding": "zero padding (A)", "projection": "1x1 projection"}


@dataclass(frozen=True)
class Diagram:
    """One block: what stands above and below it. `general` is Figure 2: "weight layer" for whatever layer."""

    block: Block
    title: str
    note: str
    general: bool = False

    @property
    def width(self) -> float:
        return COLUMN

    @property
    def height(self) -> float:
        return height_of(layers_in(self.block)) + 24

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        """With its upper left corner at (left, top)."""
        draw_block(sheet, left, top, self, layers_in(self.block))


def block_figure(diagrams: Sequence[Diagram], form: Form = "svg") -> bytes:
    """The blocks side by side; the same blocks give the same bytes."""
    most = max(layers_in(diagram.block) for diagram in diagrams)
    sheet = Sheet(COLUMN * len(diagrams), height_of(most))
    for place, diagram in enumerate(diagrams):
        draw_block(sheet, COLUMN * place, 0, diagram, most)
    return sheet.content(form)


def first_blocks(net: nn.Module) -> list[Diagram]:
    """A diagram of the net's first block, and of its first one whose shortcut is of another kind."""
    found: dict[str | None, Diagram] = {}
    for name, block in net.named_modules():
        if isinstance(block, Block) and shortcut_kind(block) not in found:
            stage, _, place = name.partition(".")
            title = f"{stage}, block {int(place) + 1}" if place.isdecimal() else name
            found[shortcut_kind(block)] = Diagram(block, title, f"{weights_of(block):,} weights")
    return list(found.values())


def layers_in(block: Block) -> int:
    """Weighted layers of its residual function."""
    return len(_steps(block.residual))


def height_of(layers: int) -> int:
    """Pixels of a diagram with so many weighted layers."""
    return TOP + layers * (BOX + GAP) + GAP + 16 + BOTTOM


def weights_of(block: Block) -> int:
    """Weights of its convolutions, those of a projection shortcut too."""
    return sum(m.weight.numel() for m in block.modules() if isinstance(m, nn.Conv2d))


@dataclass(frozen=True)
class _Step:
    """A weight layer, and whether ReLU follows it before the next one."""

    text: str
    relu: bool


def _steps(residual: nn.Module) -> list[_Step]:
    """The weighted layers of F in order; batch normalisation belongs to its convolution (sec. 3.4)."""
    steps: list[_Step] = []
    for module in residual.modules():
        if isinstance(module, nn.ReLU) and steps:
            steps[-1] = _Step(steps[-1].text, True)
        elif isinstance(module, nn.Conv2d):
            steps.append(_Step(layer_text(module).replace(" conv", ""), False))
        elif not list(module.children()) and not isinstance(module, nn.BatchNorm2d | nn.ReLU):
            steps.append(_Step(type(module).__name__, False))
    return steps


def draw_block(sheet: Sheet, left: float, top: float, diagram: Diagram, layers: int) -> None:
    """One diagram, `COLUMN` wide and as high as one of so many `layers`: with fewer, arrows are longer, so that the
    additions of diagrams side by side stand on one line.
    """
    steps, kind = _steps(diagram.block.residual), shortcut_kind(diagram.block)
    x, start = left + COLUMN / 2 - 26, top + TOP
    pitch = layers * (BOX + GAP) / len(steps)
    addition = start + layers * (BOX + GAP) + GAP + 6
    sheet.words(x, top + 24, diagram.title, 14, fontweight="bold")
    sheet.words(x, top + 50, "x", 14, style="italic")
    before = start
    for place, step in enumerate(steps):
        box = start + GAP + place * pitch
        sheet.arrow(x, before, box)
        sheet.box(x - WIDTH / 2, box, WIDTH, BOX, COLOUR)
        sheet.words(x, box + BOX / 2, "weight layer" if diagram.general else step.text, 12)
        before = box + BOX
        if step.relu:
            sheet.words(x + 8, before + (pitch - BOX) / 2 - 3, "relu", 11, "left")
    sheet.arrow(x, before, addition - 8 if kind else addition + 8)
    if kind:
        sheet.words(x - WIDTH / 2 - 8, start + GAP + BOX + (pitch - BOX) / 2, "F(x)", 13, "right", style="italic")
        _shortcut(sheet, x, start + 10, before, addition, kind, diagram.general)
    sheet.arrow(x, addition + 8, addition + 34)
    sheet.words(x + 8, addition + 18, "relu", 11, "left")
    sheet.words(x, top + height_of(layers) - 16, diagram.note, 11.5)


def _shortcut(sheet: Sheet, x: float, enter: float, before: float, addition: float, kind: str, general: bool) -> None:
    """From `enter` round the residual function, whose last layer ends at `before`, into the addition."""
    far = x + WIDTH / 2 + ASIDE
    sheet.words(x - 12, addition, "F(x) + x" if kind == "identity" else "F(x) + shortcut(x)", 12, "right")
    sheet.plus(x, addition)
    sheet.bypass(x, enter, addition, WIDTH / 2 + ASIDE, dotted=kind != "identity", gap=8)
    sheet.words(far - 6, before + (addition - 8 - before) / 2, SHORTCUTS[kind], 11, "right")
    if general:
        sheet.words(far + 8, (enter + addition) / 2, "x", 13, "left", style="italic")
