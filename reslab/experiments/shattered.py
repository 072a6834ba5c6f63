"""Shattered gradients (Balduzzi et al. 2017, arXiv 1702.08591): how alike gradients at different inputs are, by depth.

Notes on the paper quote their law for residual nets without its condition, batch normalisation.
"""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, log
from typing import Any

import torch

from reslab.analysis import alikeness, autocorrelation, input_gradients
from reslab.experiments.comparing import all_hold, within
from reslab.experiments.experiment import Datasets, Experiment, Finding, Row, Runs
from reslab.experiments.uncertainty import Uncertainty, of_sum, over_draws
from reslab.nets import Rectifiers
from reslab.reporting import INKED, Plot, PlotLine, plots_figure
from reslab.reporting.rounding import tiny_text

UNIT = "correlation %"
SHOWN = (2, 8, 24)  # layers that have a row; the picture has all
PLAIN, BARE_PLAIN, BARE, RESIDUAL, SCALED = (
    "plain, batch norm", "plain, no norm", "residual, no norm", "residual, batch norm", "residual, batch norm, β = 0.1"
)  # fmt: skip
NETS: Mapping[str, Mapping[str, Any]] = {
    PLAIN: {},
    BARE_PLAIN: {"normalisation": "none"},
    BARE: {"residual": True, "normalisation": "none"},
    RESIDUAL: {"residual": True},
    SCALED: {"residual": True, "beta": 0.1},
}
# Part of the correlation that a further layer leaves, by the theorems, which are of nets without normalisation.
FACTORS = {BARE_PLAIN: 1 / 2, BARE: 3 / 4}
LINES: Mapping[str, tuple[int, Mapping[str, Any]]] = {
    # Not centred: that would take the first layer's biases away, and leave all its rectifiers one kink in common.
    "plain, 1 layer": (1, {"normalisation": "none"}),
    "plain, 24 layers": (24, {"normalisation": "centre"}),
    "residual, 50 layers, β = 0.1": (50, {"residual": True, "beta": 0.1}),
}
# Numbers of colours, as on the whole page: plain nets are warm, residual ones cold; without normalisation, dashed.
COLOURS = {PLAIN: 1, BARE_PLAIN: 1, BARE: 0, RESIDUAL: 0, SCALED: 5}
LINE_COLOURS = (6, 1, 5)
HALF, SLOW = (0.4, 0.6), (-1.0, -0.3)  # what counts as 1/2 a layer, and as a power of the depth slower than 1/L
FLOOR = 1e-5  # of the drawing
LAWS: Mapping[str, Callable[[int], float]] = {
    "1/2ᴸ": lambda n: 0.5**n,
    "(3/4)ᴸ": lambda n: 0.75**n,
    "1/√L": lambda n: n**-0.5,
}
SMALLEST = 1e-6  # in place of a mean that is not positive


@dataclass(frozen=True)
class Size:
    """How much is looked at."""

    nets: int = 20
    width: int = 400  # of the nets, and of the vectors that they see
    points: int = 64  # random vectors, compared in pairs
    depths: tuple[int, ...] = (1, 2, 4, 8, 24, 50)
    line_width: int = 200  # of the nets that see numbers from -2 to 2
    line_points: int = 256
    lags: int = 15


TEST = Size(2, 40, 8, (1, 2, 4), 20, 32)


def measure(runs: Runs, _: Datasets) -> dict[str, Any]:
    """Gradients at random vectors, and along a line, of nets that differ in their random weights."""
    size = TEST if runs.setting.smoke else Size()
    alike = {
        label: {str(depth): [_alike(size, depth, seed, kind) for seed in range(size.nets)] for depth in size.depths}
        for label, kind in NETS.items()
    }
    along = {
        label: [_along(size, depth, seed, kind) for seed in range(size.nets)] for label, (depth, kind) in LINES.items()
    }
    lines = {
        label: {
            "gradients": [round(float(g), 4) for g in nets[0]],
            "autocorrelation": [[round(float(r), 4) for r in autocorrelation(net, size.lags)] for net in nets],
        }
        for label, nets in along.items()
    }
    return {"nets": size.nets, "width": size.width, "points": size.points, "alike": alike, "lines": lines}


