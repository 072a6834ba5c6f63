"""Calibration: is a net that says 90 % right nine times of ten? Everything in percent is said so.

Probabilities are (N, classes), labels (N,). The class of the highest probability is the answer, ties going to the
earlier class, and that probability is its confidence.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from reslab.data.randomness import generator

BINS = 15  # as Guo et al. 2017 (arXiv 1706.04599)
DRAWS = 300  # of what chance alone does to so many images
HALF_ZERO = 2.0**-25  # the largest number that half precision rounds to 0

Probabilities = NDArray[np.floating]
Labels = NDArray[np.int64]


class Bin(NamedTuple):
    """The images whose confidence is above `low` and not above `high`. All but `images` in percent."""

    low: float
    high: float
    images: int
    confidence: float | None  # the mean of these images; None where there are none
    accuracy: float | None


@dataclass(frozen=True)
class Measures:
    """How right probabilities are on so many images; calibration errors, confidence and accuracy in percent."""

    images: int
    ece: float  # expected calibration error
    ece_by_chance: float  # what a perfectly calibrated net of the same confidences has on so many images, in the mean
    ece_by_chance_at_most: float  # and in 19 draws of 20
    nll: float  # negative log-likelihood, natural logarithm, of an image
    brier: float  # 0 (sure and right) to 2 (sure and wrong)
    confidence: float
    accuracy: float
    bins: tuple[Bin, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, `bins` as a list of objects."""
        return {**vars(self), "bins": [one._asdict() for one in self.bins]}


def measures(probabilities: Probabilities, labels: Labels) -> Measures:
    """All measures at once. Needs an image, and finite probabilities."""
    confidence, right = _answered(probabilities, labels)
    chance = ece_by_chance(confidence)
    return Measures(
        images=len(labels),
        ece=expected_calibration_error(probabilities, labels),
        ece_by_chance=float(chance.mean()),
        ece_by_chance_at_most=float(np.quantile(chance, 0.95)),
        nll=negative_log_likelihood(probabilities, labels),
        brier=brier_score(probabilities, labels),
        confidence=100 * float(confidence.mean()),
        accuracy=100 * float(right.mean()),
        bins=reliability(probabilities, labels),
    )


def expected_calibration_error(probabilities: Probabilities, labels: Labels, bins: int = BINS) -> float:
    """Guo et al. 2017, eq. 3: |accuracy - confidence| of each bin of equal width, weighed by its images; in percent.

    Of few images it is above 0 whatever the net is like: see `ece_by_chance`.
    """
    confidence, right = _answered(probabilities, labels)
    return _error(right, confidence, _places(confidence, bins), bins)


def ece_by_chance(confidence: NDArray[np.float64], bins: int = BINS, draws: int = DRAWS) -> NDArray[np.float64]:
    """The calibration errors in percent, (draws,), of a net whose every confidence (N,) is true; the same every time.

    An answer of confidence p is right with probability p, independently of the others.
    """
    random, places = generator(0, "calibration"), _places(confidence, bins)
    drawn = (random.random(len(confidence)) < confidence for _ in range(draws))
    return np.array([_error(right, confidence, places, bins) for right in drawn])


def reliability(probabilities: Probabilities, labels: Labels, bins: int = BINS) -> tuple[Bin, ...]:
    """The bars of a reliability diagram: `bins` of equal width from 0 to 100 %, those without images, too."""
    confidence, right = _answered(probabilities, labels)
    places = _places(confidence, bins)
    found = []
    for number in range(bins):
        inside, edges = places == number, (100 * number / bins, 100 * (number + 1) / bins)
        known = bool(inside.any())
        means = [100 * float(of[inside].mean()) if known else None for of in (confidence, right)]
        found.append(Bin(*edges, int(inside.sum()), *means))
    return tuple(found)


def negative_log_likelihood(probabilities: Probabilities, labels: Labels) -> float:
    """Mean of -log of the label's probability, natural logarithm; see `log_probabilities` for those that are 0."""
    return -float(log_probabilities(probabilities)[np.arange(len(labels)), labels].mean())


def brier_score(probabilities: Probabilities, labels: Labels) -> float:
    """Mean over images of the squared distance of the probabilities from 1 at the label and 0 elsewhere (Brier 1950).

    The sum over all classes: from 0 to 2.
    """
    distance = np.array(probabilities, np.float64)
    distance[np.arange(len(labels)), labels] -= 1
    return float((distance**2).sum(axis=1).mean())


def log_probabilities(probabilities: Probabilities) -> NDArray[np.float64]:
    """Natural logarithms, (N, classes), all finite.

    A probability of 0 is one that its type was too coarse for (in half precision, in which the answers of trained nets
    are shipped, less than 3e-8): it is taken for half of the smallest that is beside it, 3e-8 at most.
    """
    exact = np.asarray(probabilities, np.float64)
    positive = exact[exact > 0]
    least = min(float(positive.min(initial=1.0)) / 2, HALF_ZERO)
    return np.log(np.where(exact > 0, exact, least))


def _answered(probabilities: Probabilities, labels: Labels) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Confidence in 0..1 and whether it is right, both (N,)."""
    return probabilities.max(axis=1).astype(np.float64), probabilities.argmax(axis=1) == labels


def _places(confidence: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """The bin of each image; edges belong to the bin below, as in the paper."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def _error(right: NDArray[np.bool_], confidence: NDArray[np.float64], places: NDArray[np.int64], bins: int) -> float:
    surplus = np.bincount(places, weights=right - confidence, minlength=bins)
    return 100 * float(np.abs(surplus).sum()) / len(right)
