"""Sec. 4.1: do signals vanish in deep plain nets? Gradients on their way back, before training and after it."""

import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from reslab.analysis import BATCH, Sample, Signal, gradients, layer_gradients
from reslab.experiments.comparing import all_hold
from reslab.experiments.experiment import Datasets, Experiment, Finding, Row, Runs
from reslab.experiments.looking import TRAINED, TRAINED_ON, looked_with
from reslab.nets import create, he_initialise, spec
from reslab.reporting import Plot, PlotLine, plots_figure
from reslab.store import load

NETS = ("plain20", "resnet20", "plain56", "resnet56", "plain110", "resnet110")
PLAIN, RESIDUAL = 1, 0  # numbers of their colours
SEEDS = 5
START, END = "at the start", "trained"
UNIT = "first layer / last"
QUANTITY = "norm of the gradient"
Net = dict[str, Any]  # what is kept of it, see `_recorded`
VANISHED = 0.01  # of the gradient that reaches the last layer, or of a deviation of 1 forwards


def measure(runs: Runs, datasets: Datasets) -> dict[str, Any]:
    """Of a batch of training images, each layer's gradient norm and the deviation of its response."""
    smoke = runs.setting.smoke
    images = looked_with(runs, datasets, "train", BATCH)
    found = {
        START: {
            name: _recorded([_of_fresh(name, images, seed) for seed in range(2 if smoke else SEEDS)])
            for name in (NETS[:2] if smoke else NETS)
        }
    }
    if images.source.startswith(TRAINED_ON):
        found[END] = {name: _recorded([_of_trained(name, images)]) for name in TRAINED}
    return {"images": len(images), "data": images.source, "signals": found}


def rows(runs: Runs) -> list[Row]:
    """How much stronger gradients are at the first layer than at the last, the mean over seeds."""
    found = _signals_of(runs)
    return [
        replace(
            _row(f"{name}, {when}", found.get(when, {}).get(name), runs.measured.get("images")), judged=when == START
        )
        for when, names in ((START, NETS), (END, TRAINED))
        for name in names
    ]


def picture(runs: Runs, _: list[Row]) -> bytes:
    """Norms by layer, their means over seeds; plain nets are dashed, and each depth stands where its two lines end."""
    plots = [
        Plot(
            when,
            "layer",
            QUANTITY,
            tuple(_line(name, net) for name, net in by_name.items()),
            log_y=True,
            legend="above",
        )
        for when, by_name in _signals_of(runs).items()
    ]
    return plots_figure([plots or [Plot("", "layer", QUANTITY, ())]], heights=(280,))


def _line(name: str, net: Net) -> PlotLine:
    """Plain nets orange and residual ones blue, as on top of the page of the paper; one of each kind is named.

    The plain and the residual net of one depth end together, and have one number.
    """
    plain = name.startswith("plain")
    depth = "" if plain else str(spec(name).depth)
    label = ("plain" if plain else "residual") if name in NETS[:2] else ""
    return PlotLine(label, tuple(enumerate(net["norms"], 1)), PLAIN if plain else RESIDUAL, plain, end=depth)


def finding(runs: Runs) -> Finding:
    """Of every plain net at the start: neither the gradient of a layer, beside the last one's, nor the response of one
    vanishes. Trained nets are of one seed each: what is seen in them is told, and decides nothing.
    """
    found = _signals_of(runs)
    if not found:
        return Finding(None, "not measured")
    forwards, backwards = _least(found[START])
    words = [*_told(START, found[START]), *_growing(found[START])]
    beside = "; ".join(_told(f"{END}, one net each,", found[END])) if END in found else ""
    return Finding(all_hold([forwards > VANISHED, backwards > VANISHED]), "; ".join(words), beside)


def _told(when: str, nets: dict[str, Net]) -> list[str]:
    forwards, backwards = _least(nets)
    ratios = ", ".join(f"{_times(net)} to 1 in {name}" for name, net in nets.items())
    return [
        f"{when} the weakest response of any layer of a plain net has a deviation of {forwards:.2f}; "
        f"on the way back, {_weakest(backwards)}",
        f"{when} the first layer's gradient is to the last's as {ratios}",
    ]


