"""How alike gradients at different inputs are ("Shattered Gradients", Balduzzi et al. 2017, arXiv 1702.08591)."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reslab.errors import UsageError


def input_gradients(net: nn.Module, points: Tensor) -> Tensor:
    """Gradients of the net's output (points,) with respect to its inputs (points, inputs): the shape of these.

    Each point's own, where the net takes statistics over points for constants.
    """
    inputs = points.detach().clone().requires_grad_(True)
    (found,) = torch.autograd.grad(net(inputs).sum(), inputs)
    return found


def alikeness(gradients: Tensor) -> float:
    """The mean cosine of the angle between two of the gradients (points, inputs), over all pairs.

    For many inputs and random weights of mean 0 that is their correlation. Raises UsageError for fewer than two.
    """
    count = len(gradients)
    if count < 2:
        raise UsageError("gradients are compared in pairs: give at least two points")
    directions = nn.functional.normalize(gradients.flatten(1).double(), dim=1)
    total = directions.sum(0).square().sum() - directions.square().sum()  # of all pairs, without a table of them
    return float(total / (count * (count - 1)))


def autocorrelation(signal: Sequence[float] | NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """sum of g(i) g(i + k) over that of g(i)^2 for k = 0 ... `lags`, of a signal less its mean.

    Raises UsageError for a signal that is not longer than the lags, or constant.
    """
    centred = np.asarray(signal, dtype=np.float64) - np.mean(signal)
    if len(centred) <= lags:
        raise UsageError(f"{len(centred)} values have no autocorrelation at lag {lags}")
    power = float(centred @ centred)
    if power == 0:
        raise UsageError("a constant has no autocorrelation")
    return np.array([centred[: len(centred) - k] @ centred[k:] for k in range(lags + 1)]) / power
