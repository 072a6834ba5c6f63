"""How sure a number is: its standard error, and of how many independent deviations that was itself estimated.

A spread over three seeds is a guess at the spread over all of them, and may well be far too small. Student's t allows
for that; Welch's and Satterthwaite's formula does where a variance has several parts.
"""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, sqrt

from scipy.special import ndtr, stdtrit

SURE = 2.0  # standard errors that a difference must have to count as one, where these are known exactly


@dataclass(frozen=True)
class Part:
    """A part of a mean's variance; `freedom` is inf where it is known and not estimated, as that of counting is.

    0 where nothing is known of it, as of the spread over seeds where there is one.
    """

    variance: float
    freedom: float = inf


@dataclass(frozen=True)
class Uncertainty:
    """A standard error, and the degrees of freedom that it has."""

    error: float
    freedom: float = inf

    @property
    def reach(self) -> float:
        """How far the true value may be away, as surely as two standard errors say it of a known spread (95.4 %).

        inf where a part of it is not known.
        """
        return self.error * needed(self.freedom) if self.freedom else inf

    def times(self, factor: float) -> "Uncertainty":
        return Uncertainty(abs(factor) * self.error, self.freedom)

    def as_part(self, factor: float = 1.0) -> Part:
        """Of something that has `factor` times this number in it."""
        return Part(self.times(factor).error ** 2, self.freedom)


def needed(freedom: float) -> float:
    """Standard errors that leave as little room for chance as `SURE` of them do where they are known.

    13.97 for one degree of freedom (two seeds), 4.53 for two, 2.87 for four.
    """
    return SURE if freedom == inf else float(stdtrit(freedom, ndtr(SURE)))


def of_sum(parts: Iterable[Part]) -> Uncertainty:
    """Of a sum of independent parts; its degrees of freedom by Welch (1947) and Satterthwaite (1946).

    Where a part is not known, its error is that of the others, and it has no degree of freedom.
    """
    each = list(parts)
    variance = sum(part.variance for part in each)
    if any(part.freedom == 0 for part in each):
        return Uncertainty(sqrt(variance), 0)
    lost = sum(part.variance**2 / part.freedom for part in each)
    return Uncertainty(sqrt(variance), variance**2 / lost if lost else inf)


def over_draws(values: Sequence[float]) -> Part:
    """What the mean of `values`, of seeds or other draws, is uncertain by for their spread; of one, nobody knows."""
    return Part(statistics.variance(values) / len(values), len(values) - 1) if len(values) > 1 else Part(0.0, 0)