def rows(runs: Runs) -> list[Row]:
    """Of each kind of net the correlation by depth; along the line, that of neighbours some points apart."""
    alike = _alike_of(runs)
    found = [
        _row(f"{label}, {depth} layers", alike.get(label, {}).get(depth, []), _told(label, depth))
        for label in NETS
        for depth in SHOWN
    ]
    lag = 8
    for label, line in runs.measured.get("lines", {}).items():
        found.append(_row(f"along a line, {lag} points apart: {label}", [net[lag] for net in line["autocorrelation"]]))
    return found


def picture(runs: Runs, _: list[Row]) -> bytes:
    """Above gradients along the line, of one net each; below correlations, against depth and along the line."""
    lines = runs.measured.get("lines", {})
    traces = [
        Plot(label, "input", "gradient", (PlotLine("", _spread_out(line["gradients"]), colour),))
        for colour, (label, line) in zip(LINE_COLOURS, lines.items(), strict=False)
    ]
    neighbours = Plot(
        "along the line; colours as above",
        "points apart",
        "correlation",
        tuple(
            PlotLine(label, tuple(enumerate(map(statistics.fmean, zip(*line["autocorrelation"], strict=True)))), colour)
            for colour, (label, line) in zip(LINE_COLOURS, lines.items(), strict=False)
        ),
        legend="",
    )
    low = [_by_depth(_alike_of(runs)), neighbours]
    return plots_figure([traces, low], heights=(130, 250)) if traces else plots_figure([low])


def _by_depth(alike: Mapping[str, Mapping[int, list[float]]]) -> Plot:
    """Means over nets, where they are not lost in their spread, with the laws that notes and theorems tell."""
    measured = tuple(
        PlotLine(
            label,
            tuple((depth, _mean(values).value) for depth, values in found.items() if _seen(values)),
            COLOURS[label],
            dashed=label in (BARE_PLAIN, BARE),
            dots=True,
        )
        for label, found in alike.items()
    )
    depths = sorted(alike.get(RESIDUAL, {}))
    laws = tuple(
        PlotLine("", tuple((depth, law(depth)) for depth in depths), INKED, dashed=True, end=name)
        for name, law in LAWS.items()
    )
    return Plot(
        "at random inputs; grey: the laws",
        "layers",
        "correlation",
        (*measured, *laws),
        log_x=True,
        log_y=True,
        floor=FLOOR,
    )


def _seen(values: list[float]) -> bool:
    mean = _mean(values)
    return mean.value > mean.reach


def _spread_out(gradients: list[float]) -> tuple[tuple[float, float], ...]:
    return tuple((-2 + 4 * place / len(gradients), value) for place, value in enumerate(gradients))


def finding(runs: Runs) -> Finding:
    """The plain net's factor a layer, and the residual net's power of the depth, each with its standard error."""
    alike = _alike_of(runs)
    if not alike:
        return Finding(None, "not measured")
    factor, power = _factor(alike[PLAIN]), _power(alike[RESIDUAL])
    deepest = max(alike[BARE])
    without, with_it = (100 * statistics.fmean(alike[label][deepest]) for label in (BARE, RESIDUAL))
    words = (
        f"with batch normalisation each further layer of a plain net leaves {factor.value:.3f} ± {factor.error:.3f} of "
        f"the correlation; in a residual net it falls from {_middle(alike[RESIDUAL])} to {deepest} layers as L to the "
        f"power of {power.value:.2f} ± {power.error:.2f}, where the theorem has -0.50; "
        f"at {deepest} layers it is {with_it:.1f} % there, and {without:.1f} % without batch normalisation, "
        f"where (3/4)ᴸ is {tiny_text(100 * 0.75**deepest, 2)} %"
    )
    verdicts = [within(factor.value, factor.reach, *HALF), within(power.value, power.reach, *SLOW)]
    return Finding(all_hold(verdicts), words)


@dataclass(frozen=True)
class Estimate:
    """A number, and its uncertainty over nets."""

    value: float
    over_nets: Uncertainty

    @property
    def error(self) -> float:
        return self.over_nets.error

    @property
    def reach(self) -> float:
        return self.over_nets.reach


def _factor(by_depth: Mapping[int, list[float]]) -> Estimate:
    """What a layer leaves, over the first four: deeper, plain nets' correlations are lost in the spread over nets."""
    least, most = min(by_depth), 4
    ratio = _log_ratio(by_depth, most, least)
    value = exp(ratio.value / (most - least))
    return Estimate(value, ratio.over_nets.times(value / (most - least)))


