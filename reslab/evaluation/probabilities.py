"""Probabilities of many images, each seen in several views: crops, mirrors, scales (sec. 3.4).

Within a map of scores, scores are averaged before the softmax, as a fully connected layer makes them; views are
averaged after it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import nn

from reslab.data import Images, Preprocessing, at_scale, by_colour
from reslab.engine import Execution, TorchEngine, parameter_layout, settled, statistics_layout
from reslab.errors import UsageError
from reslab.evaluation.crops import centre_crop, ten_crop
from reslab.evaluation.error import softmax
from reslab.evaluation.scores import BATCH_PIXELS, on_engine
from reslab.evaluation.views import Views
from reslab.nets import NOT_DENSE, Spec, convolutional, unfilled
from reslab.progress import Progress, unseen
from reslab.store import Classifier, ExportedNet

PORTION_PIXELS = 8_000_000  # of scaled images in memory at a time

Pixels = NDArray[np.uint8]
Score = Callable[[Pixels], NDArray[np.float32]]  # (B, H, W, 3) -> (B, classes), before the softmax
Answer = Callable[[Pixels], NDArray[np.float32]]  # (B, H, W, 3) -> probabilities (B, classes)


def probabilities(
    net: Classifier | ExportedNet, images: Images, views: Views, execution: Execution, progress: Progress = unseen
) -> NDArray[np.float64]:
    """Mean probabilities over the views, (N, classes). DataError for a photograph that cannot be read any more.

    PyTorch's settings are the caller's afterwards.
    """
    with settled(execution):
        answer = answering(net, execution, views.dense)
        total = np.zeros((len(images), len(net.classes)))
        scales = views.scales or (None,)
        for number, scale in enumerate(scales):
            for indices in _portions(len(images), scale or images.size):
                pictures = at_scale(images, indices, scale) if scale else list(images.pixels[indices])
                total[indices] += one_scale(answer, pictures, views, net.size)
                progress(number * len(images) + int(indices[-1]) + 1, len(scales) * len(images))
        return total / len(scales)


def answering(net: Classifier | ExportedNet, execution: Execution, dense: bool = False) -> Answer:
    """What gives the probabilities of any number of images, a batch at a time.

    They have the net's own size, or with `dense` any other. To be made and called inside `settled(execution)`. Raises
    UsageError for a net that cannot be `dense`.
    """
    if isinstance(net, ExportedNet):
        if dense:
            raise UsageError(not_dense(net))
        return _in_batches(net.probabilities)
    return answer_by(dense_scores(net, execution) if dense else crop_scores(net, execution))


def answer_by(score: Score) -> Answer:
    """Probabilities of any number of images, a batch at a time."""
    return _in_batches(lambda pixels: softmax(score(pixels)))


def not_dense(net: ExportedNet) -> str:
    """Why an exported file does not look at whole images, and the way out."""
    return (
        f"--scales: the exported {net.place} takes images of {net.size} x {net.size} pixels only, and whole images of "
        "several scales need a net of any size: --views 10 cuts its size out of them, or give the run that it came from"
    )


def one_scale(answer: Answer, pictures: list[Pixels], views: Views, size: int) -> NDArray[np.float64]:
    """Mean probabilities of images at one scale, over crops and mirrors, (N, classes)."""
    if views.kind == "10":
        crops = np.concatenate([ten_crop(picture, size) for picture in pictures])
        return answer(crops).reshape(len(pictures), 10, -1).mean(axis=1, dtype=np.float64)
    if views.kind == "centre":
        return answer(np.stack([centre_crop(picture, size) for picture in pictures])).astype(np.float64)
    seen = _by_shape(answer, pictures)
    return (seen + _by_shape(answer, [picture[:, ::-1] for picture in pictures])) / 2 if views.flip else seen


def _by_shape(answer: Answer, pictures: list[Pixels]) -> NDArray[np.float64]:
    """Probabilities, images of the same shape going through the net together."""
    places: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for place, picture in enumerate(pictures):
        places[picture.shape].append(place)
    found = {place: p for same in places.values() for place, p in _together(answer, pictures, same)}
    return np.stack([found[place] for place in range(len(pictures))]).astype(np.float64)


def _together(answer: Answer, pictures: list[Pixels], same: list[int]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    return zip(same, answer(np.stack([pictures[place] for place in same])), strict=True)


def _in_batches(answer: Answer) -> Answer:
    def all_of(pixels: Pixels) -> NDArray[np.float32]:
        batch = max(1, BATCH_PIXELS // (pixels.shape[1] * pixels.shape[2]))
        return np.concatenate([answer(pixels[start : start + batch]) for start in range(0, len(pixels), batch)])

    return all_of


def _portions(images: int, side: int) -> Iterator[NDArray[np.int64]]:
    """Indices of images, as many at a time as the memory should hold."""
    portion = portion_of(side)
    return (np.arange(start, min(start + portion, images)) for start in range(0, images, portion))


def portion_of(side: int) -> int:
    """So many images with a shorter side of `side` pixels may be in memory at a time."""
    return max(1, PORTION_PIXELS // side**2)


def crop_scores(classifier: Classifier, execution: Execution) -> Score:
    """Scores of images of the net's own size."""
    engine, weights, statistics = on_engine(classifier, execution)
    return lambda pixels: engine.logits(weights, statistics, np.ascontiguousarray(pixels)).to("cpu").numpy()


def dense_scores(classifier: Classifier, execution: Execution) -> Score:
    """Scores of images of any size by the net's fully-convolutional form; the mean colour is subtracted.

    PyTorch runs it: the native kernels know one size. Raises UsageError as `convolutional` does.
    """
    spec = classifier.identity.spec
    if not isinstance(spec, Spec):
        raise UsageError(NOT_DENSE)
    net = convolutional(unfilled(spec, classifier.residual), spec.smallest_map)
    return torch_scores(net, classifier, by_colour(classifier.preprocessing), execution)


def torch_scores(
    net: nn.Sequential, classifier: Classifier, preprocessing: Preprocessing, execution: Execution
) -> Score:
    """Scores of `net`, run by PyTorch in any case, with the classifier's weights, which have the same names there."""
    state = dict(classifier.net.state_dict())
    weights, statistics = parameter_layout(net).pack(state), statistics_layout(net).pack(state)
    torch_execution = replace(execution, engine="torch", channels_last=execution.device != "mps", compiled=False)
    engine = TorchEngine(net, preprocessing, torch_execution)
    flat = engine.buffer(weights), engine.buffer(statistics)
    return lambda pixels: engine.logits(*flat, np.ascontiguousarray(pixels)).to("cpu").numpy()
