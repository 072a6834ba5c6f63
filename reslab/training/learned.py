"""What learns where parts of a net are frozen: which fields of the optimiser then speak of nothing."""

from fnmatch import fnmatchcase
from itertools import accumulate

from reslab.engine import Layout, parameter_layout, statistics_layout
from reslab.nets import check_frozen, named_residual, parts_until, unfilled
from reslab.training.by_name import named_values
from reslab.training.muon import convolutions_of
from reslab.training.presets import spec_of
from reslab.training.recipe import Recipe


def layouts_of(recipe: Recipe) -> tuple[Layout, Layout]:
    """Of the parameters and of the batch-norm statistics of a recipe's net, what is frozen marked, without an engine.

    Raises UsageError where `model.frozen` is no part of the net.
    """
    architecture, frozen = spec_of(recipe), recipe.model.frozen
    if frozen is not None:
        check_frozen(architecture, frozen)
    net = unfilled(architecture, named_residual(recipe.model.residual))
    parts = parts_until(net, frozen)
    return parameter_layout(net).freezing(parts), statistics_layout(net).freezing(parts)


def muon_steps(recipe: Recipe) -> bool:
    """Is one of the convolutions that Muon steps not frozen?"""
    return recipe.model.frozen is None or bool(convolutions_of(layouts_of(recipe)[0]))


def normalisation_learns(recipe: Recipe) -> bool:
    """Is a batch normalisation not frozen?"""
    if recipe.model.frozen is None:
        return True
    _, statistics = layouts_of(recipe)
    return statistics.frozen < statistics.total


def names_learn(recipe: Recipe, field: str) -> bool:
    """Of what each pattern of `optimizer.rates`, `decays` or `max_norms` names, is some not frozen?"""
    if recipe.model.frozen is None:
        return True
    parameters, _ = layouts_of(recipe)
    starts = (0, *accumulate(parameters.sizes))
    frozen, learned = (
        [n for n, start in zip(parameters.names, starts, strict=False) if (start < parameters.frozen) is held]
        for held in (True, False)
    )
    return all(
        any(fnmatchcase(name, pattern) for name in learned) or not any(fnmatchcase(name, pattern) for name in frozen)
        for pattern, _ in named_values(f"optimizer.{field}", getattr(recipe.optimizer, field))
    )


def said_of_frozen(recipe: Recipe, parameters: Layout, statistics: Layout) -> str:
    """What stays, how much learns, and what a preset then says of nothing."""
    learn = parameters.total - parameters.frozen
    said = f"all up to {recipe.model.frozen} stays as it came: {learn:,} of {parameters.total:,} parameters learn"
    if recipe.optimizer.kind == "muon" and not convolutions_of(parameters):
        said += "; no convolution is among them, and Muon steps nothing"
    if recipe.optimizer.bn_bias_lr != 1 and statistics.frozen == statistics.total:
        said += "; no batch normalisation is among them, and optimizer.bn_bias_lr says nothing"
    return said
