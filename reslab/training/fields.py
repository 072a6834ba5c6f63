"""Fields of a recipe by dotted name, as a command line gives them."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import partial, reduce
from typing import Any

from reslab.errors import UsageError
from reslab.training.learned import muon_steps, names_learn, normalisation_learns
from reslab.training.recipe import (
    Recipe,
    element_of,
    field_names,
    fitting,
    hint_of,
    misfit,
    options_of,
    unknown_field,
)

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def with_fields(recipe: Recipe, assignments: list[str]) -> Recipe:
    """`with_values` of what is written as ["optimizer.lr=0.05", "augment.flip=false"]."""
    return with_values(recipe, read_fields(assignments))


def with_values(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """`recipe` with fields replaced by dotted name: {"optimizer.lr": 0.05, "augment.flip": False}.

    Raises UsageError for a field that does not exist (nearest names offered) or a value of the wrong kind.
    """
    tree = asdict(recipe)
    for name, value in fitting_fields(values).items():
        *path, last = name.split(".")
        inside = tree
        for part in path:
            inside = inside[part]
        inside[last] = value
    return Recipe.from_dict(tree)


def fitting_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by dotted name, each as its field wants it. Raises UsageError as `with_values` does."""
    if not isinstance(values, Mapping):
        raise UsageError(f"fields={values!r}: give names with values, as {{'optimizer.lr': 0.1, 'balance': 1}}")
    known = field_names()
    for name in values:
        if name not in known:
            raise unknown_field(str(name))
    return {name: fitting(name, value) for name, value in values.items()}


# Fields that do something in some recipes only: when, and what to do where they would not.
_ACTING: dict[str, tuple[Callable[[Recipe], bool], str]] = {
    "schedule.kind": (
        lambda recipe: recipe.schedule.kind != "drops" or bool(recipe.schedule.drops),
        "the rate would never fall; set schedule.drops=STEP,STEP, too (a constant rate: schedule.kind=linear and "
        "schedule.end=1)",
    ),
    "schedule.drops": (
        lambda recipe: recipe.schedule.kind == "drops",
        "the rate has no drops; set schedule.kind=drops",
    ),
    "schedule.drop": (lambda recipe: recipe.schedule.kind == "drops", "the rate has no drops; set schedule.kind=drops"),
    "schedule.end": (lambda recipe: recipe.schedule.kind != "drops", "the rate drops; set schedule.kind=linear"),
    "schedule.warmup_lr": (lambda recipe: recipe.schedule.warmup_steps > 0, "no warm-up; set schedule.warmup_steps"),
    "schedule.momentum_start": (
        lambda recipe: recipe.schedule.momentum_steps > 0,
        "the momentum does not rise; set schedule.momentum_steps",
    ),
    "data.mean": (
        lambda recipe: recipe.model.frozen is None and not (recipe.data.gcn and recipe.model.start),
        "frozen parts see images normalised as they learned them, and so does what starts from images of one "
        "contrast; freeze nothing, and set data.gcn=false",
    ),
    **{
        f"augment.{field}": (
            lambda recipe: not recipe.data.gcn,
            "every image is brought to one contrast afterwards, which takes it back; set data.gcn=false",
        )
        for field in ("brightness", "contrast")
    },
    "optimizer.kind": (
        lambda recipe: recipe.optimizer.kind != "muon" or muon_steps(recipe),
        "no convolution learns that Muon would step; freeze less",
    ),
    "optimizer.muon_lr": (muon_steps, "no convolution learns that Muon would step; freeze less"),
    "optimizer.muon_momentum": (muon_steps, "no convolution learns that Muon would step; freeze less"),
    "optimizer.bn_bias_lr": (normalisation_learns, "no batch normalisation learns; freeze less"),
    "statistics_batches": (normalisation_learns, "no batch normalisation learns; freeze less"),
    **{
        f"optimizer.{field}": (partial(names_learn, field=field), "what a pattern names is all frozen; freeze less")
        for field in ("rates", "decays", "max_norms")
    },
    "model.residual_digest": (lambda _: False, "it is taken of the function itself; set model.residual"),
}


def refuse_idle(recipe: Recipe, values: Mapping[str, Any]) -> None:
    """Raises UsageError where one of `values` sets a field of `recipe` that does nothing there.

    Recipes that are built in another way, or were written down, may hold such fields: they are other runs, and stay.
    """
    for name, value in values.items():
        acts, way_out = _ACTING.get(name, (None, ""))
        if value and acts and not acts(recipe):
            raise UsageError(f"{name}: {way_out}, or leave it out")


def read_fields(assignments: Iterable[str]) -> dict[str, Any]:
    """Values by dotted name. Raises UsageError as `with_fields` does, and for a field that is set to two values."""
    values: dict[str, Any] = {}
    for name, value in map(read_field, assignments):
        if values.setdefault(name, value) != value:
            raise UsageError(f"{name} is set twice, to {values[name]} and to {value}; leave one of them out")
    return values


def refuse_twice(fields: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    """Raises UsageError for a field that an argument says, too, unless both say the same. None: it does not."""
    for name, value in told.items():
        if value is not None and name in fields and fields[name] != value:
            raise UsageError(f"{name} is said twice, {value} and as a field {fields[name]}; leave one of them out")


def read_field(assignment: str) -> tuple[str, Any]:
    """Dotted name and value that "optimizer.lr=0.05" says. Raises UsageError as `with_fields` does."""
    name, equals, text = assignment.partition("=")
    name = name.strip()
    if not equals:
        raise UsageError(f"'{assignment}' sets nothing: write --set {name}=value")
    if name not in field_names():
        raise unknown_field(name)
    return name, fitting(name, _parse(name, text.strip()))


def field_of(recipe: Recipe, name: str) -> Any:
    """The value of a field by its dotted name."""
    return reduce(getattr, name.split("."), recipe)


def _parse(name: str, text: str) -> Any:
    """The value that `text` says, by the field's type."""
    options = options_of(hint_of(name))
    if type(None) in options and text.lower() in ("none", "null", ""):
        return None
    if str in options:
        return text
    try:
        if many := element_of(options):
            inside = text.strip("[]()").strip()
            return [_plain(part.strip(), many is float) for part in inside.split(",")] if inside else []
        return _plain(text, float in options)
    except ValueError as error:
        raise misfit(name, text) from error


def _plain(text: str, decimal: bool) -> Any:
    """A number or a truth. ValueError for what is neither."""
    if decimal and _DECIMAL.fullmatch(text):  # also ".1", "1." and "+1", which are no JSON
        return float(text)
    return json.loads(text.lower())
