"""What is to be expected of a training before it begins: its error, by recorded runs; its time, by a short trial."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

from reslab.data import Dataset
from reslab.engine import Execution
from reslab.errors import UsageError
from reslab.experiments.experiment import Result
from reslab.experiments.shares import macs_in_all, macs_of
from reslab.experiments.trial import short_trial
from reslab.reporting.rounding import finite
from reslab.training import Recipe, Schedule, lasting
from reslab.training.presets import spec_of

# Multiply-adds of a training (four epochs of ResNet-20 on CIFAR-10 have 7e12): a shorter one is done before it would
# have been worth a second or two to know how long it takes.
WORTH_A_TRIAL = 3e12
LONG = 3600.0  # seconds
LEAST_SIZE = 64  # pixels


@dataclass(frozen=True)
class Expected:
    """What recorded runs say of a recipe."""

    error: float  # percent of the validation images
    spread: float | None  # the standard deviation of several runs of the recipe's own length, in points
    runs: int
    steps: tuple[int, ...]  # their lengths: the recipe's own, or the next shorter and the next longer one


def expected_error(recipe: Recipe, results: Sequence[Result]) -> Expected | None:
    """The mean validation error of recorded runs of the same recipe, but for the seed; None where there are none.

    Where there are shorter and longer ones alone, what lies between the next of each: on a straight line where steps
    and errors are logarithmic, which such curves are nearly. Nothing is said of what is shorter or longer than all.
    """
    errors = _errors_by_length(recipe, results)
    if recipe.steps in errors:
        found = errors[recipe.steps]
        spread = statistics.stdev(found) if len(found) > 1 else None
        return Expected(statistics.fmean(found), spread, len(found), (recipe.steps,))
    shorter = max((steps for steps in errors if steps < recipe.steps), default=None)
    longer = min((steps for steps in errors if steps > recipe.steps), default=None)
    if shorter is None or longer is None:
        return None
    part = log(recipe.steps / shorter) / log(longer / shorter)
    low, high = statistics.fmean(errors[shorter]), statistics.fmean(errors[longer])
    between = low * (high / low) ** part if min(low, high) > 0 else low + part * (high - low)
    return Expected(between, None, len(errors[shorter]) + len(errors[longer]), (shorter, longer))


def recorded_lengths(recipe: Recipe, results: Sequence[Result]) -> tuple[int, ...]:
    """Steps of the recorded runs of this recipe, stretched to any length, the shortest first."""
    return tuple(sorted(_errors_by_length(recipe, results)))


def _errors_by_length(recipe: Recipe, results: Sequence[Result]) -> dict[int, list[float]]:
    """Errors by steps; a seed that several engines trained counts once, by our own kernels if they are among them."""
    errors: dict[int, dict[int, float]] = {}
    for result in sorted(results, key=_is_torch):
        theirs, error = Recipe.from_dict(result["recipe"]), finite(result["result"].get("val_error"))
        if error is not None and same_but_for_length(recipe, theirs):
            errors.setdefault(theirs.steps, {}).setdefault(theirs.seed, error)
    return {steps: list(by_seed.values()) for steps, by_seed in errors.items()}


def _is_torch(result: Result) -> bool:
    return str(result.get("environment", {}).get("execution", {}).get("engine")) == "torch"


def same_but_for_length(ours: Recipe, theirs: Recipe) -> bool:
    """Is it one recipe, stretched to another length perhaps, and with another seed? The preset's name says nothing."""
    if ours.steps != theirs.steps:
        ours = replace(ours, optimizer=lasting(ours, 1, theirs.steps, None).optimizer)
    return _without_length(ours) == _without_length(theirs) and _alike(ours.schedule, theirs.schedule)


def expected_seconds(recipe: Recipe, dataset: Dataset, execution: Execution) -> float | None:
    """How long it will take here, by a trial of a second or so; None for a training that is not worth one."""
    if macs_in_all(recipe) < WORTH_A_TRIAL:
        return None
    return short_trial(recipe, dataset, execution).seconds


def smaller_size(recipe: Recipe, seconds: float) -> tuple[int, float] | None:
    """A size in pixels at which a training of photographs that takes so long is done in an hour, and its seconds then.

    The largest such multiple of 32, or else the least that photographs are worth; None where they are no larger, and
    for a training that takes no more than an hour. By multiply-adds: what is measured is the present size alone.
    """
    if seconds <= LONG:
        return None
    found, now = None, macs_of(recipe)
    for size in range((recipe.data.size - 1) // 32 * 32, LEAST_SIZE - 1, -32):
        smaller = Recipe(model=recipe.model, data=replace(recipe.data, size=size))
        try:
            spec_of(smaller)
        except UsageError:  # historic nets take no image that their last convolution has nothing left of
            break
        found = size, seconds * macs_of(smaller) / now
        if found[1] <= LONG:
            break
    return found


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
