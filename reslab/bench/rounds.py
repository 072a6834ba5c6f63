"""Rounds: every contender does a burst of steps in turn, one busy at a time, and each round gives a ratio."""

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reslab.bench.clock import Clock
from reslab.bench.contenders import PAUSE, Contender
from reslab.bench.process import WorkerLate
from reslab.errors import UsageError

BURST = 2.5  # seconds of a burst
LEAST_STEPS = 3
LEAST_ROUNDS, MOST_ROUNDS = 5, 15


def round_seconds(step_seconds: Mapping[str, float], steps: Mapping[str, int]) -> float:
    """How long a round takes; each burst begins with a step that is not timed."""
    return sum((steps[name] + 1) * seconds + PAUSE for name, seconds in step_seconds.items())


def steps_for(step_seconds: Mapping[str, float], rounds: int, left: float) -> dict[str, int]:
    """Each contender's steps in a round: BURST seconds of them and at least LEAST_STEPS, or fewer, down to one, where
    `rounds` such rounds would take longer than `left` seconds."""
    steps = {name: max(LEAST_STEPS, round(BURST / seconds)) for name, seconds in step_seconds.items()}
    if rounds * round_seconds(step_seconds, steps) <= left:
        return steps
    each = left / rounds / len(steps) - PAUSE
    return {name: max(1, min(steps[name], int(each / seconds) - 1)) for name, seconds in step_seconds.items()}


def rotated(names: list[str], turn: int) -> list[str]:
    """The order of a round: everyone is first, second, last as often as the others."""
    place = turn % len(names)
    return names[place:] + names[:place]


@dataclass
class Rates:
    """What the rounds gave."""

    of: dict[str, list[float]]  # images per second of each contender in each round
    steps: dict[str, int]  # timed in all
    idle_share: float = 0.0  # the largest part of a core that a waiting contender used


def alternate(contenders: Mapping[str, Contender], batch: int, clock: Clock, say: Callable[[str], None]) -> Rates:
    """As many rounds as there is time for, at most MOST_ROUNDS; where steps are slow, rounds get shorter, then fewer.

    Raises UsageError where not even one round of one step each fits.
    """
    rates = Rates({name: [] for name in contenders}, dict.fromkeys(contenders, 0))
    known = {name: [contender.step_seconds] for name, contender in contenders.items()}
    for turn in range(MOST_ROUNDS):
        typical = {name: statistics.median(seconds) for name, seconds in known.items()}
        steps = steps_for(typical, max(1, LEAST_ROUNDS - turn), clock.left)
        if round_seconds(typical, steps) > clock.left:
            break
        try:
            bursts = {name: contenders[name].burst(steps[name], clock) for name in rotated(list(contenders), turn)}
        except WorkerLate:
            if turn:
                break  # the machine has become slower: what was measured before counts
            raise
        for name, (seconds, idle) in bursts.items():
            known[name].append(seconds)
            rates.of[name].append(batch / seconds)
            rates.steps[name] += steps[name]
            rates.idle_share = max(rates.idle_share, idle)
        say(f"round {turn + 1}: " + ", ".join(f"{name} {rate[-1]:,.0f} img/s" for name, rate in rates.of.items()))
    if not all(rates.of.values()):
        raise UsageError("no time for even one round; a smaller --batch takes shorter steps")
    return rates
