"""Scores of a net on many images: the single view of sec. 4.2."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reslab.data import Images
from reslab.engine import Engine, Execution, Work, make_engine, parameter_layout, statistics_layout
from reslab.store import Classifier

BATCH_PIXELS = 500 * 32 * 32  # at a time: enough to keep every core busy, little enough for any machine


def single_view(engine: Engine, weights: Tensor, statistics: Tensor, images: Images) -> NDArray[np.float32]:
    """Scores before the softmax, (N, classes), of every image as it is."""
    batch = max(1, BATCH_PIXELS // images.size**2)
    parts = [
        engine.logits(weights, statistics, np.asarray(images.pixels[start : start + batch])).to("cpu").numpy()
        for start in range(0, len(images), batch)
    ]
    return np.concatenate(parts)


def on_engine(classifier: Classifier, execution: Execution) -> tuple[Engine, Tensor, Tensor]:
    """An engine for the classifier's net, and its weights and batch-norm statistics as flat buffers."""
    state = dict(classifier.net.state_dict())
    weights = parameter_layout(classifier.net).pack(state)
    statistics = statistics_layout(classifier.net).pack(state)
    engine = make_engine(classifier.identity.spec, classifier.preprocessing, execution, classifier.residual)
    return engine, engine.buffer(weights), engine.buffer(statistics)


def work_of(classifier: Classifier, images: int = 0) -> Work:
    """What an engine has to do to score so many images; 0: as few as a test may have."""
    return Work(classifier.identity.spec, images // 3, own=classifier.residual is not None)  # there and back is 3 times


def scores_of(classifier: Classifier, images: Images, execution: Execution) -> NDArray[np.float32]:
    """`single_view` of a classifier that was loaded from a file."""
    with torch.no_grad():
        return single_view(*on_engine(classifier, execution), images)
