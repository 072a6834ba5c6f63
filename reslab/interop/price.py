"""What a quantised file costs: its answers beside those of the graph that it was made of, on the same images."""

from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reslab.data import LazyPixels
from reslab.interop.verify import Runner

PORTION_PIXELS = 500 * 32 * 32  # of images that are run at a time

Many = NDArray[np.uint8] | LazyPixels  # (N, size, size, 3)


@dataclass(frozen=True)
class Price:
    """Answers before and after, on so many images; errors in percent, None where the images have no labels."""

    images: int
    source: str  # which images these are, in words
    changed: int  # images whose most probable class is another
    mean_difference: float  # of all probabilities
    largest_difference: float
    error_before: float | None = None
    error_after: float | None = None
    error_spread: float | None = None  # standard error of the difference, of so many images, in points

    @property
    def rise(self) -> float | None:
        """Points by which the error is higher afterwards."""
        if self.error_before is None or self.error_after is None:
            return None
        return self.error_after - self.error_before

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "error_rise": self.rise}


def price_of(
    before: Runner, after: Runner, scores: bool, pixels: Many, labels: NDArray[np.int64] | None, source: str
) -> Price:
    """Run both on all of the images. `scores` tells whether they give scores or probabilities."""
    first, second = (_probabilities(run, pixels, scores) for run in (before, after))
    apart, answers = np.abs(first - second), (first.argmax(axis=1), second.argmax(axis=1))
    changed = int((answers[0] != answers[1]).sum())
    errors = (None, None, None) if labels is None else _errors(*answers, labels)
    return Price(len(pixels), source, changed, float(apart.mean()), float(apart.max()), *errors)


def _probabilities(run: Runner, pixels: Many, scores: bool) -> NDArray[np.float32]:
    step = max(1, PORTION_PIXELS // pixels.shape[1] ** 2)
    parts = (np.ascontiguousarray(pixels[start : start + step]) for start in range(0, len(pixels), step))
    found = np.concatenate([run(part) for part in parts])
    return torch.from_numpy(found).softmax(dim=1).numpy() if scores else found


def _errors(
    before: NDArray[np.int64], after: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[float, float, float]:
    """Both errors in percent, and the standard error of their difference: most images are counted in both."""
    wrong, wrong_after = before != labels, after != labels
    signs = wrong_after.astype(float) - wrong
    return 100 * float(wrong.mean()), 100 * float(wrong_after.mean()), 100 * float(signs.std()) / sqrt(len(labels))
