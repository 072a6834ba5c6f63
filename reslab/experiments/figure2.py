"""Figure 2: a residual block, drawn from the block itself."""

import torch
from torch import nn

from reslab.experiments.experiment import Experiment, Finding, Row, Runs
from reslab.experiments.paper import paper
from reslab.nets import Block
from reslab.nets.blocks import basic
from reslab.reporting import Diagram, block_figure

WIDTH = 64


def block() -> Block:
    """A basic block with an identity shortcut."""
    with torch.device("meta"):
        return Block(basic(WIDTH, WIDTH, 1), nn.Identity())


def counts() -> dict[str, int]:
    """What the figure shows: the second ReLU is the block's own, after the addition."""
    found = block()
    assert found.shortcut is not None
    layers = [m for m in found.residual.modules() if isinstance(m, nn.Conv2d)]
    inside = [m for m in found.residual.modules() if isinstance(m, nn.ReLU)]
    extra = sum(p.numel() for p in found.shortcut.parameters())
    return {"weight layers": len(layers), "ReLU": len(inside) + 1, "parameters of the shortcut": extra}


def rows(_: Runs) -> list[Row]:
    told = paper()["figure2"]
    return [Row(label, told[label], count, unit="count") for label, count in counts().items()]


def picture(_: Runs, __: list[Row]) -> bytes:
    return block_figure([Diagram(block(), "", "", general=True)])


def finding(runs: Runs) -> Finding:
    same = all(row.deviation == 0 for row in rows(runs))
    return Finding(same, "the block that this code trains has the layers of the figure" if same else "it differs")


FIGURE2 = Experiment(
    name="figure2",
    title="Residual learning: a building block",
    claim="y = F(x) + x: a block learns what is to be added to its input, and its shortcut costs nothing.",
    place="Figure 2, sec. 3.2, eq. 1",
    rows=rows,
    picture=picture,
    finding=finding,
    about="Drawn from the module that the residual nets are made of; batch normalisation behind each weight layer is "
    "not shown, as in the paper.",
    caption="A residual block, drawn from the module that this code trains.",
)
