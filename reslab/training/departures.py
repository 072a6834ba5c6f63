"""In what a recipe departs from its preset."""

from dataclasses import replace
from typing import Any

from reslab.data import keeps_mirrors
from reslab.training.fields import field_of
from reslab.training.presets import PRESETS, Facts, make_recipe, of_length
from reslab.training.recipe import Recipe, field_names

MANY = 1_000_000  # images, of which no preset's batch is too many
STRETCHED = tuple(f"schedule.{name}" for name in ("drops", "warmup_steps", "momentum_steps", "companion_steps"))


def departures(recipe: Recipe, facts: Facts) -> dict[str, tuple[Any, Any]]:
    """Fields, by dotted name, that are not as the preset has them for this net and data: ours, and the preset's.

    Length and seed apart. Of a recipe of no preset there are none.
    """
    if recipe.name not in PRESETS:
        return {}
    net, tuned = recipe.model.name, recipe.model.start is not None
    usual = make_recipe(facts, net, recipe.name, seed=recipe.seed, batch=recipe.batch, brief=tuned)
    # Of as many images in a batch, or the warm-up of another length would be rounded otherwise.
    usual = replace(of_length(usual.stretched(recipe.steps)), batch=make_recipe(facts, net, recipe.name).batch)
    values = {name: (field_of(recipe, name), field_of(usual, name)) for name in field_names()}
    return {name: (ours, other) for name, (ours, other) in values.items() if ours != other}


def told_departures(recipe: Recipe, train_images: int | None = None) -> dict[str, Any]:
    """The fields of `departures` that a recipe tells by itself, without its data: their values.

    Without the number of its `train_images`, how long the preset would have trained is not known, and so what rounding
    made of its warm-up and drops where it was stretched: one step there is none. Nor is it whether a smaller batch was
    for want of images.
    """
    found = departures(recipe, _facts_in(recipe, train_images or MANY))
    return {name: ours for name, (ours, other) in found.items() if not (name in STRETCHED and _near(ours, other))}


def _facts_in(recipe: Recipe, train_images: int) -> Facts:
    data, official = recipe.data, recipe.data.fingerprint is None
    return Facts(
        name=data.name,
        classes=recipe.model.classes,
        size=data.size,
        train_images=train_images,
        mirror=not official or keeps_mirrors(data.name),
        official=official,
        split=data.split,
        fingerprint=data.fingerprint,
    )


def _near(ours: Any, other: Any) -> bool:
    """Are these, one step or several, the same but for rounding?"""
    one, two = (value if isinstance(value, tuple) else (value,) for value in (ours, other))
    same = len(one) == len(two) and None not in (*one, *two)
    return same and all(abs(a - b) <= 1 for a, b in zip(one, two, strict=True))
