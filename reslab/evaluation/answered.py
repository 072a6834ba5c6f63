"""What was answered to every image that was tested, and which mistakes were the surest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from reslab.data import Images


class Answer(NamedTuple):
    """One image."""

    file: str  # relative to the data set's folder; its place in the split where there are no files
    true: str
    predicted: str
    probability: float  # of what was predicted; no number where a net has diverged
    correct: bool


@dataclass(frozen=True)
class Answers:
    """Of N images, in the order of their split."""

    files: tuple[str, ...]
    classes: tuple[str, ...]  # the net's
    labels: NDArray[np.int64]  # (N,)
    predicted: NDArray[np.int64]  # (N,)
    probabilities: NDArray[np.floating]  # (N,)
    correct: NDArray[np.bool_]  # (N,)

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[Answer]:
        return (self[row] for row in range(len(self)))

    def __getitem__(self, row: int) -> Answer:
        true, predicted = (self.classes[int(numbers[row])] for numbers in (self.labels, self.predicted))
        probability = round(float(self.probabilities[row]), 6)
        return Answer(self.files[row], true, predicted, probability, bool(self.correct[row]))

    def mistakes(self, most: int) -> list[Answer]:
        """At most so many wrong answers, the most probable first."""
        wrong = np.flatnonzero(~self.correct)
        order = np.argsort(-self.probabilities[wrong], kind="stable")[:most]
        return [self[int(row)] for row in wrong[order]]


def answers_of(
    images: Images, scores: NDArray[np.floating], probabilities: NDArray[np.floating], classes: tuple[str, ...]
) -> Answers:
    """The class of the highest score of each image, and its probability; both arrays are (N, classes).

    Right and wrong are those of `top_error`: ties go to the earlier class, and what is no number is wrong. Scores may
    be probabilities themselves.
    """
    files = images.photos.files if images.photos else tuple(map(str, range(len(images))))
    predicted = scores.argmax(axis=1)
    correct = (predicted == images.labels) & np.isfinite(scores).all(axis=1)
    return Answers(files, classes, images.labels, predicted, probabilities[np.arange(len(images)), predicted], correct)
