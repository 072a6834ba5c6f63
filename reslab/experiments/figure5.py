"""Figure 5: a basic block on 64 channels and a bottleneck block on 256 cost about the same."""

from typing import Any

import torch
from torch import nn

from reslab.experiments.comparing import within
from reslab.experiments.experiment import Datasets, Experiment, Finding, Row, Runs
from reslab.experiments.paper import paper
from reslab.experiments.timing import ROUNDS, ratio, step_seconds
from reslab.experiments.uncertainty import SURE
from reslab.nets import Block
from reslab.nets.blocks import basic, bottleneck
from reslab.reporting import Diagram, block_figure

WIDTH, MAP, BATCH = 64, 56, 4
CHANNELS = {"basic": WIDTH, "bottleneck": 4 * WIDTH}
RESIDUALS = {"basic": basic, "bottleneck": bottleneck}
TIME = "seconds of a step, basic / bottleneck"
ALIKE = (1 / 1.1, 1.1)  # what one block may cost, as a part of the other's cost
VERDICT = {True: "alike", False: "not alike", None: "perhaps alike"}


def blocks() -> dict[str, Block]:
    """Both of the figure, with identity shortcuts."""
    return {kind: Block(make(CHANNELS[kind], WIDTH, 1, "1x1"), nn.Identity()) for kind, make in RESIDUALS.items()}


def weights(module: nn.Module) -> int:
    """Of the convolutions alone: their multiply-adds for one position of the map."""
    return sum(layer.weight.numel() for layer in module.modules() if isinstance(layer, nn.Conv2d))


def measure(_: Runs, __: Datasets) -> dict[str, Any]:
    shapes = {kind: (BATCH, channels, MAP, MAP) for kind, channels in CHANNELS.items()}
    return {"seconds": step_seconds(blocks(), shapes)}


def rows(runs: Runs) -> list[Row]:
    told = paper()["figure5"]
    with torch.device("meta"):
        found = [
            Row(f"{kind}: weights", told[kind], weights(block), unit="weights") for kind, block in blocks().items()
        ]
    if seconds := runs.measured.get("seconds"):
        times, std = ratio(seconds, "basic", "bottleneck")
        found.append(Row(TIME, None, round(times, 4), ROUNDS, None, round(std, 4), "times", judged=False))
    return found


def picture(_: Runs, found: list[Row]) -> bytes:
    with torch.device("meta"):
        drawn = zip(blocks().items(), found, strict=False)  # the rows of times come after those of weights
        return block_figure(
            [Diagram(block, f"{kind}, {CHANNELS[kind]}-d", f"{row.ours:,} weights") for (kind, block), row in drawn]
        )


def finding(runs: Runs) -> Finding:
    """Of what is counted, which the claim is about; seconds stand beside it."""
    basic_row, bottleneck_row, *times = rows(runs)
    one, other = (row.ours or 0.0 for row in (basic_row, bottleneck_row))
    alike = within(one / other, 0.0, *ALIKE)
    words = f"weights, and so multiply-adds: {one:,.0f} (basic) against {other:,.0f}, {VERDICT[alike]}"
    if not times:
        return Finding(alike, words, "seconds: not measured")
    (row,) = times
    seconds = VERDICT[within(row.ours or 0.0, SURE * (row.std or 0.0), *ALIKE)]
    where = "on the machine that was measured"
    return Finding(alike, words, f"in seconds they are {seconds} {where}: {row.ours:.2f} ± {row.std:.2f} times")


FIGURE5 = Experiment(
    name="figure5",
    title="Basic and bottleneck blocks cost alike",
    claim="A bottleneck block on 256 channels has about the time complexity of a basic block on 64.",
    place="Figure 5, sec. 4.1",
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measure,
    about="The paper prints no numbers; those of its column follow from the figure. Time complexity is "
    "counted in multiply-adds, and judged so; seconds are another matter.",
    about_measured="Times are of PyTorch in fp32 on the CPU, batch normalisation and ReLU included, which work on four "
    "times as many channels in a bottleneck; ± is over rounds.",
    caption="A basic and a bottleneck block, drawn from the modules that this code trains.",
)
