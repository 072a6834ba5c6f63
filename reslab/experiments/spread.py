"""Is one spread over seeds another one, where the seeds are the same?"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from scipy.special import ndtr, stdtr

from reslab.experiments.uncertainty import SURE


@dataclass(frozen=True)
class SpreadRatio:
    """`times` one standard deviation is the other; `p`: how often chance alone brings as unequal ones."""

    times: float
    p: float

    @property
    def sure(self) -> bool:
        """Does chance bring it no more often than a difference of two standard errors (4.6 %)?"""
        return self.p < 2 * ndtr(-SURE)

    def __str__(self) -> str:
        return f"{self.times:.2f} (p = {self.p:.2g})"


def spread_ratio(ours: Sequence[float], theirs: Sequence[float]) -> SpreadRatio | None:
    """The spread of `ours` over that of `theirs`, seed by seed; None for fewer than four seeds, or without a spread.

    By Pitman's and Morgan's test (1939): sums and differences of pairs are correlated where the spreads differ. Unlike
    the F test it allows for what both owe to the same seed. It takes errors to be distributed normally.
    """
    n = len(ours)
    above, below = (statistics.variance(each) if n > 1 else 0.0 for each in (ours, theirs))
    if n < 4 or not above or not below:
        return None
    room = 4 * (above * below - statistics.covariance(ours, theirs) ** 2)  # 0 where the errors lie on one line
    p = 2 * float(stdtr(n - 2, -abs(above - below) * sqrt((n - 2) / room))) if room > 0 else float(above == below)
    return SpreadRatio(sqrt(above / below), p)
