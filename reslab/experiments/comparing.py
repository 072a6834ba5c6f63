"""One net against another: a difference of errors with its uncertainty, and what several of them say of a claim."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from reslab.experiments.experiment import Finding, Runs
from reslab.reporting.rounding import list_text, standard_error

SURE = 2.0  # standard errors that a difference must have to count as one
SPLIT_WORDS = {"train": "training", "val": "validation", "test": "test"}


@dataclass(frozen=True)
class Comparison:
    """The claim that the error of `higher` is above that of `lower`; `split` None is what errors are reported on."""

    higher: str
    lower: str
    split: str | None = None


@dataclass(frozen=True)
class Difference:
    """Points between two mean errors, and the standard error of that."""

    points: float
    error: float

    @property
    def sure(self) -> bool:
        return abs(self.points) > SURE * self.error

    def __str__(self) -> str:
        return f"{self.points:+.2f} ± {self.error:.2f} points"


def difference(runs: Runs, higher: str, lower: str, split: str) -> Difference | None:
    """`higher` less `lower`; None where one of them has no error on that split.

    Its uncertainty has both parts: the spread over seeds, where there are several, and that of counting on so many
    images, as if the two nets' mistakes had nothing to do with each other.
    """
    sides = [(runs.values(label, f"{split}_error"), runs.values(label, f"{split}_images")) for label in (higher, lower)]
    if not all(errors and images and images[0] for errors, images in sides):
        return None
    variance = 0.0
    for errors, images in sides:
        variance += standard_error(statistics.fmean(errors), int(images[0])) ** 2
        variance += statistics.variance(errors) / len(errors) if len(errors) > 1 else 0.0
    above, below = (statistics.fmean(errors) for errors, _ in sides)
    return Difference(above - below, sqrt(variance))


def difference_of_shares(one: tuple[int, int], other: tuple[int, int]) -> Difference:
    """Of two shares, each (so many, of so many), in points.

    One more that is and one more that is not are counted to either (Agresti and Caffo 2000): where few were looked at
    and all of them are, that is no certainty.
    """
    shares = [((some + 1) / (of + 2), of + 2) for some, of in (one, other)]
    error = sqrt(sum(share * (1 - share) / of for share, of in shares))
    return Difference(100 * (shares[0][0] - shares[1][0]), 100 * error)


def judged(runs: Runs, claims: Sequence[Comparison]) -> Finding:
    """Every difference in words; the claim holds where all of them have the right sign for sure.

    Of those that are not known, it is said how many they are and which nets they wait for.
    """
    words: list[str] = []
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
            name = f"{claim.higher} less {claim.lower}, {SPLIT_WORDS[split]} error"
            single = [label for label in (claim.higher, claim.lower) if len(runs.of(label)) == 1]
            words.append(f"{name}: {found}" + (f" (one seed of {' and '.join(single)})" if single else ""))
        verdicts.append(None if found is None or not found.sure else found.points > 0)
    if unknown:
        differences = f"{unknown} of {len(claims)} difference{'s' if len(claims) > 1 else ''}"
        words.append(f"not known: {differences}, for want of {list_text(list(waiting))}")
    return Finding(together(verdicts), "; ".join(words))


def together(verdicts: Iterable[bool | None]) -> bool | None:
    """What the parts of a claim say of the whole: one that does not hold is enough; of what is open, nothing holds."""
    each = list(verdicts)
    return False if False in each else None if None in each else True


def within(value: float, spread: float, low: float, high: float) -> bool | None:
    """Is a measured value between two bounds for sure, outside of them for sure (False), or neither (None)?"""
    least, most = value - SURE * spread, value + SURE * spread
    if most < low or least > high:
        return False
    return True if low <= least and most <= high else None