def _least(nets: dict[str, Net]) -> tuple[float, float]:
    """Of the plain ones the weakest response, and the weakest gradient as a part of the last layer's."""
    plain = [net for name, net in nets.items() if name.startswith("plain")]
    backwards = min(min(*net["ratios"], min(net["norms"]) / net["norms"][-1]) for net in plain)
    return min(net["weakest"] for net in plain), backwards


def _growing(nets: dict[str, Net]) -> list[str]:
    """Said where gradients of a plain net explode, which no reader would call healthy."""
    worst = max((name for name in nets if name.startswith("plain")), key=lambda name: min(nets[name]["ratios"]))
    if min(nets[worst]["ratios"]) < 1 / VANISHED:
        return []
    return [f"so they do not vanish: in deep plain nets such as {worst} they explode, which the paper does not say"]


def _weakest(least: float) -> str:
    """How far gradients fall below the last layer's on their way back."""
    return (
        "no layer's gradient is weaker than the last's"
        if least >= 1
        else f"the weakest gradient is {_digits(least, 2):g} times the last's"
    )


def _of_fresh(name: str, images: Sample, seed: int) -> tuple[Signal, ...]:
    """Of a net as training begins with it, on images that are normalised as for training."""
    net = create(name)
    he_initialise(net, torch.Generator().manual_seed(seed))
    pixels = images.pixels.astype(np.float32)
    pixels = (pixels - pixels.mean(0)) / pixels.std()
    return layer_gradients(net.train(), torch.from_numpy(pixels).permute(0, 3, 1, 2), _labels(images), net)


def _of_trained(name: str, images: Sample) -> tuple[Signal, ...]:
    return gradients(load(f"{name}-{TRAINED_ON}"), images.pixels, _labels(images).numpy())


def _labels(images: Sample) -> torch.Tensor:
    assert images.labels is not None, "a data set's"
    return torch.from_numpy(images.labels)


def _recorded(nets: Sequence[tuple[Signal, ...]]) -> Net:
    """Of a net's seeds each layer's norm, the mean; the first over the last; the weakest response."""
    return {
        "norms": [_digits(statistics.fmean(layer.gradient for layer in of)) for of in zip(*nets, strict=True)],
        "ratios": [_digits(net[0].gradient / net[-1].gradient) for net in nets],
        "weakest": _digits(min(layer.std for net in nets for layer in net)),
    }


def _digits(value: float, count: int = 4) -> float:
    return float(f"{value:.{count}g}")


def _signals_of(runs: Runs) -> dict[str, dict[str, Net]]:
    return dict(runs.measured.get("signals", {}))


def _times(net: Net) -> str:
    times = _digits(statistics.fmean(net["ratios"]), 2)
    return f"{times:,.0f}" if times >= 10 else f"{times:g}"


def _row(label: str, net: Net | None, images: int | None) -> Row:
    if net is None:
        return Row(label, unit=UNIT)
    ratios = net["ratios"]
    std = _digits(statistics.stdev(ratios)) if len(ratios) > 1 else None
    return Row(label, None, _digits(statistics.fmean(ratios)), len(ratios), images, std, UNIT, "train")


GRADIENTS = Experiment(
    name="gradients",
    title="Signals in deep plain nets, forwards and backwards",
    claim="As training begins, neither forward nor backward signals vanish in plain nets with batch normalisation.",
    place="sec. 4.1",
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measure,
    caption="The norm of the gradient at each 3x3 layer, before training (left) and after it; plain nets are dashed, "
    "and lines end with their depth. Images come from the left, gradients from the right.",
    about="One batch of training images; batch normalisation takes its statistics from it, as in training. A "
    "response is the output of a 3x3 layer after batch normalisation, the gradient that of the batch's loss, summed, "
    "with respect to an image's, its norm a mean over images. Below a hundredth a signal would have vanished, above "
    "a hundred times a gradient has exploded. The paper calls the norms healthy and prints none: that they do not "
    "vanish is what is judged here. Whether their growing is why deep plain nets are hard to optimise is not shown. At "
    "the start: He initialisation; trained: one net each, of those that come with the package, which decides nothing.",
    looks=True,
    of_a_test="the nets of 20 layers alone, on digits",
)
