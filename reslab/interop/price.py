"""What a quantised file costs: its answers beside those of the graph that it was made of, on the same images."""

from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reslab.data import LazyPixels
from reslab.interop.verify import Runner
from reslab.progress import Progress, unseen

PORTION_PIXELS = 500 * 32 * 32  # of images that are run at a time
ROUNDING = 1e-6  # images: 0.24 % of 5,000 is 12 of them, whatever floating point makes of it

Many = NDArray[np.uint8] | LazyPixels  # (N, size, size, 3)


@dataclass(frozen=True)
class Price:
    """Answers before and after, on so many images; what is wrong of them is None where they have no labels."""

    images: int
    source: str  # which images these are, in words
    changed: int  # images whose most probable class is another
    mean_difference: float  # of all probabilities
    largest_difference: float
    wrong_before: int | None = None  # images
    wrong_after: int | None = None
    error_spread: float | None = None  # standard error of the difference, in points; None where the images show none

    @property
    def error_before(self) -> float | None:
        """In percent."""
        return None if self.wrong_before is None else 100 * self.wrong_before / self.images

    @property
    def error_after(self) -> float | None:
        """In percent."""
        return None if self.wrong_after is None else 100 * self.wrong_after / self.images

    @property
    def more_wrong(self) -> int | None:
        """Images by which more are wrong afterwards."""
        if self.wrong_before is None or self.wrong_after is None:
            return None
        return self.wrong_after - self.wrong_before

    @property
    def rise(self) -> float | None:
        """Points by which the error is higher afterwards."""
        return None if self.more_wrong is None else 100 * self.more_wrong / self.images

    @property
    def one(self) -> float:
        """Points that one image is."""
        return 100 / self.images

    @property
    def unseen(self) -> float:
        """Percent of all images that may well be right in one and wrong in the other where none of these is.

        With more of them one of these would have been, with a probability of 95 %.
        """
        return 100 * (1 - 0.05 ** (1 / self.images))

    def within(self, most: float) -> bool:
        """Is the rise at most so many points, or not known? Images are counted: points are no exact numbers."""
        return self.more_wrong is None or self.more_wrong <= most * self.images / 100 + ROUNDING

    def to_dict(self) -> dict[str, Any]:
        errors = {"error_before": self.error_before, "error_after": self.error_after, "error_rise": self.rise}
        return {**asdict(self), **errors}


def price_of(
    before: Runner,
    after: Runner,
    scores: bool,
    pixels: Many,
    labels: NDArray[np.int64] | None,
    source: str,
    progress: Progress = unseen,
) -> Price:
    """Run both on all of the images. `scores` tells whether they give scores or probabilities."""
    first, second = _probabilities((before, after), pixels, scores, progress)
    apart, answers = np.abs(first - second), (first.argmax(axis=1), second.argmax(axis=1))
    changed = int((answers[0] != answers[1]).sum())
    errors = (None, None, None) if labels is None else _errors(*answers, labels)
    return Price(len(pixels), source, changed, float(apart.mean()), float(apart.max()), *errors)


def _probabilities(
    runs: tuple[Runner, Runner], pixels: Many, scores: bool, progress: Progress
) -> list[NDArray[np.float32]]:
    """Of each, for all of the images, which are read once."""
    step, count = max(1, PORTION_PIXELS // pixels.shape[1] ** 2), len(pixels)
    parts: tuple[list[NDArray[np.float32]], ...] = ([], [])
    for start in range(0, count, step):
        part = np.ascontiguousarray(pixels[start : start + step])
        for run, found in zip(runs, parts, strict=True):
            found.append(run(part))
        progress(start + len(part), count)
    both = [np.concatenate(found) for found in parts]
    return [torch.from_numpy(found).softmax(dim=1).numpy() for found in both] if scores else both


def _errors(
    before: NDArray[np.int64], after: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[int, int, float | None]:
    """How many are wrong, and the standard error of the difference in points: most images are counted in both."""
    wrong, wrong_after = before != labels, after != labels
    signs = wrong_after.astype(float) - wrong
    spread = 100 * float(signs.std()) / sqrt(len(labels))
    return int(wrong.sum()), int(wrong_after.sum()), spread or None
