"""The optimiser and the averages: on flat buffers, written once for every engine."""

from dataclasses import dataclass

import torch
from torch import Tensor

from reslab.engine import Engine, Layout
from reslab.training.muon import Matrices, convolutions_of, muon
from reslab.training.recipe import Optimizer

STATISTICS_MOMENTUM = 0.1  # weight of the newest batch in the running batch-norm statistics


@dataclass(frozen=True)
class Terms:
    """On what terms each number of the flat buffer is learned."""

    decay: Tensor  # its weight decay
    rates: Tensor | None  # its factor of the learning rate; None: 1 for all
    convolutions: tuple[Matrices, ...]  # what Muon steps; none for SGD alone


def terms_of(engine: Engine, optimizer: Optimizer) -> Terms:
    """The terms that `optimizer` asks for, on the engine's device."""
    decay = decay_of(engine.parameters, optimizer)
    rates = rates_of(engine.parameters, engine.statistics, optimizer) if optimizer.bn_bias_lr != 1 else None
    return Terms(
        engine.buffer(decay),
        None if rates is None else engine.buffer(rates),
        convolutions_of(engine.parameters) if optimizer.kind == "muon" else (),
    )


def descend(weights: Tensor, velocity: Tensor, gradient: Tensor, terms: Terms, lr: float, optimizer: Optimizer) -> None:
    """One step of the optimiser at the rate `lr`, in place.

    Muon's rate follows the same schedule, `muon_lr` where `optimizer.lr` is the rate of all the others.
    """
    moved = [(each, each.read(weights), each.read(velocity)) for each in terms.convolutions]
    for each, own_weights, own_velocity in moved:
        muon_lr = lr * optimizer.muon_lr / optimizer.lr
        muon(own_weights, own_velocity, each.read(gradient), muon_lr, optimizer.muon_momentum)
    sgd(weights, velocity, gradient, terms.decay, lr if terms.rates is None else lr * terms.rates, optimizer)
    for each, own_weights, own_velocity in moved:
        each.write(weights, own_weights)
        each.write(velocity, own_velocity)


def sgd(
    weights: Tensor, velocity: Tensor, gradient: Tensor, decay: Tensor, lr: float | Tensor, optimizer: Optimizer
) -> None:
    """One step of SGD with momentum, in place.

    v <- momentum * v + lr * (gradient + decay * w);  w <- w - v. The rate stands inside the velocity, as in Caffe, the
    paper's software: after a drop of the rate, older gradients keep the weight that they were taken with. PyTorch
    keeps the rate outside. `decay` is the weight decay of each number; `lr` is one rate, or one for each number. With
    Nesterov's form, w moves by momentum * v + lr * (gradient + decay * w).
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


def rates_of(parameters: Layout, statistics: Layout, optimizer: Optimizer) -> Tensor:
    """The factor of the learning rate of each number: `bn_bias_lr` for the biases of batch normalisation, else 1."""
    biases = {name.removesuffix("running_mean") + "bias" for name in statistics.names}
    factors = [
        torch.full((size,), optimizer.bn_bias_lr if name in biases else 1.0)
        for name, size in zip(parameters.names, parameters.sizes, strict=True)
    ]
    return torch.cat(factors)


def follow(average: Tensor, newest: Tensor, weight: float) -> None:
    """A running average, in place: average <- average + weight * (newest - average)."""
    average.lerp_(newest, weight)
