"""What levers are worth: of every recorded sweep a table, and what was held fixed in it."""

import json
from collections.abc import Sequence
from typing import Any

from reslab.experiments.measured import Result
from reslab.experiments.seeds import counting_text
from reslab.experiments.sweep_table import base_of_values, base_text, points_table
from reslab.reporting import markdown_text
from reslab.reporting.recipes import dotted, learned_images, value_text
from reslab.reporting.rounding import epochs_text
from reslab.training import Recipe, told_departures


def levers_tables(sweeps: Sequence[Result]) -> str:
    """Of each sweep its heading, what was held fixed, its table, and the machine, as Markdown."""
    return "\n\n".join(_part(sweep["result"]) for sweep in sorted(sweeps, key=_place))


def _place(sweep: Result) -> tuple[str, str, int, str]:
    """Where a sweep stands among others: those of one data set and net beside each other, the longest first."""
    recipe = _base_recipe(sweep["result"])
    return recipe.data.name, recipe.model.name, -recipe.steps, sweep["name"]


def _part(values: dict[str, Any]) -> str:
    return "\n\n".join([f"### {_heading(values)}", _fixed(values), points_table(values).strip(), _rests_on(values)])


def _heading(values: dict[str, Any]) -> str:
    """ "caltech-10: resnet18, `small`, 60 epochs"; what the sweep varies is left out."""
    recipe, varied = _base_recipe(values), _fields(values)
    net = [] if "model" in varied else [recipe.model.name]
    epochs = {run["epochs"] for point in values["points"] for run in point["runs"]}
    length = [f"{epochs_text(*epochs)} epochs"] if len(epochs) == 1 else []
    return f"{markdown_text(values['data'])}: {', '.join([*net, f'`{recipe.name}`', *length])}"


def _fixed(values: dict[str, Any]) -> str:
    """What all points have in common, besides the heading: images, size, seeds, and what is not the preset's."""
    recipe, first, last = _base_recipe(values), values["seeds"][0], values["seeds"][-1]
    split = [f"split {values['split']}"] if values["split"] else []
    seeds = f"seed {first}" if first == last else f"seeds {first} to {last}"
    words = [*split, f"{_images(values):,} training images", f"{recipe.data.size} px", seeds, *_departing(values)]
    return markdown_text(", ".join(words)) + "."


def _departing(values: dict[str, Any]) -> list[str]:
    """What was set otherwise than the preset has it, in all points: "batch 32"."""
    recipe, others = _base_recipe(values), [dotted(point["recipe"]) for point in values["points"]]
    of_all = recipe.data.images is None
    found = told_departures(recipe, _images(values) if of_all else None)
    alike = {name for name in found if len({json.dumps(other.get(name)) for other in others}) == 1}
    return [f"{name.rpartition('.')[2]} {value_text(value)}" for name, value in found.items() if name in alike]


def _rests_on(values: dict[str, Any]) -> str:
    machines = " ".join(f"Machine: {machine}." for machine in values["machines"])
    counting = counting_text(values["points"][0], "val")
    return f"The difference is to {base_text(values)}; {counting} {machines}"


def _fields(values: dict[str, Any]) -> set[str]:
    return {axis["field"] for axis in values["axes"]}


def _base_recipe(values: dict[str, Any]) -> Recipe:
    return Recipe.from_dict(base_of_values(values)["recipe"])


def _images(values: dict[str, Any]) -> int:
    run = base_of_values(values)["runs"][0]
    return learned_images(_base_recipe(values), run["epochs"], run["train_images"])