def _power(by_depth: Mapping[int, list[float]]) -> Estimate:
    """The power of the depth with which it falls over the deeper half: laws of depth are of what comes to last."""
    deep, shallow = max(by_depth), _middle(by_depth)
    ratio, span = _log_ratio(by_depth, deep, shallow), log(deep / shallow)
    return Estimate(ratio.value / span, ratio.over_nets.times(1 / span))


def _middle(by_depth: Mapping[int, list[float]]) -> int:
    return sorted(by_depth)[len(by_depth) // 2]


def _told(label: str, depth: int) -> float | None:
    """What the theorem says, in percent."""
    return float(f"{100 * FACTORS[label] ** depth:.3g}") if label in FACTORS else None


def _alike(size: Size, depth: int, seed: int, kind: Mapping[str, Any]) -> float:
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(size.points, size.width, generator=generator)
    net = Rectifiers(depth, size.width, generator, **kind)
    return round(alikeness(input_gradients(net, points)), 6)


def _along(size: Size, depth: int, seed: int, kind: Mapping[str, Any]) -> list[float]:
    """Gradients at evenly spaced numbers from -2 to 2."""
    points = torch.arange(size.line_points)[:, None] * 4 / size.line_points - 2
    net = Rectifiers(depth, size.line_width, torch.Generator().manual_seed(seed), inputs=1, **kind)
    return input_gradients(net, points)[:, 0].tolist()


def _alike_of(runs: Runs) -> dict[str, dict[int, list[float]]]:
    return {
        label: {int(depth): values for depth, values in by_depth.items()}
        for label, by_depth in runs.measured.get("alike", {}).items()
    }


def _row(label: str, values: list[float], told: float | None = None) -> Row:
    besides = {"theorem": told}
    if not values:
        return Row(label, unit=UNIT, besides=besides)
    mean, std = (round(100 * of(values), 4) for of in (statistics.fmean, statistics.stdev))
    return Row(label, None, mean, len(values), std=std, unit=UNIT, besides=besides)


def _log_ratio(by_depth: Mapping[int, list[float]], deep: int, shallow: int) -> Estimate:
    """The logarithm of the ratio of two means; correlations, so that neither is far from positive."""
    one, other = (_mean(by_depth[depth]) for depth in (deep, shallow))
    values = [max(mean.value, SMALLEST) for mean in (one, other)]
    both = zip((one, other), values, strict=True)
    parts = [part for mean, value in both for part in mean.over_nets.times(1 / value).parts]
    return Estimate(log(values[0] / values[1]), of_sum(parts))


def _mean(values: list[float]) -> Estimate:
    return Estimate(statistics.fmean(values), of_sum([over_draws(values)]))


SHATTERED = Experiment(
    name="shattered",
    title="How alike gradients at different inputs are, by depth",
    claim="At initialisation, with batch normalisation, each further layer of a plain net halves the correlation of "
    "gradients at two inputs, and in a residual net it falls as a power of the depth L only, more slowly than 1/L.",
    place="beyond the paper: arXiv 1702.08591",
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measure,
    of_a_test="two narrow nets of each kind, of 4 layers at the most",
    caption="Above, the gradient of one net each at numbers from -2 to 2. Below, how alike gradients are: at random "
    "vectors by depth (left; dashed without normalisation), and at neighbours on that line. Plain nets have warm "
    "colours, residual nets cold ones.",
    about="Fully connected nets of rectifiers, as He initialisation makes them; nothing is trained. A "
    "plain layer is W relu(n(h)), a residual one h + β W relu(n(h)). The column theorem has 1/2ᴸ and (3/4)ᴸ, "
    "those of that other paper for nets without normalisation; of plain nets, 1/2ᴸ is seen with it only. In "
    "residual nets with it the theorem's 1/√L is not quite reached: normalisation takes the mean of what rectifiers "
    "give away, so that the variance it divides by grows by 1 - 1/π a layer, not by 1, and with that one reckons "
    "a power that tends to -0.73. Statistics of normalisation are constants for the gradients; along the line the net "
    "of one layer has none, that of 24 is centred. ± is the standard deviation over nets, in sentences the standard "
    "error.",
)
