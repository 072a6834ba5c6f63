"""One net against another: a difference of errors with its uncertainty, and what several of them say of a claim."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reslab.experiments.experiment import Finding, Runs
from reslab.experiments.uncertainty import Part, Uncertainty, of_sum, over_seeds
from reslab.reporting.results import SPLITS as SPLIT_WORDS
from reslab.reporting.rounding import list_text, standard_error


@dataclass(frozen=True)
class Comparison:
    """The claim that the error of `higher` is above that of `lower`; `split` None is what errors are reported on."""

    higher: str
    lower: str
    split: str | None = None


@dataclass(frozen=True)
class Difference:
    """Points between two mean errors, and how sure that is."""

    points: float
    uncertainty: Uncertainty

    @classmethod
    def of(cls, points: float, parts: Iterable[Part]) -> "Difference":
        return cls(points, of_sum(parts))

    @property
    def error(self) -> float:
        return self.uncertainty.error

    @property
    def sure(self) -> bool:
        """Is it farther from zero than chance would bring it once in twenty times? Of single seeds nobody knows."""
        return abs(self.points) > self.uncertainty.reach

    def __str__(self) -> str:
        return f"{self.points:+.2f} ± {self.error:.2f} points"

    @property
    def side(self) -> str:
        """On which side, in words: "0.60 ± 1.84 points below"."""
        return f"{abs(self.points):.2f} ± {self.error:.2f} points {'below' if self.points < 0 else 'above'}"


def difference(runs: Runs, higher: str, lower: str, split: str) -> Difference | None:
    """`higher` less `lower`; None where one of them has no error on that split.

    Its uncertainty has both parts: the spread over seeds, and that of counting on so many images, as if the two nets'
    mistakes had nothing to do with each other. Where a side has one seed, its spread is not known, and nothing is sure.
    """
    sides = [(runs.values(label, f"{split}_error"), runs.values(label, f"{split}_images")) for label in (higher, lower)]
    if not all(errors and images and images[0] for errors, images in sides):
        return None
    parts = [part for errors, images in sides for part in (counting(errors, int(images[0])), over_seeds(errors))]
    above, below = (statistics.fmean(errors) for errors, _ in sides)
    return Difference.of(above - below, parts)


def counting(errors: Sequence[float], images: int) -> Part:
    """What a mean error is uncertain by from being counted on so many images, the same ones for every seed."""
    return Part(standard_error(statistics.fmean(errors), images) ** 2)


def difference_of_shares(one: tuple[int, int], other: tuple[int, int]) -> Difference:
    """Of two shares, each (so many, of so many), in points.

    One more that is and one more that is not are counted to either (Agresti and Caffo 2000): where few were looked at
    and all of them are, that is no certainty.
    """
    shares = [((some + 1) / (of + 2), of + 2) for some, of in (one, other)]
    parts = [Part(100**2 * share * (1 - share) / of) for share, of in shares]
    return Difference.of(100 * (shares[0][0] - shares[1][0]), parts)


def judged(runs: Runs, claims: Sequence[Comparison]) -> Finding:
    """Every difference in words; the claim holds where all of them have the right sign for sure.

    Of those that are not known, it is said how many they are and which nets they wait for; of nets of one seed, once,
    that nothing is sure of them.
    """
    words: list[str] = []
    single: dict[str, None] = {}
    verdicts: list[bool | None] = []
    waiting: dict[str, None] = {}
    unknown = 0
    for claim in claims:
        split = claim.split or runs.held_out
        found = difference(runs, claim.higher, claim.lower, split)
        if found is None:
            unknown += 1
            waiting |= dict.fromkeys(n for n in (claim.higher, claim.lower) if not runs.values(n, f"{split}_error"))
        else:
            words.append(apart_words(claim.higher, claim.lower, split, found))
            single |= dict.fromkeys(label for label in (claim.higher, claim.lower) if len(runs.of(label)) == 1)
        verdicts.append(None if found is None or not found.sure else found.points > 0)
    if single:
        words.append(f"nothing is sure of {list_text(list(single))}: one seed{' each' if len(single) > 1 else ''}")
    if unknown:
        some = "the comparison" if len(claims) == 1 else f"{unknown} of {len(claims)} comparisons"
        words.append(f"{some} {'waits' if unknown == 1 else 'wait'} for {list_text(list(waiting))}")
    return Finding(all_hold(verdicts), "; ".join(words))


def apart_words(higher: str, lower: str, split: str, found: Difference) -> str:
    """ "plain56 is 18.75 ± 2.46 points above plain20 in training error"."""
    return f"{higher} is {found.side} {lower} in {SPLIT_WORDS[split]} error"


def all_hold(verdicts: Iterable[bool | None]) -> bool | None:
    """What the parts of a claim say of the whole: one that does not hold is enough; of what is open, nothing holds."""
    each = list(verdicts)
    return False if False in each else None if None in each else True


def of_one_net_each(verdicts: Iterable[bool | None], words: str) -> Finding:
    """What single trained nets say of what such nets are like: that it is seen in them, or not; others may differ."""
    return Finding(None, words, seen=all_hold(verdicts) is True)


def within(value: float, reach: float, low: float, high: float) -> bool | None:
    """Is a measured value, that may be off by `reach`, between two bounds, outside of them (False), or neither?"""
    least, most = value - reach, value + reach
    if most < low or least > high:
        return False
    return True if low <= least and most <= high else None
