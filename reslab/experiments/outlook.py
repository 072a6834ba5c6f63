"""How long a queue will take: a short trial of each kind of run at first, then what its runs are measured to take."""

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

from reslab.data import Dataset
from reslab.engine import choose, this_machine
from reslab.engine.execution import WORTH_COMPILING
from reslab.experiments.jobs import Job
from reslab.experiments.plan import Plan, Task
from reslab.experiments.running import Running
from reslab.experiments.trial import short_trial
from reslab.training import Augment, Optimizer, Recipe, Teacher
from reslab.training.presets import work_of

MIXED = ("mixup", "cutmix")  # where these are on, it costs nothing how much
COLOURED = ("lighting", "brightness", "contrast", "saturation", "erase")  # of augmentation, in the same way


class Kind(NamedTuple):
    """Runs that cost the same for an image."""

    recipe: Recipe  # with whatever costs nothing as it is in any other
    few: bool  # images in all: no kernels are compiled for them

    @classmethod
    def of(cls, recipe: Recipe) -> "Kind":
        """What a run does once (its start, its evaluations) is little of one that is worth a forecast.

        So the number of its steps counts for nothing, but where it is too small for the native kernels.
        """
        return cls(_bare(recipe), few=recipe.steps * recipe.batch < WORTH_COMPILING)


@cache
def _bare(recipe: Recipe) -> Recipe:
    """Seed, split, labels, rates, schedule, where weights start and how strong an augmentation is cost nothing."""
    like = Recipe()
    start = recipe.model if recipe.model.frozen else like.model  # what is frozen must come from somewhere
    return replace(
        recipe,
        name=like.name,
        seed=like.seed,
        smoothing=like.smoothing,
        balance=like.balance,
        data=replace(recipe.data, split=like.data.split),
        model=replace(
            recipe.model,
            init=like.model.init,
            init_scale=like.model.init_scale,
            stem_init=like.model.stem_init,
            start=start.start,
            start_digest=start.start_digest,
        ),
        augment=replace(recipe.augment, **_on(recipe.augment, COLOURED)),
        optimizer=Optimizer(kind=recipe.optimizer.kind),
        schedule=like.schedule,
        teacher=Teacher(recipe.teacher.net, recipe.teacher.digest),
        **_on(recipe, MIXED),
    )


def _on(part: Recipe | Augment, names: Iterable[str]) -> dict[str, Any]:
    return {name: float(getattr(part, name) > 0) for name in names}


class Work(NamedTuple):
    """What is left of a run."""

    seconds: float
    cores: int


def trial(plan: Plan, dataset_of: Callable[[Job], Dataset], beginning: float = 0.0) -> dict[Kind, float]:
    """Core-seconds of one training image for each kind of run in `plan`; takes a second or so for each.

    `beginning` is how many seconds a process takes to come to its first step.
    """
    paces: dict[Kind, float] = {}
    for task in plan.tasks:
        kind = Kind.of(task.job.recipe)
        if kind not in paces:
            as_begun = replace(task.request, threads=task.cores or task.request.threads)
            execution, _ = choose(as_begun, this_machine(), work_of(task.job.recipe))
            expected = short_trial(task.job.recipe, dataset_of(task.job), execution)
            paces[kind] = (beginning + expected.seconds) * max(1, task.cores) / task.images
    return paces


class Outlook:
    """Core-seconds that an image takes, by kind of run: as tried, until it is measured."""

    def __init__(self, plan: Plan, tried: dict[Kind, float]) -> None:
        self._plan = plan
        self._tried = tried
        self._measured: dict[Kind, list[float]] = {}

    def learn(self, run: Running, seconds: float) -> None:
        """A run has ended well after so many seconds of its process. One that went on says nothing of a whole one."""
        if not run.resumed:
            pace = seconds * max(1, run.task.cores) / run.task.images
            self._measured.setdefault(Kind.of(run.task.job.recipe), []).append(pace)

    def seconds_left(self, running: Iterable[Running], waiting: Sequence[Task]) -> float:
        """Until the last run is done; infinite while nothing is known of one."""
        runs = list(running)
        under_way = self._under_way(runs)
        left = [Work(self._left(run, under_way), run.task.cores) for run in runs]
        to_come = [Work(self._seconds(task, task.images, under_way), task.cores) for task in waiting]
        return makespan(left, to_come, len(self._plan.cores), self._plan.at_once)

    def _left(self, run: Running, under_way: dict[Kind, float]) -> float:
        step = run.step_seconds()
        images = run.steps_left * run.task.job.recipe.batch
        return run.steps_left * step if step is not None else self._seconds(run.task, images, under_way)

    def _seconds(self, task: Task, images: int, under_way: dict[Kind, float]) -> float:
        kind = Kind.of(task.job.recipe)
        whole = self._measured.get(kind)
        pace = sum(whole) / len(whole) if whole else under_way.get(kind, self._tried.get(kind, math.inf))
        return pace * images / max(1, task.cores)

    def _under_way(self, runs: list[Running]) -> dict[Kind, float]:
        paces = {}
        for run in runs:
            step = run.step_seconds()
            if step is not None:
                paces[Kind.of(run.task.job.recipe)] = step * max(1, run.task.cores) / run.task.job.recipe.batch
        return paces


def makespan(running: Sequence[Work], waiting: Sequence[Work], cores: int, at_once: int) -> float:
    """Seconds until the last is done, when each begins in its turn as soon as its cores are free."""
    ends = [(work.seconds, work.cores) for work in running]
    heapq.heapify(ends)
    free = cores - sum(work.cores for work in running)
    now = 0.0
    last = max((work.seconds for work in running), default=0.0)
    for work in waiting:
        while ends and (free < work.cores or len(ends) >= at_once):
            now, freed = heapq.heappop(ends)
            free += freed
        free -= work.cores
        heapq.heappush(ends, (now + work.seconds, work.cores))
        last = max(last, now + work.seconds)
    return last
