"""What is in `results/`, and kept of trained nets, of an experiment: its runs without running anything."""

from collections.abc import Mapping, Sequence
from typing import Any

from reslab.experiments.experiment import Experiment, Need, Result, Runs
from reslab.experiments.figure7 import FIGURE7
from reslab.experiments.scales import Setting
from reslab.training import Recipe

SCALES = ("full", "small")  # the paper's own recipe, where there is anything of it
DATA = "cifar10"


def recorded(
    experiment: Experiment, results: Sequence[Result], trained: Mapping[str, dict[str, Any]] | None = None
) -> Runs:
    """The recorded runs of an experiment at the largest scale at which there are any; none, of the smaller one.

    `trained` are records of trained nets by name, with the responses that Figure 7 shows.
    """
    of_recipe: dict[str, list[Result]] = {}
    for result in results:
        of_recipe.setdefault(Recipe.from_dict(result["recipe"]).digest(), []).append(result)
    runs = Runs(Setting.nominal(SCALES[-1]))
    for scale in SCALES:
        found = _runs(experiment, Setting.nominal(scale), of_recipe)
        if found.found:
            runs = found
            break
    responses = _responses(trained or {}) if experiment is FIGURE7 else {}
    return Runs(runs.setting, runs.found, {"responses": responses} if responses else {})


def _runs(experiment: Experiment, setting: Setting, of_recipe: Mapping[str, list[Result]]) -> Runs:
    """Round after round, as they were run: a later one asks for what the earlier ones showed."""
    runs = Runs(setting)
    for needs in experiment.rounds:
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


def _responses(trained: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Responses by net, of those trained on CIFAR-10."""
    return {
        record["result"]["model"]: record["measured"]["responses"]
        for record in trained.values()
        if record["result"]["data"] == DATA
    }
