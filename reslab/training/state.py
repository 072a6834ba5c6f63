"""The state of a training: flat buffers and counters, all that a resume needs."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from reslab.data.randomness import generator
from reslab.engine import Engine, Layout
from reslab.errors import RunError
from reslab.nets import Architecture, Residual, initialise, unfilled
from reslab.training.recipe import Recipe

BUFFERS = ("weights", "velocity", "statistics", "average", "average_statistics", "sums")


@dataclass
class State:
    """Where a training stands after `step` updates. Buffers are flat, fp32, on the engine's device."""

    step: int
    seconds: float  # spent in steps and feeding, over all starts
    weights: Tensor
    velocity: Tensor
    statistics: Tensor  # running batch-norm means and variances
    average: Tensor  # running average of the weights; empty where the recipe has none
    average_statistics: Tensor
    sums: Tensor  # since the last line of metrics: loss, errors, images

    def tensors(self) -> dict[str, Tensor]:
        return {name: getattr(self, name) for name in BUFFERS}

    def facts(self) -> dict[str, Any]:
        return {"step": self.step, "seconds": self.seconds}

    def result(self) -> tuple[Tensor, Tensor]:
        """Weights and statistics of the net that counts: the last step's, or the running average's."""
        return (self.average, self.average_statistics) if len(self.average) else (self.weights, self.statistics)

    def finite(self) -> bool:
        """Is every weight a number?"""
        return bool(torch.isfinite(self.weights).all())


def initial_state(
    recipe: Recipe,
    engine: Engine,
    spec: Architecture,
    residual: Residual | None,
    stem: Tensor | None = None,
    start: dict[str, Tensor] | None = None,
) -> State:
    """Weights by the recipe's initialisation and seed; no velocity; batch-norm statistics of mean 0 and variance 1.

    Drawn on the CPU, so that a seed gives the same weights on every device. `stem` replaces the filters of the first
    convolution, `start` the parameters and statistics that it has by name.
    """
    seed = int(generator(recipe.seed, "initialisation").integers(2**62))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # for whatever a residual function of one's own draws for itself
        net = unfilled(spec, residual)
    initialise(net, recipe.model.init, torch.Generator().manual_seed(seed), recipe.model.init_scale)
    if stem is not None:
        next(module for module in net.modules() if isinstance(module, nn.Conv2d)).weight.data.copy_(stem)
    net.load_state_dict(start or {}, strict=False)
    learned = dict(net.named_parameters()) | _beside(engine.parameters, recipe.seed)
    weights = engine.buffer(engine.parameters.pack(learned))
    statistics = engine.buffer(engine.statistics.pack(dict(net.named_buffers())))
    averaged = recipe.average > 0
    return State(
        step=0,
        seconds=0.0,
        weights=weights,
        velocity=torch.zeros_like(weights),
        statistics=statistics,
        average=weights.clone() if averaged else weights[:0].clone(),
        average_statistics=statistics.clone() if averaged else statistics[:0].clone(),
        sums=torch.zeros(3, device=weights.device),
    )


def _beside(layout: Layout, seed: int) -> dict[str, Tensor]:
    """What is learned for training alone, by name: weights of He's initialisation (sec. 3.4), biases of 0."""
    drawn = torch.Generator().manual_seed(int(generator(seed, "hint").integers(2**62)))
    found = {}
    for name, shape in list(zip(layout.names, layout.shapes, strict=True))[len(layout.of_net.names) :]:
        found[name] = torch.zeros(shape)
        if len(shape) > 1:
            nn.init.kaiming_normal_(found[name], nonlinearity="relu", generator=drawn)
    return found


def restored_state(tensors: dict[str, Tensor], facts: dict[str, Any], engine: Engine, recipe: Recipe) -> State:
    """The state that `tensors` and `facts` of a run folder describe. Raises RunError where they are of another net."""
    weights, statistics = engine.parameters.total, engine.statistics.total
    averaged = recipe.average > 0
    sizes = (weights, weights, statistics, weights * averaged, statistics * averaged, 3)
    found = {name: tensor.numel() for name, tensor in tensors.items()}
    if found != dict(zip(BUFFERS, sizes, strict=True)) or not {"step", "seconds"} <= set(facts):
        raise RunError("the saved state is not of this net; to train this run anew, delete its state.safetensors")
    return State(facts["step"], facts["seconds"], **{name: engine.buffer(tensors[name]) for name in BUFFERS})
