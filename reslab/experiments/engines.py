"""The same recipe on both engines: are the errors the same? A table and words, from recorded runs."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from reslab.engine import alike
from reslab.experiments.comparing import Difference
from reslab.experiments.spread import SpreadRatio, spread_ratio
from reslab.experiments.uncertainty import over_seeds
from reslab.reporting import SeedGroup, machine_text, markdown_table
from reslab.reporting.processors import vector_units
from reslab.reporting.rounding import epochs_text, finite
from reslab.training import Recipe

ENGINES = ("native", "torch")
STUDENTS, PITMANS = "by Student's t", "by Pitman's and Morgan's test"
COLUMNS = ("net", "epochs", "engine", "val error %", "machine")

Result = dict[str, Any]
Pair = dict[str, SeedGroup]  # the runs of one recipe, by engine


def on_both(results: Sequence[Result]) -> list[Pair]:
    """For each recipe that both engines trained from the same seeds, in the same way: its runs by engine.

    The same are vector units, precision, threads and the number of images. Processors with the same units may still be
    different ones: `engines_table` says where they are.
    """
    found: dict[tuple[str, ...], dict[str, dict[int, Result]]] = {}
    for run in results:
        environment, result = run["environment"], run["result"]
        execution = environment.get("execution", {})
        if execution.get("engine") in ENGINES and finite(result.get("val_error")) is not None:
            recipe = Recipe.from_dict(run["recipe"])
            way = (vector_units(environment.get("machine", {})), execution["precision"], str(execution["threads"]))
            like = (recipe.data.name, recipe.digest(), str(result.get("val_images")), *way)
            found.setdefault(like, {}).setdefault(execution["engine"], {}).setdefault(recipe.seed, run)
    pairs = [_of_common_seeds(by_engine) for by_engine in found.values() if set(by_engine) == set(ENGINES)]
    return [pair for pair in pairs if pair]


def _of_common_seeds(by_engine: Mapping[str, Mapping[int, Result]]) -> Pair:
    """The runs from the seeds that both engines have, in their order; nothing where there are none."""
    seeds = sorted(set.intersection(*(set(by_engine[engine]) for engine in ENGINES)))
    return {engine: SeedGroup(tuple(by_engine[engine][seed] for seed in seeds)) for engine in ENGINES if seeds}


def engines_table(results: Sequence[Result]) -> str:
    """Errors of the same recipes on both engines as Markdown, and how far apart they are and they spread."""
    pairs = on_both(results)
    rows = []
    for pair in pairs:
        for engine in ENGINES:
            first, cell = pair[engine].first, pair[engine].cell("val")
            net, epochs = first["result"]["model"], epochs_text(first["result"]["epochs"])
            machines = dict.fromkeys(machine_text(run["environment"]) for run in pair[engine].results)
            rows.append((net, epochs, engine, cell, "; ".join(machines)))
    words = (_differences(pairs), _spreads(pairs), _processors(pairs))
    return f"{markdown_table(rows, COLUMNS)}\n{' '.join(filter(None, words))}\n" if rows else ""


def _by_seed(pair: Pair) -> list[tuple[Result, Result]]:
    """The runs of both engines from the same seed: native, torch."""
    return list(zip(*(pair[engine].results for engine in ENGINES), strict=True))


def _errors(pair: Pair) -> tuple[list[float], list[float]]:
    """Of the same seeds in the same order: native's, torch's."""
    ours, theirs = zip(*_by_seed(pair), strict=True)
    return [run["result"]["val_error"] for run in ours], [run["result"]["val_error"] for run in theirs]


def name_of(pair: Pair) -> str:
    """The net, length and precision of what is compared: "resnet20, 3 epochs, bf16"."""
    first = pair["native"].first
    result, precision = first["result"], first["environment"]["execution"]["precision"]
    return f"{result['model']}, {epochs_text(result['epochs'])} epochs, {precision}"


def _differences(pairs: Sequence[Pair]) -> str:
    """Of the mean errors; each seed is compared with itself, which takes out what both engines owe to it."""
    told: list[str] = []
    several: dict[str, Difference] = {}
    for pair in pairs:
        name, apart = name_of(pair), [one - two for one, two in zip(*_errors(pair), strict=True)]
        if len(apart) > 1:
            several[name] = Difference.of(statistics.fmean(apart), [over_seeds(apart)])
            told.append(f"{name}: {several[name]} (n={len(apart)})")
        else:
            told.append(f"{name}: {apart[0]:+.2f} points (one seed)")
    words = f"Native less torch, seed by seed, mean ± standard error over seeds: {'; '.join(told)}."
    return f"{words} {_verdict(several, STUDENTS)}" if several else words


def _spreads(pairs: Sequence[Pair]) -> str:
    """Of the errors over seeds, native's over torch's, where there are enough seeds to tell."""
    found = {name_of(pair): ratio for pair in pairs if (ratio := spread_ratio(*_errors(pair)))}
    told = "; ".join(f"{name}: {ratio}" for name, ratio in found.items())
    words = f"Standard deviation over seeds, native's over torch's: {told}."
    return f"{words} {_verdict(found, PITMANS)}" if found else ""


def _verdict(found: Mapping[str, Difference | SpreadRatio], test: str) -> str:
    """Which of what was compared chance would bring more rarely than that."""
    sure = [name for name, one in found.items() if one.sure]
    which = f" ({'; '.join(sure)})" if sure else ""
    return f"Rarer by chance than once in twenty times, {test}: {len(sure) or 'none'} of {len(found)}{which}."


def _processors(pairs: Sequence[Pair]) -> str:
    """Where the engines were not on the same processor, as far as the records tell."""
    apart = [name_of(pair) for pair in pairs if not all(_one_machine(*runs) for runs in _by_seed(pair))]
    words = "The engines ran on different processors, with the same vector units"
    return f"{words}: {'; '.join(apart)}." if apart else ""


def _one_machine(one: Result, other: Result) -> bool:
    return alike(*(run["environment"].get("machine", {}) for run in (one, other)))
