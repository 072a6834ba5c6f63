"""What is in `results/`, and kept of trained nets, of an experiment: its runs without running anything."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from reslab.experiments.experiment import Experiment, Need, Result, Runs, Trained
from reslab.experiments.scales import Setting
from reslab.training import Recipe

SCALES = ("full", "small")  # the paper's own recipe first, where both have as much


def recorded(
    experiment: Experiment,
    results: Sequence[Result],
    trained: Trained | None = None,
    measurements: Mapping[str, dict[str, Any]] | None = None,
) -> Runs:
    """The recorded runs of an experiment at the scale that most of its nets were trained at; or none.

    `trained` are records of trained nets by name, `measurements` what experiments have measured that train nothing.
    """
    return recorded_scales(experiment, results, trained, measurements)[0]


def recorded_scales(
    experiment: Experiment,
    results: Sequence[Result],
    trained: Trained | None = None,
    measurements: Mapping[str, dict[str, Any]] | None = None,
) -> list[Runs]:
    """As `recorded`, and behind it those of the other scale where they are not the same runs."""
    of_recipe = _by_recipe(experiment, results)
    settings = [as_recorded(Setting.nominal(scale), results) for scale in SCALES]
    full, small = (_runs(experiment, setting, of_recipe) for setting in settings)
    if _ids(full) <= _ids(small):
        found = [small]
    elif _ids(small) <= _ids(full):
        found = [full]
    else:
        found = sorted((full, small), key=lambda runs: -len(runs.found))  # of equals, the paper's own recipe
    known = experiment.known(results, trained or {}) if experiment.known else {}
    first, *others = found
    return [Runs(first.setting, first.found, {**known, **(measurements or {}).get(experiment.name, {})}), *others]


def is_measured(
    experiment: Experiment,
    results: Sequence[Result],
    trained: Trained | None = None,
    measurements: Mapping[str, dict[str, Any]] | None = None,
) -> bool:
    """Is there a number of ours of an experiment, at any scale? Runs alone may show none, as of an ensemble's nets."""
    scales = recorded_scales(experiment, results, trained, measurements)
    return any(row.ours is not None for runs in scales for row in experiment.rows(runs))


def _ids(runs: Runs) -> set[int]:
    return {id(run) for of_label in runs.found.values() for run in of_label}


def _runs(experiment: Experiment, setting: Setting, of_recipe: Mapping[str, list[Result]]) -> Runs:
    """Round after round, as they were run: a later one asks for what the earlier ones showed, or is not there."""
    runs = Runs(setting)
    for turn, needs in enumerate(experiment.rounds):
        if turn and not runs.found:
            break
        found = {**runs.found}
        for need in needs(runs):
            if here := _of(need, of_recipe):
                found[need.label] = here
        runs = Runs(setting, found)
    return runs


def _of(need: Need, of_recipe: Mapping[str, list[Result]]) -> tuple[Result, ...]:
    """One run a seed, in ascending order; of several of one seed, the first."""
    by_seed: dict[int, Result] = {}
    for result in of_recipe.get(need.recipe.digest(), []):
        by_seed.setdefault(result["recipe"]["seed"], result)
    return tuple(by_seed[seed] for seed in sorted(by_seed))


def recorded_at(experiment: Experiment, settings: Sequence[Setting], results: Sequence[Result]) -> list[Runs]:
    """The recorded runs of an experiment at each of the settings, or none."""
    of_recipe = _by_recipe(experiment, results)
    return [_runs(experiment, as_recorded(setting, results), of_recipe) for setting in settings]


def as_recorded(setting: Setting, results: Sequence[Result]) -> Setting:
    """A setting that knows a folder by its name alone, with the photographs that most results of that name are of.

    Runs on others are of another data set, whatever its name, and are left out.
    """
    facts = setting.imagenet
    if facts.official or facts.fingerprint:
        return setting
    told = [result["recipe"]["data"] for result in results]
    found = Counter(data["fingerprint"] for data in told if data["name"] == facts.name and data.get("fingerprint"))
    return replace(setting, imagenet=replace(facts, fingerprint=next((mark for mark, _ in found.most_common(1)), None)))


def _by_recipe(experiment: Experiment, results: Sequence[Result]) -> dict[str, list[Result]]:
    """The results that may be runs of the experiment, by the digest of their recipe."""
    found: dict[str, list[Result]] = {}
    for result in results:
        if experiment.takes is None or experiment.takes(result):
            found.setdefault(_digest(json.dumps(result["recipe"])), []).append(result)
    return found


@lru_cache(maxsize=1024)
def _digest(recipe: str) -> str:
    """Of a recorded recipe, as JSON: every experiment asks for it again."""
    return Recipe.from_dict(json.loads(recipe)).digest()
