"""Lesions: what is left of trained nets without one of their blocks (Veit et al. 2016, arXiv 1605.06431)."""

import statistics
from typing import Any

import numpy as np

from reslab.analysis import lesions, scores
from reslab.experiments.comparing import of_one_net_each
from reslab.experiments.experiment import Datasets, Experiment, Finding, Row, Runs
from reslab.experiments.looking import TRAINED as NETS
from reslab.experiments.looking import TRAINED_ON, looked_with
from reslab.reporting import Plot, PlotLine, plots_figure
from reslab.store import load

PAIRS = (("plain20", "resnet20"), ("plain56", "resnet56"))
COLOURS = (1, 0)  # orange and blue, as on top of the page of the paper
IMAGES, SMOKE_IMAGES = 1000, 100
WHOLE, WITHOUT = "whole", "without a block, the median"
ERROR = "error (%)"
CHANGED = "answers changed %"  # in place of errors, where these are not known
HALF = 50.0  # percent: a net that errs more often than not does not work any more


def measure(runs: Runs, datasets: Datasets) -> dict[str, Any]:
    """Errors of the nets that ship with the package, whole and without each block, on validation images.

    In a test on digits, against the whole net's own answers: nothing is known of them.
    """
    smoke = runs.setting.smoke
    images = looked_with(runs, datasets, "val", SMOKE_IMAGES if smoke else IMAGES)
    data = images.source.partition(",")[0]
    nets = {}
    for name in NETS[:2] if smoke else NETS:
        net = load(f"{name}-{TRAINED_ON}")
        labels = images.labels if data == TRAINED_ON else scores(net, images.pixels).argmax(1)
        assert labels is not None, "a data set's"
        error, without = lesions(net, images.pixels, np.asarray(labels))
        nets[name] = {"error": error, "without": [[lesion.block, lesion.error] for lesion in without]}
    return {"data": data, "images": len(images), "nets": nets}


def rows(runs: Runs) -> list[Row]:
    """Errors of the whole nets and without a block; of the answers that change without one, the whole has none."""
    nets, images = runs.measured.get("nets", {}), runs.measured.get("images")
    found = []
    for name in NETS:
        net, told = nets.get(name), (WITHOUT,) if _is_test(runs) else (WHOLE, WITHOUT)
        values = {WHOLE: net["error"], WITHOUT: _median(net)} if net else {}
        unit = CHANGED if _is_test(runs) else "error %"
        for what in told:
            count, of = (1, images) if net else (None, None)
            found.append(Row(f"{name}, {what}", None, values.get(what), count, of, on="val", unit=unit))
    return found


def _is_test(runs: Runs) -> bool:
    """Were the nets looked at with images whose classes are not theirs?"""
    return bool(runs.measured.get("data", TRAINED_ON) != TRAINED_ON)


def picture(runs: Runs, _: list[Row]) -> bytes:
    """Errors without each block, by its place; the whole net's as a line across."""
    nets = runs.measured.get("nets", {})
    quantity = CHANGED.replace("%", "(%)") if _is_test(runs) else ERROR
    plots = [plotted(pair, nets, quantity) for pair in PAIRS if pair[0] in nets]
    return plots_figure([plots or [plotted(PAIRS[0], {}, quantity)]])


def finding(runs: Runs) -> Finding:
    """Judged by the median over blocks: some, such as those that change the dimensions, are worth more than others."""
    nets = runs.measured.get("nets", {})
    if not nets:
        return Finding(None, "not measured")
    words = [
        f"{name} has {net['error']:.1f} %, without one block {min(_errors(net)):.1f} to {max(_errors(net)):.1f} %, "
        f"in the median {_median(net):.1f} %"
        for name, net in nets.items()
    ]
    verdicts = [
        _median(nets[residual]) < HALF <= _median(nets[plain])
        for plain, residual in PAIRS
        if plain in nets and residual in nets
    ]
    return of_one_net_each(verdicts, "; ".join(words))


def _errors(net: dict[str, Any]) -> list[float]:
    return [error for _, error in net["without"]]


def _median(net: dict[str, Any]) -> float:
    return round(statistics.median(_errors(net)), 4)


def plotted(pair: tuple[str, str], nets: dict[str, Any], quantity: str = ERROR) -> Plot:
    lines: list[PlotLine] = []
    for name, colour in zip(pair, COLOURS, strict=True):
        if name in nets:
            points = tuple((float(block), float(error)) for block, error in nets[name]["without"])
            whole = float(nets[name]["error"])
            lines.append(PlotLine(name, points, colour, dots=True))
            if quantity == ERROR:
                lines.append(PlotLine("", ((points[0][0], whole), (points[-1][0], whole)), colour, dashed=True))
    depth = pair[0].removeprefix("plain")
    return Plot(f"{depth} layers", "block that is left out", quantity, tuple(lines), legend="above", reach=(0, 100))


LESION = Experiment(
    name="lesion",
    title="Trained nets without one of their blocks",
    claim="A trained residual net of many blocks still works without one of them, and a plain net does not.",
    place="beyond the paper: arXiv 1605.06431",
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measure,
    caption="Errors without one block, by its place; dashed lines across are the whole nets'.",
    about="Nothing is trained anew. A residual block that is left out hands on its shortcut; a plain one is left out "
    "where its output has the shape of its input. One net each, of those that come with the package. A net works where "
    "it is right more often than wrong; the claim is judged by the median over blocks, and of few blocks some are "
    "missed more than that: without some, ResNet-20 is wrong more often than right.",
    looks=True,
    of_a_test="nets of CIFAR-10 look at digits, so that the answers that change without a block are counted (of all "
    "blocks the median), and no errors",
)
