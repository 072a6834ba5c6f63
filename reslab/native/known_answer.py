"""A question to compiled kernels whose answer is known: one step and an evaluation of a small net.

The net is ResNet-8 with projections, on five images: every kind of layer, on maps of all three sizes; broken groups of
images and, in the evaluation, a whole one. Of each gradient a few random projections are told, whose relative distance
is that of the gradients, within chance.
"""

import ctypes
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reslab.native.network import SIZE, WIDTHS, Geometry, Network

CLASSES, COUNT, THREADS, PAD = 10, 5, 2, 4
MEAN, STD = 120.0, 64.0
# Channels in and out, and taps: the stem, then three blocks of two layers, with a projection where one is needed.
LAYERS = (
    (3, 16, 3),
    *((16, 16, 3), (16, 16, 3)),
    *((16, 32, 3), (32, 32, 3), (16, 32, 1)),
    *((32, 64, 3), (64, 64, 3), (32, 64, 1)),
)
FEATURES = WIDTHS[-1]
PROJECTIONS = 16  # of each gradient


def geometry() -> Geometry:
    """The net, its parameters and statistics in the order of definition."""
    offsets, parameters, statistics = [], 0, 0
    for channels_in, channels, taps in LAYERS:
        gamma = parameters + channels_in * channels * taps**2
        offsets.append((parameters, gamma, gamma + channels, statistics, statistics + channels))
        parameters, statistics = gamma + 2 * channels, statistics + 2 * channels
    bias = parameters + CLASSES * FEATURES
    return Geometry((1, 1, 1), "B", CLASSES, offsets, (parameters, bias), bias + CLASSES, statistics)


def parameters() -> NDArray[np.float32]:
    """As after some training: He et al.'s initialisation, then scales and shifts that are not 1 and 0."""
    random = np.random.RandomState(1)  # unlike the newer generators, it will give the same numbers for ever
    parts: list[NDArray[np.float64]] = []
    for channels_in, channels, taps in LAYERS:
        deviation = np.sqrt(2 / (taps**2 * channels))
        parts.append(deviation * random.standard_normal(channels * channels_in * taps**2))
        parts.append(1 + 0.15 * random.standard_normal(channels))
        parts.append(0.3 * random.standard_normal(channels))
    parts.append(random.standard_normal(CLASSES * FEATURES) / np.sqrt(FEATURES))
    parts.append(0.1 * random.standard_normal(CLASSES))
    return np.concatenate(parts).astype(np.float32)


@dataclass(frozen=True)
class Images:
    """What `Network.step` takes by these names."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    crops: NDArray[np.int64]
    flips: NDArray[np.bool_]


def images() -> Images:
    """Coarse images with some noise, to be cropped and mirrored."""
    random = np.random.RandomState(2)
    coarse = random.randint(0, 256, (COUNT, 8, 8, 3)).repeat(4, axis=1).repeat(4, axis=2)
    noisy = coarse + random.randint(-20, 20, (COUNT, SIZE, SIZE, 3))
    return Images(
        np.clip(noisy, 0, 255).astype(np.uint8),
        random.randint(0, CLASSES, COUNT).astype(np.int64),
        random.randint(0, 2 * PAD + 1, (COUNT, 2)).astype(np.int64),
        random.randint(0, 2, COUNT).astype(np.bool_),
    )


def projected(gradient: NDArray[np.float32]) -> dict[str, list[float]]:
    """Random projections of each part of a flat gradient, as long as the part itself on average."""
    net = geometry()
    begins = [begin for layer in net.layers for begin in layer[:3]] + [*net.head, net.parameters]
    random = np.random.RandomState(3)
    found = {}
    for index, (begin, end) in enumerate(pairwise(begins)):
        directions = random.standard_normal((PROJECTIONS, end - begin)) / np.sqrt(PROJECTIONS)
        found[f"gradient {index}"] = [float(value) for value in directions @ gradient[begin:end].astype(np.float64)]
    return found


def answers(library: ctypes.CDLL) -> dict[str, list[float]]:
    """What a library computes."""
    net = geometry()
    network = Network(library, net, np.full(3, MEAN, np.float32), 1 / STD, THREADS)
    given, values = images(), parameters()
    gradient, statistics = np.empty(net.parameters, np.float32), np.empty(net.statistics, np.float32)
    losses, errors = np.empty(COUNT, np.float32), np.empty(COUNT, np.bool_)
    into = (gradient, statistics, losses, errors)
    network.step(values, given.images, given.labels, *into, crops=given.crops, flips=given.flips, pad=PAD)
    scores = network.evaluate(values, statistics, given.images)
    return told(losses, statistics, scores, gradient)


def told(
    losses: NDArray[np.float32],
    statistics: NDArray[np.float32],
    scores: NDArray[np.float32],
    gradient: NDArray[np.float32],
) -> dict[str, list[float]]:
    """The numbers that are compared, by name."""
    values = {"losses": losses, "statistics": statistics, "scores": scores.ravel()}
    return {name: [float(v) for v in array] for name, array in values.items()} | projected(gradient)
