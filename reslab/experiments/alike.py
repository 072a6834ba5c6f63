"""Runs that are compared must have one recipe: what differs between them besides the net and the seed."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from reslab.errors import RunError
from reslab.experiments.experiment import Experiment, Result
from reslab.training import Recipe
from reslab.training.recipe import flat

# What a net brings with it: its name and shortcut, and the warm-up that sec. 4.2 gives to 110 layers and more.
OF_THE_NET = ("model.name", "model.shortcut", "model.stride_in", "schedule.warmup_steps", "schedule.warmup_lr")


def refuse_mixed(experiment: Experiment, found: Sequence[tuple[str, Result]]) -> None:
    """Raises RunError, with what differs, a line a field, where (label, run) are not all of one recipe."""
    differing = mixed(found, experiment.may_differ)
    if differing:
        raise RunError(f"{experiment.name} compares runs of one recipe, and these differ in:", differing)


def mixed(found: Sequence[tuple[str, Result]], may_differ: Sequence[str] = ()) -> list[str]:
    """The fields in which the recipes differ, with their values and the first run that has each."""
    free = {"name", "seed", *OF_THE_NET, *may_differ}
    values: dict[str, dict[str, str]] = {}
    for _, run in found:
        recipe = replace(Recipe.from_dict(run["recipe"]), seed=0)
        for field, value in flat(asdict(recipe)).items():
            if field not in free:
                values.setdefault(field, {}).setdefault(str(value), run["name"])
    return [
        f"{field}: {', '.join(f'{value} ({name})' for value, name in each.items())}"
        for field, each in values.items()
        if len(each) > 1
    ]
