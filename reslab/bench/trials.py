"""PyTorch at its best, found by trying: one setting changed at a time, kept where it is faster."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reslab.bench.clock import Clock
from reslab.bench.contenders import PAUSE, Arena, Contender
from reslab.bench.process import WorkerFailed
from reslab.bench.settings import OPTIONS, Settings, flipped
from reslab.engine import Machine

DUELS = 3  # bursts of each of two, in turn
DUEL_SECONDS = 0.7  # of a burst
SLOW_STEP = 2.0  # seconds: with steps slower than this, one burst of each must do
COMPILING = 0.3  # the part of the whole time that one compilation may take


@dataclass(frozen=True)
class Trial:
    """Settings that were tried against the best so far."""

    settings: Settings
    ratio: float | None  # of images per second, to the best so far; None: left out
    note: str

    @property
    def faster(self) -> bool:
        return self.ratio is not None and self.ratio > 1

    def to_dict(self) -> dict[str, Any]:
        ratio = None if self.ratio is None else round(self.ratio, 3)
        return {"settings": self.settings.to_dict(), "ratio_to_best_before": ratio, "note": self.note}


def search(first: Settings, attempt: Callable[[Settings], Trial]) -> tuple[Settings, list[Trial]]:
    """The best settings that are met by changing one after another, and everything that was tried."""
    best, trials = first, []
    for option in OPTIONS:
        trial = attempt(flipped(best, option))
        trials.append(trial)
        best = trial.settings if trial.faster else best
    return best, trials


def best_torch(
    first: Contender, arena: Arena, machine: Machine, clock: Clock, until: Clock, say: Callable[[str], None]
) -> tuple[Contender, list[Trial]]:
    """The fastest contender in PyTorch, beginning with `first`, and the trials; `until` says how long to try.

    Slower ones are ended on the way. What cannot be tried (no compiler, no time) is left out, and its trial says so.
    """
    best = first

    def attempt(settings: Settings) -> Trial:
        nonlocal best
        trial, challenger = _attempt(settings, best, arena, machine, clock, until)
        say(f"tried {settings}: {trial.note}")
        if challenger:
            loser, best = (best, challenger) if trial.faster else (challenger, best)
            loser.worker.close()
        return trial

    _, trials = search(first.settings, attempt)
    return best, trials


def _attempt(
    settings: Settings, best: Contender, arena: Arena, machine: Machine, clock: Clock, until: Clock
) -> tuple[Trial, Contender | None]:
    """The trial, and the challenger where it came to one."""
    if settings.compiled and machine.compiler is None:
        return Trial(settings, None, "left out: torch.compile needs a C++ compiler, and none is here"), None
    if until.left < expected_seconds(best.start_seconds, best.step_seconds):
        return Trial(settings, None, "left out: no time for it"), None
    allowed = min(until.left, COMPILING * clock.total)
    try:
        challenger = arena.pytorch(settings, allowed)
    except WorkerFailed as failure:
        return Trial(settings, None, f"left out: {failure}"), None
    try:
        ratio = duel(best, challenger, clock)
    except WorkerFailed as failure:
        if failure.pid != challenger.worker.pid:
            raise
        challenger.worker.close()
        return Trial(settings, None, f"left out: {failure}"), None
    words = f"{ratio:.2f} of the speed of {best.settings}"
    compiling = f", ready after {challenger.start_seconds:.0f} s" if settings.compiled else ""
    return Trial(settings, ratio, words + compiling), challenger


def expected_seconds(start: float, step: float) -> float:
    """How long a trial takes against a contender of this start and step; compiling takes longer still."""
    return start + 2 * duels(step) * ((duel_steps(step) + 1) * step + PAUSE)


def duels(step: float) -> int:
    return 1 if step > SLOW_STEP else DUELS


def duel_steps(step: float) -> int:
    """Steps of a burst whose steps take so many seconds."""
    return max(1, round(DUEL_SECONDS / step))


def duel(best: Contender, challenger: Contender, clock: Clock) -> float:
    """How many times as fast as `best` the challenger is: the median over bursts of both in turn."""
    ratios = []
    for _ in range(duels(best.step_seconds)):
        theirs, _ = best.burst(duel_steps(best.step_seconds), clock)
        ours, _ = challenger.burst(duel_steps(challenger.step_seconds), clock)
        ratios.append(theirs / ours)
    return statistics.median(ratios)
