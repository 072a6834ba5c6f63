"""Temperature scaling: one number that scores are divided by makes a net surer or less sure (Guo et al. 2017, sec. 4).

It works on the logarithms of probabilities as on scores, since a softmax does not see a constant. The ranking of the
classes stays, and with it every error rate.
"""

import numpy as np
from numpy.typing import NDArray

from reslab.evaluation.calibration import Labels, Probabilities, log_probabilities

COLDEST, HOTTEST = 0.01, 100.0  # beyond, the best temperature is said to be 0 or infinite
STEPS = 60  # of Newton's method, which takes six or so; halving alone would do in as many


def at_temperature(probabilities: Probabilities, temperature: float) -> NDArray[np.float64]:
    """Probabilities at a temperature above 0, (N, classes) -> (N, classes), each row of sum 1.

    Each row by itself. What is 0 stays 0: anything else would be guessed.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(np.asarray(probabilities, np.float64)) / temperature
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def best_temperature(probabilities: Probabilities, labels: Labels) -> float:
    """The temperature of the least negative log-likelihood.

    0 or infinity where there is none between `COLDEST` and `HOTTEST`: without a mistake any net should be surer, and
    one that does no better than chance should know nothing. The likelihood is concave in 1 / temperature: the root of
    its slope is sought by Newton's method in float64, and by halving where a step of that would leave the bracket.
    """
    logs = log_probabilities(probabilities)
    if len(logs) and probabilities.shape[1] > 1 and not np.ptp(logs, axis=1).any():
        return float("inf")  # every class as likely as any other, at any temperature
    own = float(logs[np.arange(len(labels)), labels].mean())
    low, high = 1 / HOTTEST, 1 / COLDEST
    if _slope(logs, own, high)[0] <= 0:
        return 0.0
    if _slope(logs, own, low)[0] >= 0:
        return float("inf")
    inverse = 1.0
    for _ in range(STEPS):
        slope, bend = _slope(logs, own, inverse)
        low, high = (inverse, high) if slope < 0 else (low, inverse)
        step = inverse - slope / bend if bend > 0 else low
        before, inverse = inverse, step if low < step < high else (low * high) ** 0.5
        if abs(inverse - before) < 1e-9 * inverse:
            break
    return 1 / inverse


def cross_tempered(probabilities: Probabilities, labels: Labels) -> NDArray[np.float64] | None:
    """Probabilities, (N, classes), each at the temperature that is best for images of which it is not one.

    Every other image of a class, in their order, is of the same half. None where the best temperature of a half is 0 or
    infinite, or a half has no image.
    """
    if len(labels) < 2:
        return None
    tempered = np.empty(probabilities.shape)
    first = np.empty(len(labels), bool)
    first[np.argsort(labels, kind="stable")] = np.arange(len(labels)) % 2 == 0
    for here in (first, ~first):
        temperature = best_temperature(probabilities[~here], labels[~here])
        if not is_usable(temperature):
            return None
        tempered[here] = at_temperature(probabilities[here], temperature)
    return tempered


def is_usable(temperature: float) -> bool:
    """Is it one that probabilities can be given at: above 0 and finite?"""
    return 0 < temperature < float("inf")


def _slope(logs: NDArray[np.float64], own: float, inverse: float) -> tuple[float, float]:
    """First and second derivative of the negative log-likelihood by 1 / temperature; `own` is the labels' mean log."""
    scaled = logs * inverse
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    mean = (weights * logs).sum(axis=1)
    return float(mean.mean()) - own, float(((weights * logs**2).sum(axis=1) - mean**2).mean())
