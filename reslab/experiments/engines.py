"""The same recipe on both engines: are the errors the same? A table and the curves, from recorded runs."""

import statistics
from collections.abc import Sequence
from math import sqrt
from typing import Any

from reslab.reporting import SeedGroup, Series, curves_figure, machine_text, markdown_table, seed_groups
from reslab.training import Recipe

ENGINES = ("native", "torch")
COLUMNS = ("net", "epochs", "engine", "val error %", "machine")


def on_both(results: Sequence[dict[str, Any]]) -> list[dict[str, SeedGroup]]:
    """For each recipe that both engines trained alike (machine, precision, threads): its runs by engine."""
    found: dict[tuple[str, ...], dict[str, SeedGroup]] = {}
    for group in seed_groups(results):
        environment = group.first["environment"]
        execution = environment.get("execution", {})
        if execution.get("engine") in ENGINES and group.values("val_error"):
            recipe = Recipe.from_dict(group.first["recipe"])
            machine = str(environment.get("machine", {}).get("processor"))
            like = (recipe.data.name, recipe.digest(), machine, execution["precision"], str(execution["threads"]))
            found.setdefault(like, {}).setdefault(execution["engine"], group)
    return [pair for pair in found.values() if set(pair) == set(ENGINES)]


def engines_table(results: Sequence[dict[str, Any]]) -> str:
    """Errors of the same recipes on both engines as Markdown, and how far apart they are."""
    rows, distances = [], []
    for pair in on_both(results):
        for engine in ENGINES:
            group = pair[engine]
            first = group.first["result"]
            rows.append(
                (
                    first["model"],
                    f"{first['epochs']:g}",
                    engine,
                    group.cell("val"),
                    machine_text(group.first["environment"]),
                )
            )
        distances.append(f"{first['model']}, {first['epochs']:g} epochs: {_distance(pair)}")
    if not rows:
        return ""
    return f"{markdown_table(rows, COLUMNS)}\nnative less torch, in points: {'; '.join(distances)}.\n"


def _distance(pair: dict[str, SeedGroup]) -> str:
    """Difference of the means with its standard error, from the spread over seeds, as if no two seeds were alike."""
    ours, theirs = (pair[engine].values("val_error") for engine in ENGINES)
    apart = statistics.fmean(ours) - statistics.fmean(theirs)
    if min(len(ours), len(theirs)) < 2:
        return f"{apart:+.2f} (one seed)"
    error = sqrt(statistics.variance(ours) / len(ours) + statistics.variance(theirs) / len(theirs))
    return f"{apart:+.2f} ± {error:.2f} (standard error)"


def engines_figure(results: Sequence[dict[str, Any]]) -> bytes:
    """The curves of the first seed of each, overlaid, as SVG."""
    return curves_figure(
        [
            Series.of(f"{pair[engine].first['result']['model']} {engine}", pair[engine].first["metrics"])
            for pair in on_both(results)
            for engine in ENGINES
        ]
    )
