"""The errors of both engines over training, overlaid: of all seeds that both have, their mean and their spread."""

from collections.abc import Sequence
from typing import Literal

from reslab.experiments.engines import ENGINES, Pair, Result, name_of, on_both
from reslab.reporting import Plot, PlotLine, Series, mean_line, plots_figure

HIGH = 180  # pixels of a panel
ROOM = 1.05  # of what the highest line needs


def engines_figure(results: Sequence[Result]) -> bytes:
    """A row for each comparison of `on_both`: training and validation error by epoch, a colour an engine, as SVG.

    A line is the mean over seeds, its band goes from the least to the most of them; of one seed it has no height.
    """
    rows: list[tuple[Plot, ...]] = [_row(pair) for pair in on_both(results)]
    rows = rows or [(Plot("", "epoch", "error (%)", ()),)]
    return plots_figure(rows, heights=[HIGH] * len(rows))


def _row(pair: Pair) -> tuple[Plot, ...]:
    """Both panels on the same axes, so that what is as high is as much."""
    train, val = _lines(pair, "train"), _lines(pair, "val")
    reach = (0.0, ROOM * max((y for line in (*train, *val) for band in line.band for y in band), default=100.0))
    seeds = len(pair["native"].results)
    title = f"{name_of(pair)}, {seeds} seed{'s' * (seeds > 1)}"
    return (
        Plot(title, "epoch", "training error (%)", train, reach=reach),
        Plot("", "epoch", "validation error (%)", val, reach=reach),
    )


def _lines(pair: Pair, kind: Literal["train", "val"]) -> tuple[PlotLine, ...]:
    return tuple(engine_line(engine, pair[engine].results, kind) for engine in ENGINES)


def engine_line(engine: str, runs: Sequence[Result], kind: Literal["train", "val"]) -> PlotLine:
    """Errors in percent by epoch, at the epochs that all of an engine's runs have, as mean, least and most.

    Ours is solid, the other dashed: colours alone do not reach every reader.
    """
    curves = [dict(getattr(Series.of(engine, run["metrics"]), kind)) for run in runs]
    epochs = sorted(set.intersection(*map(set, curves)))
    place = ENGINES.index(engine)
    return mean_line(engine, epochs, [[curve[at] for at in epochs] for curve in curves], place, dashed=place > 0)
