"""What a queue is made of: runs to be done, and what is known of each from its folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reslab.engine import Request
from reslab.errors import RunError, UsageError
from reslab.store import DIVERGED, ENVIRONMENT, RESULT, RunFolder
from reslab.training import Recipe
from reslab.training.continuing import recorded_execution, same_recipe

NOT_FINISHED = "not finished yet"  # the trouble of a run that nobody waits for


@dataclass(frozen=True)
class Job:
    """One run of a queue."""

    recipe: Recipe
    folder: Path
    data: str | Path  # a data set's name, or where its photographs lie
    label: str  # what progress and trouble call it


@dataclass(frozen=True)
class Outcome:
    """What became of a run: its result, or the reason why it has none."""

    job: Job
    result: dict[str, Any] | None
    trouble: str | None = None
    diverged: bool = False


def outcome_of(job: Job) -> Outcome | None:
    """What the run's folder says has become of it; None while it is not finished.

    A run that diverged has an outcome, too: it would diverge again, at the same step.
    """
    folder = RunFolder(job.folder)
    try:
        same_recipe(job.recipe, folder)
        if result := folder.read(RESULT):
            return Outcome(job, {**result, "run": str(job.folder)})
        if diverged := folder.read(DIVERGED):
            why = f"diverged: the loss was no longer a number at step {diverged['step']}"
            return Outcome(job, None, f"{why} (to try again, delete {job.folder})", diverged=True)
    except RunError as error:
        return Outcome(job, None, str(error))
    return None


def recorded_threads(job: Job, request: Request) -> int:
    """The threads that a run was begun with; 0 for one that is not begun.

    Raises UsageError where what is asked for contradicts what is recorded, RunError where the record is torn.
    """
    folder = RunFolder(job.folder)
    if folder.read(ENVIRONMENT) is None:
        return 0
    _, recorded = recorded_execution(folder, Request())
    if contradictions := request.contradicts(recorded):
        raise UsageError(
            f"{job.folder} runs otherwise: {', '.join(contradictions)}; leave that out, or name other --runs"
        )
    return recorded.threads
