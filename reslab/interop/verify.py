"""Is an exported file the same function? It is run on batches of several sizes, and compared with our own scores."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reslab.data.randomness import generator
from reslab.store import Classifier

Pixels = NDArray[np.uint8]
Runner = Callable[[Pixels], NDArray[np.float32]]  # an exported file: (B, size, size, 3) -> (B, classes)

BATCHES = (1, 2, 5)  # what a shape that was fixed by mistake would betray
TOLERANCE = 1e-4  # of the largest score
SMALLEST = 1e-30  # probabilities below are as good as zero in single precision


@dataclass(frozen=True)
class Agreement:
    """How far an exported file is from our net. Of probabilities their logarithms are compared, which are scores."""

    random_images: int
    real_images: int
    certain_images: int  # whose probabilities are 1 and 0 to fp32: they tell little of the scores behind
    largest_difference: float  # between two scores
    largest_score: float
    same_class: int  # images whose most probable class is the same

    @property
    def relative(self) -> float:
        return self.largest_difference / self.largest_score if self.largest_score else self.largest_difference

    @property
    def good(self) -> bool:
        return self.relative <= TOLERANCE  # not so where a score is no number

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "relative_difference": self.relative, "tolerance": TOLERANCE, "batches": list(BATCHES)}


def compare(run: Runner, classifier: Classifier, scores: bool, real: Iterable[Pixels] = ()) -> Agreement:
    """Run an exported file and our net, on the CPU in fp32, on random images and on `real` ones, (size, size, 3) each.

    `scores` tells whether the file gives scores or probabilities.
    """
    counts, differences, largest, certain, same = [0, 0], [0.0], [0.0], 0, 0
    for kind, images in enumerate((_noise(classifier.size), real)):
        for batch in _batches(images):
            ours, theirs = _ours(classifier, batch, scores), run(batch)
            counts[kind] += len(batch)
            if theirs.shape != ours.shape:
                return Agreement(counts[0], counts[1], certain, float("nan"), float("nan"), same)
            a, b = (values if scores else np.log(np.maximum(values, SMALLEST)) for values in (ours, theirs))
            differences.append(float(np.abs(a - b).max()))
            largest.append(float(np.abs(a).max(initial=0, where=np.ones_like(a, bool) if scores else ours > SMALLEST)))
            certain += 0 if scores else _certain(ours)
            same += int((a.argmax(axis=1) == b.argmax(axis=1)).sum())
    return Agreement(counts[0], counts[1], certain, float(np.max(differences)), float(np.max(largest)), same)


def _certain(probabilities: NDArray[np.float32]) -> int:
    """Images of which all probabilities but the highest are as good as zero."""
    others = np.sort(probabilities, axis=1)[:, :-1]
    return int((others.max(axis=1, initial=0) <= SMALLEST).sum())


def _noise(size: int) -> Iterator[Pixels]:
    """As many random images as the batches together have."""
    shape = (sum(BATCHES), size, size, 3)
    yield from generator(0, "export").integers(0, 256, shape, dtype=np.uint8)


def _batches(images: Iterable[Pixels]) -> Iterator[Pixels]:
    """All images, in batches of 1, 2, 5, 1, 2, 5 ..."""
    remaining = iter(images)
    for size in cycle(BATCHES):
        batch = list(islice(remaining, size))
        if not batch:
            return
        yield np.stack(batch)


def _ours(classifier: Classifier, batch: Pixels, scores: bool) -> NDArray[np.float32]:
    with torch.no_grad():
        found = classifier(batch)
    return (found if scores else found.softmax(dim=1)).numpy()
