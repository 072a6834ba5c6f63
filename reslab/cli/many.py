"""Several runs from one command: what is to come, the queue with its progress, and what failed."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from reslab.cli.beforehand import error_values, error_words, recorded_error
from reslab.cli.show import counting, duration, emit, say, show_lines, show_text
from reslab.cli.watch import watched_queue, with_events

if TYPE_CHECKING:
    from reslab.data import Dataset
    from reslab.experiments.jobs import Job, Outcome
    from reslab.experiments.outlook import Kind
    from reslab.experiments.plan import Plan
    from reslab.training import Recipe, Surroundings


def train_seeds(
    recipe: "Recipe",
    seeds: int,
    dataset: "Dataset",
    around: "Surroundings",
    runs: Path,
    workers: int,
    tensorboard: bool,
    dry_run: bool,
    json: bool,
) -> None:
    """`reslab train --seeds`: a run for each seed, and their table."""
    from reslab.experiments.jobs import Job
    from reslab.experiments.seeds import seeds_table, summary, with_seeds
    from reslab.training import default_folder

    jobs = [
        Job(seeded, default_folder(seeded, runs), dataset.place, f"seed {seeded.seed}")
        for seeded in with_seeds(recipe, seeds)
    ]
    ahead = look_ahead(jobs, lambda _: dataset, around, workers)
    expected = recorded_error(recipe) if ahead.plan.tasks else None
    images = len(dataset.with_train(recipe.data.images).splits["train"])
    if ahead.plan.tasks and (words := error_words(recipe, images)):
        say(f"expect of each {words}")
    if dry_run:
        show_ahead(ahead, json, error_values(expected))
        return
    outcomes = run_all(ahead, around, tensorboard)
    if json:
        results = [outcome.result for outcome in outcomes if outcome.result]
        emit({"runs": results, "summary": summary(results), "failed": failures(outcomes)})
    else:
        show_lines(seeds_table(outcomes), end="")
    leave(outcomes)


@dataclass(frozen=True)
class Ahead:
    """What is to come."""

    plan: "Plan"
    tried: dict["Kind", float]
    seconds: float


def look_ahead(
    jobs: Sequence["Job"],
    dataset_of: Callable[["Job"], "Dataset"],
    around: "Surroundings",
    workers: int,
    pace: Callable[["Plan"], dict["Kind", float]] | None = None,
    behind: float = 0.0,
) -> Ahead:
    """Say how many runs there are to be, and about how long they will take: by a trial of each, or as `pace` says.

    `behind` are seconds of what is done when they are.

    Raises UsageError, before anything is begun, where one of the recipes cannot be trained.
    """
    from reslab.experiments.outlook import Outlook, trial
    from reslab.experiments.plan import plan
    from reslab.training import facts_of
    from reslab.training.suitable import check

    notes: dict[str, None] = {}
    for job in jobs:
        dataset = dataset_of(job).with_train(job.recipe.data.images)
        check(job.recipe, facts_of(dataset, job.recipe.data.split))
        notes |= dict.fromkeys(dataset.notes)
    for note in notes:
        say(note)
    planned = plan(jobs, around, workers)
    # What it took this process to come here, imports and data, is what it takes each of theirs.
    tried = pace(planned) if pace else trial(planned, dataset_of, beginning=time.process_time())
    seconds = Outlook(planned, tried).seconds_left([], planned.tasks) + (behind if planned.tasks else 0.0)
    say(_words(planned, seconds))
    return Ahead(planned, tried, seconds)


def show_ahead(ahead: Ahead, json: bool, more: dict[str, Any] | None = None) -> None:
    """The runs that are to be, and `more` for --json; nothing is written."""
    plan = ahead.plan
    folders = list(dict.fromkeys(job.folder for job in plan.jobs))
    if json:
        tasks = {"threads": [task.cores for task in plan.tasks], "expected_seconds": round(ahead.seconds, 1)}
        emit({"runs": folders, "ended": len(plan.known), "at_once": plan.at_once, **tasks, **(more or {})})
        return
    for folder in folders:
        state = "to do" if folder not in plan.known else "done" if plan.known[folder].result else "failed"
        show_text(f"{state:6}  {folder}")


def run_all(ahead: Ahead, around: "Surroundings", tensorboard: bool = False) -> list["Outcome"]:
    """Bring every run to its end, and name those that failed; with events for TensorBoard, if asked for."""
    from reslab.experiments.queue import run_queue

    done = [outcome.job.folder for outcome in ahead.plan.known.values() if outcome.result]
    followed = [*done, *(task.job.folder for task in ahead.plan.tasks)]
    with watched_queue() as shown, with_events(shown, followed, tensorboard) as watch:
        outcomes = run_queue(ahead.plan, around, ahead.tried, watch)
    for outcome in outcomes:
        if outcome.result is None:
            what = "diverged" if outcome.diverged else "failed"
            say(f"{what}: {outcome.job.label} ({outcome.job.folder}): {outcome.trouble}")
    return outcomes


def failures(outcomes: Sequence["Outcome"]) -> list[dict[str, Any]]:
    """The runs without a result, and why, for --json."""
    return [{"run": o.job.folder, "seed": o.job.recipe.seed, "why": o.trouble} for o in outcomes if o.result is None]


def leave(outcomes: Sequence["Outcome"]) -> None:
    """End with exit code 1 where a run has no result."""
    if any(outcome.result is None for outcome in outcomes):
        raise typer.Exit(1)


def _words(plan: "Plan", seconds: float) -> str:
    runs = len({job.folder for job in plan.jobs})
    failed = sum(outcome.result is None for outcome in plan.known.values())
    if not plan.tasks:
        return f"nothing is left to do of {counting(runs, 'run')}; these are their recorded results"
    before = f", {len(plan.known) - failed} done before" if plan.known else ""
    ways = Counter(task.cores for task in plan.tasks)
    how = ", ".join(f"{count} with {_threads(cores, plan.adopted)}" for cores, count in ways.items() if cores)
    bound = f" (OMP_NUM_THREADS={plan.openmp})" if plan.openmp else ""
    how = f"{how or 'on the GPU'}; at most {plan.at_once} at once{bound}"
    return f"{counting(runs, 'run')}{before}; {how}; about {duration(seconds)}"


def _threads(cores: int, adopted: int) -> str:
    why = " (as many as the runs before; --workers overrules)" if cores == adopted else ""
    return f"{cores} thread{'s' * (cores > 1)}{why}"
