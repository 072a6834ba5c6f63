"""Error rates in percent."""

import numpy as np
from numpy.typing import NDArray


def top_error(scores: NDArray[np.floating], labels: NDArray[np.int64], k: int = 1) -> float | None:
    """Percent of images whose label is not among the k highest scores, ties going to the earlier class.

    `scores` is (N, classes). None where every class is among the k highest. Scores that are not finite count as errors.
    """
    images, classes = scores.shape
    if k >= classes:
        return None
    own = scores[np.arange(images), labels][:, None]
    earlier = np.arange(classes) < labels[:, None]
    rank = (scores > own).sum(axis=1) + ((scores == own) & earlier).sum(axis=1)
    wrong = (rank >= k) | ~np.isfinite(scores).all(axis=1)
    return round(100 * float(wrong.mean()), 4)


def cross_entropy(scores: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Mean of -log softmax at the label, natural logarithm; no number where a net has diverged to infinite scores."""
    shifted = _shifted(scores)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return float((log_sum - shifted[np.arange(len(labels)), labels]).mean())


def softmax(scores: NDArray[np.floating]) -> NDArray[np.float32]:
    """Probabilities, (N, classes) -> (N, classes), each row of sum 1; no numbers where the highest is infinite."""
    powers = np.exp(_shifted(scores))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def _shifted(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Each row less its highest score, so that no power is too large."""
    with np.errstate(invalid="ignore"):  # infinity less infinity
        return scores.astype(np.float64) - scores.max(axis=1, keepdims=True)
