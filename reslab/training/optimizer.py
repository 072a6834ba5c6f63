"""The optimiser and the averages: on flat buffers, written once for every engine."""

from dataclasses import dataclass
from itertools import accumulate
from math import prod

import torch
from torch import Tensor

from reslab.engine import Engine, Layout
from reslab.training.by_name import matching, named_values
from reslab.training.muon import Matrices, convolutions_of, muon
from reslab.training.recipe import Optimizer

STATISTICS_MOMENTUM = 0.1  # weight of the newest batch in the running batch-norm statistics
LARGEST_STEP = 1e5  # of RMSprop, in learning rates: where gradients have been next to nothing


@dataclass(frozen=True)
class Limit:
    """The largest length of the incoming weights of each unit of one layer, and where they lie in the flat buffer."""

    start: int
    shape: tuple[int, ...]
    length: float

    def keep(self, weights: Tensor) -> None:
        """Shorten what is longer, in place ("max-norm", Srivastava et al. 2014)."""
        units = weights[self.start : self.start + prod(self.shape)].view(self.shape[0], -1)
        units.mul_((self.length / units.norm(dim=1, keepdim=True)).clamp(max=1))


@dataclass(frozen=True)
class Terms:
    """On what terms each number of the flat buffer is learned; `decay` and `rates` are of what Muon does not step."""

    decay: Tensor  # its weight decay
    rates: Tensor | None  # its factor of the learning rate; None: 1 for all
    convolutions: tuple[Matrices, ...] = ()  # what Muon steps; none for SGD alone
    others: Tensor | None = None  # where in the buffer all the rest of what is learned lies; None: in one piece
    limits: tuple[Limit, ...] = ()  # of the lengths of weights
    frozen: int = 0  # so many numbers, the first, stay as they are


def terms_of(engine: Engine, optimizer: Optimizer) -> Terms:
    """The terms that `optimizer` asks for, on the engine's device."""
    layout = engine.parameters
    decay = decay_of(layout, optimizer)
    own_rates = optimizer.bn_bias_lr != 1 or optimizer.rates or layout.fixed
    rates = rates_of(layout, engine.statistics, optimizer) if own_rates else None
    convolutions = convolutions_of(layout, rates) if optimizer.kind == "muon" else ()
    others = _others(layout, convolutions) if convolutions else None
    chosen = layout.learned if others is None else others
    on_device = engine.buffer(decay[chosen])
    return Terms(
        on_device,
        None if rates is None else engine.buffer(rates[chosen]),
        convolutions,
        None if others is None else others.to(on_device.device),
        limits_of(layout, optimizer),
        layout.frozen,
    )


def _others(layout: Layout, convolutions: tuple[Matrices, ...]) -> Tensor:
    """Where the learned numbers lie that are in none of these."""
    apart = torch.zeros(layout.total, dtype=torch.bool)
    apart[layout.learned] = True
    for each in convolutions:
        each.of(apart).zero_()
    return apart.nonzero()[:, 0]


def descend(weights: Tensor, velocity: Tensor, gradient: Tensor, terms: Terms, lr: float, optimizer: Optimizer) -> None:
    """One step of the optimiser at the rate `lr`, in place; what is frozen stays.

    Muon's rate follows the same schedule, `muon_lr` where `optimizer.lr` is the rate of all the others.
    """
    for each in terms.convolutions:
        muon_lr = lr * each.rate * optimizer.muon_lr / optimizer.lr
        muon(each.of(weights), each.of(velocity), each.of(gradient), muon_lr, optimizer.muon_momentum)
    rates = lr if terms.rates is None else lr * terms.rates
    step = rmsprop if optimizer.kind == "rmsprop" else sgd
    chosen = slice(terms.frozen, None) if terms.others is None else terms.others
    own_weights, own_velocity = weights[chosen], velocity[chosen]
    step(own_weights, own_velocity, gradient[chosen], terms.decay, rates, optimizer)
    if terms.others is not None:  # of what is indexed these are copies
        weights[chosen], velocity[chosen] = own_weights, own_velocity
    for limit in terms.limits:
        limit.keep(weights)


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


def rmsprop(
    weights: Tensor, squares: Tensor, gradient: Tensor, decay: Tensor, lr: float | Tensor, optimizer: Optimizer
) -> None:
    """One step of RMSprop (Tieleman, Hinton 2012), in place.

    `squares`, the running mean of squared gradients, lies where SGD keeps its velocity; `optimizer.momentum` is its
    decay.

    s <- m * s + (1 - m) * g^2;  w <- w - lr * g / sqrt(s).
    """
    step = torch.addcmul(gradient, decay, weights)
    squares.lerp_(step.square(), 1 - optimizer.momentum)
    weights.sub_(step.div_(squares.sqrt().clamp_(min=1 / LARGEST_STEP)).mul_(lr))


def decay_of(layout: Layout, optimizer: Optimizer) -> Tensor:
    """The weight decay of each number of the flat buffer: 0 for biases and batch normalisation, unless on "all", and
    for what is fixed; times the factors of `optimizer.decays`.
    """
    factors = named_values("optimizer.decays", optimizer.decays)
    decays = [
        torch.full((size,), optimizer.weight_decay * prod(matching(name, factors)) if decaying else 0.0)
        for name, size, shape in zip(layout.names, layout.sizes, layout.shapes, strict=True)
        for decaying in [name not in layout.fixed and (optimizer.decay_on == "all" or len(shape) > 1)]
    ]
    return torch.cat(decays)


def rates_of(parameters: Layout, statistics: Layout, optimizer: Optimizer) -> Tensor:
    """The factor of the learning rate of each number: `bn_bias_lr` for the biases of batch normalisation, 0 for what is
    fixed, else 1; times the factors of `optimizer.rates`.
    """
    biases = {name.removesuffix("running_mean") + "bias" for name in statistics.names}
    named = named_values("optimizer.rates", optimizer.rates)
    factors = [
        torch.full((size,), factor * prod(matching(name, named)))
        for name, size in zip(parameters.names, parameters.sizes, strict=True)
        for factor in [0.0 if name in parameters.fixed else optimizer.bn_bias_lr if name in biases else 1.0]
    ]
    return torch.cat(factors)


def limits_of(layout: Layout, optimizer: Optimizer) -> tuple[Limit, ...]:
    """The largest lengths that `optimizer.max_norms` asks for, of what is learned."""
    named = named_values("optimizer.max_norms", optimizer.max_norms)
    starts = (0, *accumulate(layout.sizes))
    return tuple(
        Limit(start, shape, lengths[-1])
        for name, shape, start in zip(layout.names, layout.shapes, starts, strict=False)
        if len(shape) > 1 and start >= layout.frozen and name not in layout.fixed and (lengths := matching(name, named))
    )


def follow(average: Tensor, newest: Tensor, weight: float) -> None:
    """A running average, in place: average <- average + weight * (newest - average)."""
    average.lerp_(newest, weight)
