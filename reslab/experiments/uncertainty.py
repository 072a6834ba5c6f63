"""How sure a number is: the parts of its variance, and of how many independent deviations each was estimated.

A spread over three seeds is a guess at the spread over all of them, and may well be far too small. Student's t allows
for that, part by part: one that is known exactly does not lend its certainty to one that happened to come out small, as
it does in Welch's and Satterthwaite's formula.
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
    """Of a number: the independent parts of its variance."""

    parts: tuple[Part, ...] = ()

    @property
    def error(self) -> float:
        """The standard error, without what is not known."""
        return sqrt(sum(part.variance for part in self.parts))

    @property
    def known(self) -> bool:
        return all(part.freedom for part in self.parts)

    @property
    def reach(self) -> float:
        """How far the true value may be away, at least as surely as two standard errors say it of a known spread.

        That is 95.4 %. inf where a part is not known.
        """
        return sqrt(sum(needed(part.freedom) ** 2 * part.variance for part in self.parts)) if self.known else inf

    def times(self, factor: float) -> "Uncertainty":
        return Uncertainty(tuple(Part(factor**2 * part.variance, part.freedom) for part in self.parts))


def needed(freedom: float) -> float:
    """Standard errors that leave as little room for chance as `SURE` of them do where they are known.

    13.97 for one degree of freedom (two seeds), 4.53 for two, 2.87 for four.
    """
    return SURE if freedom == inf else float(stdtrit(freedom, ndtr(SURE)))


def of_sum(parts: Iterable[Part]) -> Uncertainty:
    """Of a sum of independent numbers that have these parts."""
    return Uncertainty(tuple(parts))


def over_draws(values: Sequence[float]) -> Part:
    """What the mean of `values` is uncertain by for their spread, which nobody knows of a single one."""
    return Part(statistics.variance(values) / len(values), len(values) - 1) if len(values) > 1 else Part(0.0, 0)


def over_seeds(errors: Sequence[float]) -> Part:
    """As `over_draws`; not known of errors that are all the same, either, since they are counted in whole images."""
    return over_draws(errors if len(set(errors)) > 1 else errors[:1])


def at_most(values: Sequence[float], confidence: float = 0.95) -> float:
    """The upper end of the one-sided interval, by Student's t, of what `values` are draws around; inf for one."""
    part = over_draws(values)
    if not part.freedom:
        return inf
    return statistics.fmean(values) + float(stdtrit(part.freedom, confidence)) * sqrt(part.variance)
