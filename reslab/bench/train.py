"""The measurement as a whole: prepare the contenders, find PyTorch's best, do the rounds, say what came out."""

import os
import statistics
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import version
from typing import Any
from zlib import crc32

from reslab.bench.clock import Clock
from reslab.bench.contenders import Arena, Contender
from reslab.bench.rounds import LEAST_ROUNDS, Rates, alternate, round_seconds
from reslab.bench.settings import PLAIN, advised
from reslab.bench.task import Task
from reslab.bench.trials import best_torch
from reslab.engine import Execution, Machine, Request, Work, choose, this_machine
from reslab.errors import UsageError
from reslab.nets import canonical
from reslab.processor import core_numbers, within_quota
from reslab.training.provenance import commit

LONGEST_MINUTES = 8.0
TRYING = 0.55  # the part of the time after which nothing new is tried
MANY = 1_000_000  # images: as a training has, which is worth compiling kernels for
ENDING = 2.0  # seconds for ending processes and the like
WATCHFUL = 0.05  # of a core: a waiting contender that uses more disturbs the busy one


def bench_train(
    model: str = "resnet20",
    batch: int = 128,
    engine: str = "auto",
    threads: int = 0,
    minutes: float = LONGEST_MINUTES,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Training speed on the CPU of our engine, of plain PyTorch and of PyTorch at its best; the keys of the command.

    `threads` binds all contenders to as many cores; 0 leaves each its own default. Raises UsageError for what cannot be
    measured, WorkerFailed where a contender dies.
    """
    if not 0 < minutes <= LONGEST_MINUTES:
        raise UsageError(f"--minutes {minutes:g}: more than 0, at most {LONGEST_MINUTES:g}")
    clock, machine = Clock(60 * minutes - ENDING), this_machine()
    task = Task(canonical(model), batch)
    request = Request(engine, "cpu", threads=threads).within(machine, say)
    execution, announcement = execution_for(task, request, machine, say)
    say(announcement)
    with ExitStack() as opened:
        arena = Arena(task, request.threads, cores_for(request.threads), opened)
        ours = arena.engine(execution, clock.left)
        peak = arena.peak_gflops(ours.facts["precision"], ours.facts["threads"], clock.left)
        plain = arena.pytorch(PLAIN, clock.left)
        first = arena.pytorch(advised(machine), clock.left)
        contenders = {"engine": ours, "plain": plain, "best_torch": first}
        until = Clock(trying_seconds(contenders, clock))
        best, trials = best_torch(first, arena, machine, clock, until, say)
        contenders["best_torch"] = best
        rates = alternate(contenders, batch, clock, say)
    if rates.idle_share > WATCHFUL:
        say(f"a waiting contender used {rates.idle_share:.0%} of a core: the others may have been slowed down")
    return {
        "model": task.model,
        "batch": batch,
        "engine": ours.facts["engine"],
        **compared(rates, plain, best),
        "achieved_gflops": round(task.flops_per_image() * statistics.median(rates.of["engine"]) / 1e9, 1),
        "peak_gflops": round(peak, 1),
        "bytes_per_image": ours.facts["bytes_per_image"],
        "precision": ours.facts["precision"],
        "threads": ours.facts["threads"],
        "rounds": len(rates.of["engine"]),
        "steps": rates.steps,
        "rates": {name: [round(rate, 1) for rate in per_round] for name, per_round in rates.of.items()},
        "tried": [trial.to_dict() for trial in trials],
        "idle_share": round(rates.idle_share, 4),
        "seconds": round(clock.spent, 1),
    }


def execution_for(task: Task, request: Request, machine: Machine, say: Callable[[str], None]) -> tuple[Execution, str]:
    """What `reslab train` would choose; on all cores unless asked, since $OMP_NUM_THREADS binds no other contender."""
    request = replace(request, threads=request.threads or machine.cores)
    return choose(request, machine, Work(task.spec, MANY), say)


def cores_for(threads: int) -> list[int]:
    """The cores that so many threads stay on, one each; none, where it is left open or the system cannot be told."""
    return list(core_numbers()[:threads]) if hasattr(os, "sched_setaffinity") and not within_quota() else []


def trying_seconds(contenders: dict[str, Contender], clock: Clock) -> float:
    """How long better settings may be looked for, so that enough time is left for the rounds."""
    seconds = _step_seconds(contenders)
    shortest = round_seconds(seconds, dict.fromkeys(contenders, 1))
    return min(TRYING * clock.total - clock.spent, clock.left - LEAST_ROUNDS * shortest)


def compared(rates: Rates, plain: Contender, best: Contender) -> dict[str, Any]:
    """Medians over rounds of rates and of each round's ratios. Where plain PyTorch won, it is PyTorch at its best."""
    ours, theirs, tuned = rates.of["engine"], rates.of["plain"], rates.of["best_torch"]
    if statistics.median(theirs) > statistics.median(tuned):
        tuned, best = theirs, plain
    plain_ratios, best_ratios = _quotients(ours, theirs), _quotients(ours, tuned)
    return {
        "images_per_second": round(statistics.median(ours), 1),
        "plain_images_per_second": round(statistics.median(theirs), 1),
        "plain_ratio": round(statistics.median(plain_ratios), 3),
        "best_torch_images_per_second": round(statistics.median(tuned), 1),
        "best_torch_ratio": round(statistics.median(best_ratios), 3),
        "best_torch": str(best.settings),
        "best_torch_settings": best.facts,
        "ratio_min": round(min(best_ratios), 3),
        "ratio_max": round(max(best_ratios), 3),
    }


def surroundings() -> dict[str, Any]:
    """What a result is recorded with: machine, versions, commit."""
    versions = {name: version(name) for name in ("reslab", "torch", "numpy")}
    return {"machine": this_machine().to_dict(), "versions": versions, "commit": commit()}


def bench_name(result: dict[str, Any], machine: dict[str, Any]) -> str:
    """What a result is called: measured again on the same machine, it has the same name."""
    what = f"{machine['processor']} {machine['features']} {machine['cores']}"
    return "bench-{model}-b{batch}-{engine}-t{threads}".format(**result) + f"-{crc32(what.encode()):08x}"


def _quotients(over: list[float], under: list[float]) -> list[float]:
    return [a / b for a, b in zip(over, under, strict=True)]


def _step_seconds(contenders: dict[str, Contender]) -> dict[str, float]:
    return {name: contender.step_seconds for name, contender in contenders.items()}
