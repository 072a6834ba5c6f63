"""The loss around trained weights (Li et al. 2018, arXiv 1712.09913): along random lines, and on a square of two."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from math import isfinite
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reslab.analysis.checked import checked_classifier, checked_images, checked_labels
from reslab.analysis.directions import random_direction
from reslab.analysis.responses import BATCH_PIXELS
from reslab.engine import (
    Execution,
    Request,
    Work,
    choose,
    make_engine,
    parameter_layout,
    settled,
    this_machine,
)
from reslab.engine.layout import batch_normalisations
from reslab.errors import UsageError
from reslab.progress import Progress, Say, silent, unseen
from reslab.store import Classifier

Pixels = NDArray[np.uint8]
Score = Callable[[Tensor], Tensor]  # flat weights -> scores of all images before the softmax, (N, classes)


@dataclass(frozen=True)
class Height:
    """How a net does on the images with its weights at one place."""

    loss: float  # cross-entropy, the mean over images
    error: float  # in percent


Look = Callable[[Tensor], Height]  # where the weights are, less where they were when trained -> how the net does there


@dataclass(frozen=True)
class Extent:
    """Where is looked. A distance of 1 moves each filter as far as it is long."""

    directions: int = 5
    points: int = 10  # on a line, to either side of the middle
    reach: float = 1.0  # the distance of the last of them
    seed: int = 0
    surface: bool = False  # is the square of the first two directions looked at, too?

    def __post_init__(self) -> None:
        """Raises UsageError for what is none."""
        if self.directions < 1 or self.points < 1:
            raise UsageError("a landscape needs at least one direction, and one point to either side")
        if not (isfinite(self.reach) and self.reach > 0):
            raise UsageError(f"reach {self.reach:g}: a distance above 0; 1 moves each filter as far as it is long")
        if self.seed < 0:
            raise UsageError(f"seed {self.seed}: a whole number from 0")
        if self.surface and self.directions < 2:
            raise UsageError("a surface needs two directions")

    @property
    def distances(self) -> tuple[float, ...]:
        """From `-reach` to `reach`; 0 is in their middle."""
        return tuple(self.reach * place / self.points for place in range(-self.points, self.points + 1))

    @property
    def places(self) -> int:
        """So many sets of weights are tried. The square's axes are lines that are there."""
        return 1 + 2 * self.points * self.directions + (4 * self.points**2 if self.surface else 0)


