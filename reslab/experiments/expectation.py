"""What is to be expected of a training before it begins: its error, by recorded runs; its time, by a short trial."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

import torch

from reslab.data import Dataset
from reslab.engine import Execution
from reslab.experiments.costs import TRIAL_MACS, TRIAL_SECONDS
from reslab.experiments.experiment import Result
from reslab.experiments.shares import macs_in_all, macs_of
from reslab.reporting.rounding import finite
from reslab.training import Recipe, Schedule, estimate
from reslab.training.run import same_threads

# Multiply-adds of a training (four epochs of ResNet-20 on CIFAR-10 have 7e12): a shorter one is done before it would
# have been worth a second or two to know how long it takes.
WORTH_A_TRIAL = 3e12


@dataclass(frozen=True)
class Expected:
    """What recorded runs say of a recipe."""

    error: float  # percent of the validation images
    runs: int
    steps: tuple[int, ...]  # their lengths: the recipe's own, or the next shorter and the next longer one


def expected_error(recipe: Recipe, results: Sequence[Result]) -> Expected | None:
    """The mean validation error of recorded runs of the same recipe, but for the seed; None where there are none.

    Where there are shorter and longer ones alone, what lies between the next of each: on a straight line where steps
    and errors are logarithmic, which such curves are nearly. Nothing is said of what is shorter or longer than all.
    """
    errors: dict[int, list[float]] = {}
    for result in results:
        theirs, error = Recipe.from_dict(result["recipe"]), finite(result["result"].get("val_error"))
        if error is not None and same_but_for_length(recipe, theirs):
            errors.setdefault(theirs.steps, []).append(error)
    if recipe.steps in errors:
        found = errors[recipe.steps]
        return Expected(statistics.fmean(found), len(found), (recipe.steps,))
    shorter = max((steps for steps in errors if steps < recipe.steps), default=None)
    longer = min((steps for steps in errors if steps > recipe.steps), default=None)
    if shorter is None or longer is None:
        return None
    part = log(recipe.steps / shorter) / log(longer / shorter)
    low, high = statistics.fmean(errors[shorter]), statistics.fmean(errors[longer])
    between = low * (high / low) ** part if min(low, high) > 0 else low + part * (high - low)
    return Expected(between, len(errors[shorter]) + len(errors[longer]), (shorter, longer))


def same_but_for_length(ours: Recipe, theirs: Recipe) -> bool:
    """Is it one recipe, stretched to another length perhaps, and with another seed? The preset's name says nothing."""
    return _without_length(ours) == _without_length(theirs) and _alike(ours.schedule, theirs.schedule)


def expected_seconds(recipe: Recipe, dataset: Dataset, execution: Execution) -> float | None:
    """How long it will take here, by a trial of a second or so; None for a training that is not worth one.

    The training's own random numbers and threads are not touched by it.
    """
    if macs_in_all(recipe) < WORTH_A_TRIAL:
        return None
    batch = max(2, min(recipe.batch, int(TRIAL_MACS / macs_of(recipe))))
    with torch.random.fork_rng(devices=[]), same_threads():
        return estimate(recipe, dataset, execution, TRIAL_SECONDS, batch).seconds


def _without_length(recipe: Recipe) -> Recipe:
    """Everything that stretching leaves alone."""
    schedule = replace(recipe.schedule, steps=1, drops=(), warmup_steps=0, momentum_steps=0, companion_steps=None)
    return replace(recipe, name="any", seed=0, schedule=schedule)


def _alike(ours: Schedule, theirs: Schedule) -> bool:
    """Is everything at the same part of both schedules, to the step to which stretching rounds each?"""
    mine, other = _places(ours), _places(theirs)
    near = 1 / ours.steps + 1 / theirs.steps
    if mine.keys() != other.keys():
        return False
    return all(abs(mine[name] / ours.steps - other[name] / theirs.steps) <= near for name in mine)


def _places(schedule: Schedule) -> dict[str, int]:
    """The steps at which something begins or ends, by what it is."""
    told = {"companions": schedule.companion_steps} if schedule.companion_steps is not None else {}
    drops = {f"drop {number}": step for number, step in enumerate(schedule.drops)}
    return {"warm-up": schedule.warmup_steps, "momentum": schedule.momentum_steps, **told, **drops}
