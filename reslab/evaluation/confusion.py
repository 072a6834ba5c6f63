"""What was taken for what: the confusion matrix, its most frequent mistakes, the error of each class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassError:
    """One class: how many images, how many of them wrong, and what they were most often taken for."""

    name: str
    images: int
    wrong: int
    taken_for: str | None
    taken: int

    @property
    def error(self) -> float:
        return 100 * self.wrong / self.images


@dataclass(frozen=True)
class Confusion:
    """`count` of the `images` of class `true` were taken for `predicted`."""

    true: str
    predicted: str
    count: int
    images: int


def confusion_matrix(labels: NDArray[np.int64], answers: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Counts (classes, classes): rows are true classes, columns what was answered."""
    return np.bincount(labels * classes + answers, minlength=classes * classes).reshape(classes, classes)


def class_errors(matrix: NDArray[np.int64], names: Sequence[str]) -> list[ClassError]:
    """Every class that has images, the highest error first."""
    wrong = matrix - np.diag(np.diag(matrix))
    errors = []
    for row, name in enumerate(names):
        images, mistakes = int(matrix[row].sum()), int(wrong[row].sum())
        most = int(wrong[row].argmax())
        if images:
            taken_for = names[most] if mistakes else None
            errors.append(ClassError(name, images, mistakes, taken_for, int(wrong[row, most])))
    return sorted(errors, key=lambda c: -c.error)


def balanced(errors: Sequence[ClassError]) -> bool:
    """Has every class as many images as every other? Then the mean of their errors is the error of all images."""
    return len({found.images for found in errors}) <= 1


def mean_class_error(errors: Sequence[ClassError]) -> float:
    """The mean of the classes' errors, in percent: each counts alike, however many images it has."""
    return float(np.mean([found.error for found in errors]))


def confusions(matrix: NDArray[np.int64], names: Sequence[str], most: int) -> list[Confusion]:
    """The `most` frequent mistakes, in order."""
    wrong = (matrix - np.diag(np.diag(matrix))).ravel()
    order = np.argsort(-wrong, kind="stable")[:most]
    pairs = [(int(i) // len(names), int(i) % len(names)) for i in order if wrong[i]]
    return [Confusion(names[t], names[p], int(matrix[t, p]), int(matrix[t].sum())) for t, p in pairs]
