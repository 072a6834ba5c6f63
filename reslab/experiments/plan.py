"""A queue before it begins: what is done already, and how the rest is to be run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reslab.engine import Execution, Request, choose, this_machine
from reslab.errors import RunError, UsageError
from reslab.experiments.jobs import Job, Outcome, outcome_of, recorded_threads
from reslab.experiments.shares import fitting, is_small, shares
from reslab.processor import core_numbers, openmp_threads, usable_cores
from reslab.training import Surroundings
from reslab.training.presets import work_of


@dataclass(frozen=True)
class Task:
    """A run that is to be begun or to go on."""

    job: Job
    request: Request
    cores: int  # that it has for itself; 0 on a GPU
    pinned: bool = True  # to them; False where it was begun with more threads, which would wait for each other there

    @property
    def images(self) -> int:
        """To be trained on, in all."""
        return self.job.recipe.steps * self.job.recipe.batch


@dataclass(frozen=True)
class Plan:
    """Runs in the order in which they are begun, each as soon as its cores are free."""

    jobs: tuple[Job, ...]
    known: dict[Path, Outcome]  # by the run's folder: what needs no running
    tasks: tuple[Task, ...]
    cores: tuple[int, ...]  # the numbers of those that may be used
    at_once: int  # runs, at most
    openmp: int = 0  # cores that $OMP_NUM_THREADS keeps all of them to; 0: it does not
    adopted: int = 0  # threads of new runs, since those before them have as many; 0: they have their share


def plan(jobs: Sequence[Job], around: Surroundings, workers: int = 0, cores: Sequence[int] | None = None) -> Plan:
    """How to bring `jobs` to their ends: `workers` at once, or as many as is fastest (see `shares`).

    A run that was begun keeps the threads that it was begun with: others could give other bytes; and small nets
    that are to be compared with it get as many. A folder that is named twice is one run. $OMP_NUM_THREADS is how many
    cores they take together, unless `workers` need more or threads are asked for. More runs at once or threads than
    there are cores for are not taken, and that is said.
    Raises UsageError for an execution that is not to be had, naming the run where others can have it, or that
    contradicts what is recorded.
    """
    refuse_negative(workers, around.request.threads)
    here = tuple(core_numbers()[: usable_cores()] if cores is None else cores)
    each = {job.folder: job for job in jobs}
    known = {folder: outcome for folder, job in each.items() if (outcome := outcome_of(job))}
    open_jobs = [job for folder, job in each.items() if folder not in known]
    executions = _executions(open_jobs, around)
    on_gpu = any(execution.device != "cpu" for execution in executions)
    at_once, threads = fitting(0 if on_gpu else workers, around.request.threads, len(here), around.say)
    request = replace(around.request, threads=threads)
    recorded = {}
    for folder, job in each.items():
        try:
            recorded[folder] = recorded_threads(job, request)
        except RunError as error:
            known.setdefault(folder, Outcome(job, None, str(error)))
    left = [job for job in open_jobs if job.folder not in known]
    if on_gpu:
        # Runs on one GPU only take turns, unless somebody knows that they fit beside each other.
        return Plan(tuple(jobs), known, tuple(Task(job, request, 0) for job in left), here, workers or 1)
    openmp = 0 if threads else openmp_threads() or 0
    allowed = min(max(openmp, at_once), len(here)) if openmp else len(here)
    new, adopted = _new_threads(each.values(), recorded, allowed, at_once, threads)
    tasks = tuple(_task(job, request, recorded[job.folder], new[job.folder], allowed) for job in left)
    together = allowed // min((task.cores for task in tasks), default=1)
    kept_to = openmp if allowed == openmp < len(here) else 0
    return Plan(tuple(jobs), known, tasks, here[:allowed], at_once or together, kept_to, adopted)


def _executions(jobs: Sequence[Job], around: Surroundings) -> list[Execution]:
    """How each is run. Raises UsageError where one cannot be as asked for, and names it where others can."""
    found, refused = [], []
    for job in jobs:
        try:
            found.append(choose(around.request, this_machine(), work_of(job.recipe), around.say)[0])
        except UsageError as error:
            refused.append((job, error))
    for job, reason in refused:
        raise UsageError(f"{job.label}: {reason}") if found else reason
    return found


def refuse_negative(workers: int, threads: int) -> None:
    """Raises UsageError for numbers of runs at once, and of threads of each, that are none."""
    if workers < 0 or threads < 0:
        raise UsageError("--workers and --threads are 1 or more, or 0 to leave them to the machine")


def _new_threads(
    jobs: Iterable[Job], recorded: Mapping[Path, int], cores: int, workers: int, threads: int
) -> tuple[dict[Path, int], int]:
    """Of each run, if it is to be begun: its share of the cores; a small net as many as those that were begun.

    With that number, where it is another than their share; else 0.
    """
    small = {job.folder: is_small(job.recipe) for job in jobs}
    share = dict(zip(small, shares(list(small.values()), cores, workers, threads), strict=True))
    begun = _agreed([recorded.get(folder, 0) for folder in small if small[folder]], cores)
    if workers or threads or not begun:
        return share, 0
    adopting = [folder for folder in small if small[folder] and not recorded.get(folder)]
    differ = any(share[folder] != begun for folder in adopting)
    return {**share, **dict.fromkeys(adopting, begun)}, begun if differ else 0


def _agreed(begun: Iterable[int], most: int) -> int:
    """The threads of all runs that were begun; 0 where they differ, are more than there are cores, or of none."""
    found = set(begun) - {0}
    return next(iter(found)) if len(found) == 1 and max(found) <= most else 0


def _task(job: Job, request: Request, recorded: int, new: int, cores: int) -> Task:
    if recorded:
        return Task(job, request, min(recorded, cores), pinned=recorded <= cores)
    return Task(job, replace(request, threads=new), new)
