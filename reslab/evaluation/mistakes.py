"""What a run keeps of its answers: probabilities, and the mistakes that it was surest of."""

import numpy as np
from numpy.typing import NDArray

from reslab.data import Images
from reslab.evaluation.error import softmax
from reslab.store import Predictions

KEPT = 24


def answers(scores: NDArray[np.float32], images: Images, kept: int = KEPT) -> Predictions:
    """Labels, probabilities (N, classes) and the pictures of the `kept` mistakes with the highest wrong probability."""
    probabilities = softmax(scores)
    predicted = probabilities.argmax(axis=1)
    mistakes = np.flatnonzero(predicted != images.labels)
    sureness = probabilities[mistakes, predicted[mistakes]]
    worst = mistakes[np.argsort(-sureness, kind="stable")[:kept]]
    return Predictions(images.labels, probabilities, worst.astype(np.int64), np.asarray(images.pixels[worst]))
