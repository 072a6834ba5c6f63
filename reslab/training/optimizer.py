"""The optimiser and the averages: on flat buffers, written once for every engine."""

import torch
from torch import Tensor

from reslab.engine import Layout
from reslab.training.recipe import Optimizer

STATISTICS_MOMENTUM = 0.1  # weight of the newest batch in the running batch-norm statistics


def sgd(weights: Tensor, velocity: Tensor, gradient: Tensor, decay: Tensor, lr: float, optimizer: Optimizer) -> None:
    """One step of SGD with momentum, in place.

    v <- momentum * v + lr * (gradient + decay * w);  w <- w - v. The rate stands inside the velocity, as in Caffe, the
    paper's software: after a drop of the rate, older gradients keep the weight that they were taken with. PyTorch
    keeps the rate outside. `decay` is the weight decay of each number. With Nesterov's form, w moves by
    momentum * v + lr * (gradient + decay * w).
    """
    step = torch.addcmul(gradient, decay, weights).mul_(lr)
    velocity.mul_(optimizer.momentum).add_(step)
    weights.sub_(velocity if not optimizer.nesterov else step.add_(velocity, alpha=optimizer.momentum))


def decay_of(layout: Layout, optimizer: Optimizer) -> Tensor:
    """The weight decay of each number of the flat buffer: 0 for biases and batch normalisation, unless on "all"."""
    decays = [
        torch.full((size,), optimizer.weight_decay if optimizer.decay_on == "all" or len(shape) > 1 else 0.0)
        for size, shape in zip(layout.sizes, layout.shapes, strict=True)
    ]
    return torch.cat(decays)


def follow(average: Tensor, newest: Tensor, weight: float) -> None:
    """A running average, in place: average <- average + weight * (newest - average)."""
    average.lerp_(newest, weight)
