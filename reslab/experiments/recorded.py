"""What is in `results/`, and kept of trained nets, of an experiment: its runs without running anything."""

from collections.abc import Mapping, Sequence
from typing import Any

from reslab.experiments.budgets import BUDGETS, beside, is_plain
from reslab.experiments.experiment import Experiment, Need, Result, Runs
from reslab.experiments.figure7 import FIGURE7
from reslab.experiments.scales import Setting
from reslab.training import Recipe

SCALES = ("full", "small")  # the paper's own recipe, where there is anything of it
DATA = "cifar10"


def recorded(
    experiment: Experiment, results: Sequence[Result], trained: Mapping[str, dict[str, Any]] | None = None
) -> Runs:
    """The recorded runs of an experiment at the paper's own scale where that has any that the smaller one has not, else
    at the smaller one; or none.

    `trained` are records of trained nets by name, with the responses that Figure 7 shows.
    """
    of_recipe: dict[str, list[Result]] = {}
    for result in results:
        if experiment is not BUDGETS or not is_plain(result):  # there, those stand beside ours
            of_recipe.setdefault(Recipe.from_dict(result["recipe"]).digest(), []).append(result)
    full, small = (_runs(experiment, Setting.nominal(scale), of_recipe) for scale in SCALES)
    known = {id(run) for of_label in small.found.values() for run in of_label}
    more = any(id(run) not in known for of_label in full.found.values() for run in of_label)
    runs = full if more else small
    return Runs(runs.setting, runs.found, _measured(experiment, results, trained or {}))


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


def _measured(
    experiment: Experiment, results: Sequence[Result], trained: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """What an experiment shows besides the errors of its runs."""
    if experiment is FIGURE7:
        responses = _responses(trained)
        return {"responses": responses} if responses else {}
    return {"beside": beside(results)} if experiment is BUDGETS else {}


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
