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
    random, counts, differences, largest, same = _noise(classifier.size), [0, 0], [0.0], [0.0], 0
    for kind, images in enumerate((random, real)):
        for batch in _batches(images):
            ours, theirs = _ours(classifier, batch, scores), run(batch)
            if theirs.shape != ours.shape:
                return Agreement(counts[0], counts[1], float("nan"), float("nan"), same)
            a, b = (values if scores else np.log(np.maximum(values, SMALLEST)) for values in (ours, theirs))
            counts[kind] += len(batch)
            differences.append(float(np.abs(a - b).max()))
            largest.append(float(np.abs(a).max()))
            same += int((a.argmax(axis=1) == b.argmax(axis=1)).sum())
    return Agreement(counts[0], counts[1], float(np.max(differences)), float(np.max(largest)), same)


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
