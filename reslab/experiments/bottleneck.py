"""What projection shortcuts would cost in bottleneck nets (sec. 4.1: identity shortcuts matter most there)."""

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from reslab.experiments.comparing import within
from reslab.experiments.counts import counted
from reslab.experiments.experiment import Datasets, Experiment, Finding, Row, Runs
from reslab.experiments.figure5 import BATCH, MAP, WIDTH, weights
from reslab.experiments.pairs import rows_beside
from reslab.experiments.paper import paper
from reslab.experiments.timing import ROUNDS, ratio, step_seconds
from reslab.experiments.uncertainty import SURE
from reslab.nets import Block, build, spec
from reslab.nets.blocks import bottleneck, make_shortcut

NETS = ("resnet50", "resnet101", "resnet152")
OPTIONS = {"identity": "B", "projection": "C"}  # of a block whose dimensions do not change
UNIT = "times"
DOUBLE = (1.8, 2.2)
VERDICT = {True: "doubled", False: "not doubled", None: "not decided"}


def blocks() -> dict[str, nn.Module]:
    """A bottleneck block on 256 channels with either shortcut."""
    return {
        name: Block(bottleneck(4 * WIDTH, WIDTH, 1), make_shortcut(option, 4 * WIDTH, 4 * WIDTH, 1))
        for name, option in OPTIONS.items()
    }


def measure(runs: Runs, _: Datasets) -> dict[str, Any]:
    """Steps of the block, and of whole nets of 50 layers on the images of this scale."""
    block = step_seconds(blocks(), dict.fromkeys(OPTIONS, (BATCH, 4 * WIDTH, MAP, MAP)))
    size = runs.setting.imagenet.size
    nets = {name: build(spec("resnet50", option, size=size)) for name, option in OPTIONS.items()}
    whole = step_seconds(nets, dict.fromkeys(OPTIONS, (BATCH, 3, size, size)))
    return {"block": block, "resnet50": whole, "px": size}


def rows(runs: Runs) -> list[Row]:
    """Each the cost with projections over that with identities; the claim is about the first."""
    told = paper()["bottleneck"]
    with torch.device("meta"):
        block = blocks()
    found = [
        Row("one block, weights", told["size"], _rounded(weights(block["projection"]) / weights(block["identity"])))
    ]
    if runs.measured:
        found.append(_time("one block, time", runs.measured["block"], told["time"]))
    for net in NETS:
        params, macs = _ratios(net)
        found += [Row(f"{net}, parameters", None, params), Row(f"{net}, multiply-adds", None, macs)]
    if runs.measured:
        found.append(_time(f"resnet50, time at {runs.measured['px']} px", runs.measured["resnet50"], None))
    return [replace(row, unit=UNIT, judged=place == 0) for place, row in enumerate(found)]


def picture(_: Runs, found: list[Row]) -> bytes:
    return rows_beside(found, "with projections / with identities")


def finding(runs: Runs) -> Finding:
    """Of one block what is counted, which the claim is about; its seconds stand beside it."""
    size, time = rows(runs)[:2]
    doubled = within(size.ours or 0.0, 0.0, *DOUBLE)
    words = f"one block's weights, and so its multiply-adds: {size.ours:.2f} times, {VERDICT[doubled]}"
    if not runs.measured:
        return Finding(doubled, words, "one block's seconds: not measured")
    seconds = within(time.ours or 0.0, SURE * (time.std or 0.0), *DOUBLE)
    told = f"{time.ours:.2f} ± {time.std:.2f} times, {VERDICT[seconds]} on the machine that was measured"
    return Finding(doubled, words, f"one block's seconds: {told}")


def _ratios(net: str) -> tuple[float, float]:
    one, other = (counted(net, option) for option in OPTIONS.values())
    return _rounded(other.params / one.params), _rounded(other.macs / one.macs)


def _time(label: str, seconds: dict[str, list[float]], told: float | None) -> Row:
    times, std = ratio(seconds, "projection", "identity")
    return Row(label, told, _rounded(times), ROUNDS, None, _rounded(std))


def _rounded(value: float) -> float:
    return round(value, 4)


BOTTLENECK = Experiment(
    name="bottleneck",
    title="Identity against projection shortcuts in bottleneck nets",
    claim="Replacing the identity shortcut of a bottleneck block by a projection doubles its size and its "
    "multiply-adds, which the paper calls its time complexity.",
    place="sec. 4.1, deeper bottleneck architectures",
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measure,
    about="Options C against B. Whole nets have a stem, a head and projections where dimensions grow in either case, "
    "and so less than double. Seconds ask for more than multiply-adds.",
    about_measured="Times are of PyTorch in fp32 on the CPU; ± is over rounds.",
)
