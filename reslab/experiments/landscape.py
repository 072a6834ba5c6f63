"""The loss around trained weights (Li et al. 2018, arXiv 1712.09913): smooth in residual nets, chaotic in plain ones?

The nets are of those that come with the package, one of each; what a row is over is random directions.
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reslab.analysis import Extent, Sample, downward, execution_to_look, landscape, scores, steadiness
from reslab.experiments.comparing import Difference, difference_of_shares, of_one_net_each
from reslab.experiments.experiment import Datasets, Experiment, Finding, Row, Runs
from reslab.experiments.looking import TRAINED as NETS
from reslab.experiments.looking import TRAINED_ON, looked_with
from reslab.experiments.timing import timed_on
from reslab.experiments.uncertainty import over_draws
from reslab.reporting import Plot, PlotLine, median_line, plots_figure, squares_of
from reslab.store import Classifier, load

DEEP = ("plain56", "resnet56")  # which the claim is about
PLAIN, RESIDUAL = 1, 0  # orange and blue, as on top of the page of the paper
TRAINING, BATCH = "the training's statistics", "the batch's statistics"  # of batch normalisation
VERDICT = {True: "as claimed", False: "the other way round", None: "not sure"}
DIGITS = 5  # of a loss that is kept
STEADY, DOWNWARD = "% of ways that rise", "bends down / up"  # units
ROOM = 1.15  # above and below what is drawn, on a logarithmic axis
Values = list[list[float]]


@dataclass(frozen=True)
class Size:
    """How much is looked at."""

    images: int
    nets: Mapping[str, tuple[str, ...]]  # by the statistics of batch normalisation
    extents: Mapping[str, Extent]  # by these, too
    surfaces: tuple[str, ...]  # the nets that have one, with the training's statistics


WHOLE = Size(200, {TRAINING: NETS, BATCH: DEEP}, {TRAINING: Extent(8, 8), BATCH: Extent(8, 4)}, DEEP)
TEST = Size(
    20, dict.fromkeys((TRAINING, BATCH), NETS[:2]), dict.fromkeys((TRAINING, BATCH), Extent(2, 2, 0.5)), NETS[:2]
)


def measure(runs: Runs, datasets: Datasets) -> dict[str, Any]:
    """Losses along lines through the trained weights, on training images, and on a square for two of the nets.

    In a test on digits, against each net's own answers: nothing is known of them.
    """
    size = TEST if runs.setting.smoke else WHOLE
    images = looked_with(runs, datasets, "train", size.images)
    found: dict[str, Any] = {"data": images.source.partition(",")[0], "images": len(images)}
    found |= {"distances": {kind: list(extent.distances) for kind, extent in size.extents.items()}}
    found |= {"lines": {kind: {} for kind in size.nets}, "surfaces": {}}
    for kind, names in size.nets.items():
        for name in names:
            extent = replace(size.extents[kind], surface=kind == TRAINING and name in size.surfaces)
            seen = _seen(load(f"{name}-{TRAINED_ON}"), images, extent, kind == BATCH)
            found["lines"][kind][name] = seen["losses"]
            found["surfaces"] |= {name: seen["surface"]} if extent.surface else {}
            found.setdefault("environment", seen["environment"])
    return found


def _seen(net: Classifier, images: Sample, extent: Extent, batch_statistics: bool) -> dict[str, Any]:
    execution = execution_to_look(net, extent.places * len(images), batch_statistics=batch_statistics)
    labels = _labels(net, images)
    found = landscape(net, images.pixels, labels, extent, execution, batch_statistics=batch_statistics).to_dict()
    return {
        "losses": _rounded(found["losses"]),
        "surface": _rounded(found["surface"] or []),
        "environment": timed_on(execution),
    }


def _labels(net: Classifier, images: Sample) -> NDArray[np.int64]:
    if not images.source.startswith(TRAINED_ON):
        return scores(net, images.pixels).argmax(1)
    assert images.labels is not None, "a data set's"
    return images.labels


def _rounded(values: Sequence[Sequence[float]]) -> Values:
    return [[float(f"{value:.{DIGITS}g}") for value in row] for row in values]


def rows(runs: Runs) -> list[Row]:
    """How steadily the loss rises, and how much it bends downwards: of the deep nets with either statistics.

    Nets of 20 layers stand beside them.
    """
    deep = [row for kind in WHOLE.nets for name in DEEP for row in _rows_of(runs, kind, name)]
    others = [row for name in NETS if name not in DEEP for row in _rows_of(runs, TRAINING, name)]
    return deep + [replace(row, judged=False) for row in others]


def _rows_of(runs: Runs, kind: str, name: str) -> list[Row]:
    lines = _lines(runs, kind).get(name)
    label = name if kind == TRAINING else f"{name}, {kind}"
    if not lines:
        return [Row(label, unit=unit) for unit in (STEADY, DOWNWARD)]
    bends = _known(map(downward, lines))
    return [
        _row(runs, label, STEADY, [], 100 * statistics.fmean(map(steadiness, lines)), len(lines)),
        _row(runs, label, DOWNWARD, bends, statistics.median(bends) if bends else None),
    ]


def _row(
    runs: Runs, label: str, unit: str, values: Sequence[float], ours: float | None, count: int | None = None
) -> Row:
    """One number over directions, with the least and the most of any where it is their median."""
    between = {"over directions": f"{min(values):.2f} to {max(values):.2f}"} if values else {}
    images = runs.measured["images"]
    value = None if ours is None else round(ours, 4)
    return Row(label, None, value, count or len(values), images, unit=unit, on="train", besides=between)


def picture(runs: Runs, _: list[Row]) -> bytes:
    """Above the loss on squares, below along lines: the median over directions, from the lowest to the highest."""
    lines = plotted(runs)
    surfaces = runs.measured.get("surfaces", {})
    if not surfaces:
        return plots_figure([lines])
    squares = squares_of(surfaces, runs.measured["distances"][TRAINING], "first direction", "second direction")
    return plots_figure([squares, lines], heights=(312, 250))


def plotted(runs: Runs) -> list[Plot]:
    """A panel for either statistics, with one axis of losses, so that what is as high is as much."""
    plots = [_plot(runs, kind) for kind in WHOLE.nets]
    lines = [line for plot in plots for line in plot.lines]
    heights = [height for line in lines for _, height in line.points]
    heights += [height for line in lines for both in line.band for height in both]
    reach = (min(heights) / ROOM, max(heights) * ROOM) if heights else None
    return [replace(plot, reach=reach) for plot in plots]


def _plot(runs: Runs, kind: str) -> Plot:
    of_net = _lines(runs, kind)
    distances = runs.measured.get("distances", {}).get(kind, [])
    return Plot(
        f"batch normalisation by {kind}",
        "distance from the trained weights",
        "loss",
        tuple(_line(name, distances, lines) for name, lines in of_net.items()),
        log_y=True,
        legend="upper center",
    )


def _line(name: str, distances: Sequence[float], lines: Values) -> PlotLine:
    """Plain nets orange and residual ones blue, as on top of the page of the paper; those of 20 layers are dashed."""
    colour = PLAIN if name.startswith("plain") else RESIDUAL
    return median_line(name, distances, lines, colour, dashed=name not in DEEP, shaded=name in DEEP)


def finding(runs: Runs) -> Finding:
    """Of the deep nets, with either statistics, two differences over directions: what is sure of these two nets."""
    kinds = [kind for kind in WHOLE.nets if all(name in _lines(runs, kind) for name in DEEP)]
    if not kinds:
        return Finding(None, "only nets of 20 layers were looked at" if runs.measured else "not measured")
    pairs = {kind: [_lines(runs, kind)[name] for name in DEEP] for kind in kinds}
    steadier = [_sign(_steadier(residual, plain)) for plain, residual in pairs.values()]
    less_bent = [_sign(_bent_more(plain, residual)) for plain, residual in pairs.values()]
    words = _told(runs, list(zip(kinds, steadier, less_bent, strict=True)))
    verdicts = [*steadier, *less_bent]
    return of_one_net_each(verdicts, words) if runs.measured["data"] == TRAINED_ON else Finding(None, words)


def _steadier(one: Values, other: Values) -> Difference:
    """By the share of ways along which the loss rises."""
    return difference_of_shares(*((round(2 * sum(map(steadiness, lines))), 2 * len(lines)) for lines in (one, other)))


def _bent_more(one: Values, other: Values) -> Difference | None:
    """By the mean over lines; None where fewer than two bend upwards anywhere."""
    bends = [_known(map(downward, lines)) for lines in (one, other)]
    if min(map(len, bends)) < 2:
        return None
    parts = [over_draws(values) for values in bends]
    return Difference.of(statistics.fmean(bends[0]) - statistics.fmean(bends[1]), parts)


def _sign(found: Difference | None) -> bool | None:
    return found.points > 0 if found and found.sure else None


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _told(runs: Runs, found: Sequence[tuple[str, bool | None, bool | None]]) -> str:
    """Each number of both deep nets, with (statistics, is it steadier, does it bend less)."""
    rises, bends = [], []
    for kind, steadier, less_bent in found:
        plain, residual = (_rows_of(runs, kind, name) for name in DEEP)
        (one, bend), (other, other_bend) = ([_number(row.ours, row.unit) for row in of] for of in (residual, plain))
        rises.append(f"along {one} and {other} % of the ways with {kind} ({VERDICT[steadier]})")
        bends.append(f"{bend} and {other_bend} times as strongly as upwards with {kind} ({VERDICT[less_bent]})")
    around = " and ".join(reversed(DEEP))
    return f"around {around} the loss rises {', '.join(rises)}; there it bends downwards {', '.join(bends)}"


def _number(value: float | None, unit: str) -> str:
    return "(unknown)" if value is None else f"{value:.{0 if unit == STEADY else 2}f}"


def _lines(runs: Runs, kind: str) -> dict[str, Values]:
    return dict(runs.measured.get("lines", {}).get(kind, {}))


LANDSCAPE = Experiment(
    name="landscape",
    title="The loss around trained weights",
    claim="Around the trained weights of a residual net of 56 layers the loss rises more steadily along random "
    "directions than around those of a plain net, and bends downwards less.",
    place="beyond the paper: arXiv 1712.09913",
    rows=rows,
    picture=picture,
    finding=finding,
    measure=measure,
    caption="Above, the loss on a square of two random directions, the trained weights in its middle: curves between "
    "points an eighth apart, at the same levels in both panels. Below, along lines: the median over directions, and of "
    "the deep nets from the lowest to the highest.",
    about="Nothing is trained anew. The claim has two numbers: the share of ways out of the middle along which the "
    "loss rises at every step, and how strongly a line bends downwards for how strongly upwards, by its largest "
    "second differences, in the median over directions. It is seen where the residual net has the better of both, by "
    "more than chance makes over directions, with either statistics of batch normalisation: the training's, and those "
    "of all these images as one batch, since far from where they were taken the training's do not fit. A direction is "
    "Gaussian, each filter of it scaled to the norm of the trained one: at a distance of 1 every filter has moved as "
    "far as it is long. The loss is that in testing, on training images. One net each, of those that come with the "
    "package: nets may differ more than directions do, so that nothing is decided.",
    looks=True,
    of_a_test="nets of 20 layers alone, and digits, which they were not trained on: the loss is that against their own "
    "answers",
)
