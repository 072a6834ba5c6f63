"""Batch-norm statistics of the net that is a run's result, taken anew once its weights stand still."""

from dataclasses import replace

from torch import Tensor

from reslab.data import Images
from reslab.engine import Engine, part_of
from reslab.training.feed import batch_at
from reslab.training.optimizer import follow
from reslab.training.recipe import Recipe
from reslab.training.state import State


def settle_statistics(recipe: Recipe, state: State, engine: Engine, train: Images) -> None:
    """After the last update: what the recipe asks to be done to the result's batch-norm statistics, in place.

    Nothing where all batch normalisation is frozen.
    """
    if recipe.statistics_batches and engine.statistics.frozen < engine.statistics.total:
        weights, statistics = state.result()
        statistics.copy_(estimated_statistics(recipe, weights, statistics, engine, train))


def estimated_statistics(recipe: Recipe, weights: Tensor, statistics: Tensor, engine: Engine, train: Images) -> Tensor:
    """The plain mean of the statistics of `recipe.statistics_batches` batches, flat, by the statistics layout.

    Running statistics lag behind the weights, and an average of statistics is not the statistics of an average. The
    batches are those that would come after the last step. (The authors' released models hold such means too: README of
    KaimingHe/deep-residual-networks.) Those of frozen parts stay as `statistics` has them.
    """
    drawing = replace(recipe, selective=1.0, mixup=0.0, cutmix=0.0)  # what is tested on is neither selected nor mixed
    estimate, measured = statistics.clone(), engine.statistics.learned
    estimate[measured].zero_()
    for number in range(recipe.statistics_batches):
        batch = batch_at(drawing, train, recipe.steps + number, part_of(engine))
        output = engine.step(weights, replace(batch, teaching=0.0), statistics)  # a teacher changes no statistics
        follow(estimate[measured], output.statistics[measured], 1 / (number + 1))
    return estimate