@dataclass(frozen=True)
class Landscape:
    """What was seen: a line a direction, of a height a distance."""

    distances: tuple[float, ...]
    lines: tuple[tuple[Height, ...], ...]
    # A row for each distance along the second direction, in it the first's; empty where nobody asked for it.
    surface: tuple[tuple[Height, ...], ...] = ()

    @property
    def centre(self) -> Height:
        """Of the trained weights themselves."""
        return self.lines[0][len(self.distances) // 2]

    def to_dict(self) -> dict[str, Any]:
        return {
            "distances": list(self.distances),
            "losses": [[height.loss for height in line] for line in self.lines],
            "errors": [[height.error for height in line] for line in self.lines],
            "surface": [[height.loss for height in row] for row in self.surface] or None,
        }


def landscape(
    classifier: Classifier,
    images: Pixels,
    labels: NDArray[np.integer[Any]],
    extent: Extent,
    execution: Execution | None = None,
    *,
    batch_statistics: bool = False,
    progress: Progress = unseen,
) -> Landscape:
    """The heights of a net on uint8 RGB images (N, H, W, 3) with labels (N,), over `extent`.

    In testing mode, with the batch-norm statistics of the training wherever the weights are, as in the authors' code;
    with `batch_statistics` with those of all images as one batch. `execution` is that of `execution_to_look`, or
    chosen so. The net is left as it was, and so are PyTorch's settings.
    Raises UsageError for no images, for labels that are none of theirs, for statistics of a batch where a net has no
    batch normalisation or there is one image, and where a loss is no number.
    """
    classifier = checked_classifier(classifier)
    images = checked_images(classifier, images)
    truth = torch.from_numpy(checked_labels(classifier, labels, images))
    if len(images) < 1 + batch_statistics:
        raise UsageError(f"a landscape needs {'two images' if batch_statistics else 'an image'} at least")
    chosen = execution or execution_to_look(classifier, extent.places * len(images), batch_statistics=batch_statistics)
    layout = parameter_layout(classifier.net)
    weights = layout.pack(dict(classifier.net.state_dict()))
    ways = [random_direction(layout, weights, extent.seed, number) for number in range(extent.directions)]
    with torch.no_grad(), settled(chosen):
        score = (_by_batch if batch_statistics else _by_training)(classifier, images, chosen)
        look = _counted(lambda offset: _height(score(weights + offset), truth), extent.places, progress)
        lines = _lines(look, ways, extent.distances)
        square = _square(look, ways, lines, extent.distances) if extent.surface else ()
    return Landscape(extent.distances, lines, square)


def _lines(look: Look, ways: Sequence[Tensor], distances: Sequence[float]) -> tuple[tuple[Height, ...], ...]:
    centre = look(torch.zeros_like(ways[0]))
    return tuple(tuple(look(at * way) if at else centre for at in distances) for way in ways)


def _square(
    look: Look, ways: Sequence[Tensor], lines: Sequence[Sequence[Height]], distances: Sequence[float]
) -> tuple[tuple[Height, ...], ...]:
    """Of the first two directions, whose lines are its axes, and known."""
    first, second = ways[:2]

    def row(up: float, known: Height) -> tuple[Height, ...]:
        return tuple(look(along * first + up * second) if along else known for along in distances)

    return tuple(row(up, lines[1][place]) if up else tuple(lines[0]) for place, up in enumerate(distances))


def _counted(look: Look, places: int, progress: Progress) -> Look:
    """The same, and after each look it is told how many there were."""
    numbers = count(1)

    def counting(offset: Tensor) -> Height:
        found = look(offset)
        progress(next(numbers), places)
        return found

    return counting


def execution_to_look(
    classifier: Classifier, images: int, *, batch_statistics: bool = False, say: Say = silent
) -> Execution:
    """What so many images are seen with: in fp32, as neighbours on a line differ little; `say` is told what it is.

    Statistics of a batch are PyTorch's; the native kernels have them in training steps alone. As many threads as
    PyTorch has.
    """
    engine = "torch" if batch_statistics else "auto"
    gcn = classifier.preprocessing.contrast is not None
    work = Work(classifier.identity.spec, images, own=classifier.residual is not None, gcn=gcn)
    request = Request(engine=engine, precision="fp32", threads=torch.get_num_threads())
    execution, words = choose(request, this_machine(), work, say)
    say(words)
    return execution


def _height(scores: Tensor, truth: Tensor) -> Height:
    loss = float(nn.functional.cross_entropy(scores.double(), truth))
    if not isfinite(loss):
        raise UsageError("a loss is no number so far from the trained weights: look less far (--reach)")
    return Height(loss, 100 * float((scores.argmax(1) != truth).double().mean()))


def _by_training(classifier: Classifier, images: Pixels, execution: Execution) -> Score:
    """With the statistics that the net was trained to, on an engine."""
    engine = make_engine(classifier.identity.spec, classifier.preprocessing, execution, classifier.residual)
    statistics = engine.buffer(engine.statistics.pack(dict(classifier.net.state_dict())))
    batch = max(1, BATCH_PIXELS // images.shape[1] ** 2)
    parts = [np.ascontiguousarray(images[at : at + batch]) for at in range(0, len(images), batch)]

    def score(weights: Tensor) -> Tensor:
        placed = engine.buffer(weights)
        return torch.cat([engine.logits(placed, statistics, part).to("cpu") for part in parts])

    return score


def _by_batch(classifier: Classifier, images: Pixels, execution: Execution) -> Score:
    """With the statistics that all images have as one batch, anew wherever the weights are."""
    net = copy.deepcopy(classifier).to(execution.device).eval()
    normalisations = batch_normalisations(net.net)
    if not normalisations:
        raise UsageError(f"{classifier.identity.model} has no batch normalisation, and so no statistics of a batch")
    for _, module in normalisations:
        module.train()
    views = parameter_layout(net.net).views
    pixels = np.array(images)

    def score(weights: Tensor) -> Tensor:
        placed = views(weights)
        for name, parameter in net.net.named_parameters():
            parameter.copy_(placed[name])
        return net(pixels).float().to("cpu")

    return score
