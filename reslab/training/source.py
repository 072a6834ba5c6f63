"""The data set of a run, and the recipe that suits it."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reslab.data import Dataset, FolderIndex, load_dataset
from reslab.errors import DataError, UsageError, as_typed
from reslab.nets import Residual, name_of, named_residual
from reslab.store import SPLIT, RunFolder
from reslab.training.fields import fitting_fields, refuse_idle, refuse_twice, with_values
from reslab.training.presets import Facts, make_recipe, of_length
from reslab.training.recipe import Recipe
from reslab.training.rules import check_pixels
from reslab.training.start import Asked, like, refuse_unfreezable, with_start
from reslab.training.surroundings import Surroundings
from reslab.training.teacher import refuse_no_teacher, with_teacher


def facts_of(dataset: Dataset, split: str | None = None) -> Facts:
    """What a recipe needs to know of a data set."""
    official = dataset.folder is None
    cifar = dataset.name.startswith("cifar") and official
    fold = dataset.index.fold if dataset.index else ""
    return Facts(
        name=dataset.name,
        classes=len(dataset.classes),
        size=dataset.size,
        train_images=len(dataset.splits["train"]),
        mirror=dataset.mirror,
        official=official,
        split=(split or "45k/5k") if cifar else fold or None,
        fingerprint=dataset.fingerprint or None,
    )


def recipe_for(
    data: str | Path = "digits",
    *,
    model: str | None = None,
    recipe: str | None = None,
    shortcut: str | None = None,
    stride_in: str | None = None,
    split: str | None = None,
    size: int | None = None,
    steps: int | None = None,
    epochs: float | None = None,
    batch: int | None = None,
    lr: float | None = None,
    seed: int = 0,
    start: str | Path | None = None,
    freeze: str | None = None,
    teacher: str | Path | None = None,
    fields: Mapping[str, Any] | None = None,
    residual: Residual | None = None,
    around: Surroundings | None = None,
) -> Recipe:
    """The recipe of the house for a data set, by the names of `reslab train`: `recipe_for("cifar10", epochs=5)`.

    `split` is one of CIFAR's, or holds out a fold of photographs, "fold2/5". `start` is a run folder, a model file or
    the name of a trained net to start from (fine-tuning). `freeze` is the last part of it that stays as it came,
    "stage2", or "body" for all but the last with weights, the head. `teacher` is a trained net of the same classes,
    whose answers are learned beside the labels (distillation). `fields` are any other fields by their dotted
    names, as of `--set`: {"augment.erase": 0.25, "balance": 1}. `residual` is a residual function of one's own.

    Raises UsageError for names that do not exist and values that make no sense, DataError where the data set is missing
    or damaged.
    """
    start, around = None if start is None else str(start), around or Surroundings()
    teacher = None if teacher is None else str(teacher)
    told = {"optimizer.lr": lr, "model.frozen": None if freeze in ("none", "") else freeze}
    set_to = fitting_fields(fields or {})
    refuse_twice(set_to, {**told, "data.split": split, "data.size": size})
    values = {name: value for name, value in told.items() if value is not None} | set_to
    if residual:
        values.setdefault("model.residual", name_of(residual))
    function = residual or named_residual(values.get("model.residual"))
    # What decides how the data are read.
    split, size = values.get("data.split", split), values.get("data.size", size)
    asked = like(start, Asked(model, shortcut, stride_in, size), data, around.say, function)
    refuse_unfreezable(freeze, start, asked)
    refuse_no_teacher(teacher)
    dataset = read_data(data, split, asked.size, around)
    return recipe_on(dataset, split, asked, recipe, start, seed, batch, steps, epochs, values, function, teacher)


def recipe_on(
    dataset: Dataset,
    split: str | None,
    asked: Asked,
    preset: str | None,
    start: str | None,
    seed: int,
    batch: int | None,
    steps: int | None,
    epochs: float | None,
    fields: Mapping[str, Any],
    residual: Residual | None = None,
    teacher: str | None = None,
) -> Recipe:
    """The preset for a data set that is read, with `fields` that are to be otherwise.

    Steps, epochs and the field schedule.steps stretch the schedule, and without these the field batch makes it as long
    as the argument does; what `fields` say otherwise of the schedule is said of the stretched one. `residual` is the
    function that `fields` name, if they do. Raises UsageError for what is said twice, too, by an argument and by a
    field.
    """
    if follows := {"teacher.net", "teacher.digest"} & fields.keys():
        raise UsageError(f"{min(follows)}: the net that teaches is named by --teacher (in Python: teacher=...)")
    length = steps if epochs is None else epochs
    told = {"model.name": asked.model, "model.shortcut": asked.shortcut, "model.stride_in": asked.stride_in}
    refuse_twice(fields, {**told, "batch": batch, "seed": seed or None, "schedule.steps": length})
    asked = _named_in(fields, asked)
    facts, net = facts_of(dataset, split), (asked.model, preset, asked.shortcut, asked.stride_in)
    if length is None and "schedule.steps" not in fields:
        batch = fields.get("batch", batch)  # the preset's epochs are as many steps of these
    chosen = make_recipe(facts, *net, seed, batch, brief=start is not None)
    chosen = with_values(chosen, {name: value for name, value in fields.items() if name == "model.residual"})
    chosen = with_teacher(with_start(chosen, start, residual), teacher)
    of_net = ("model.name", "model.shortcut", "model.stride_in")
    of_schedule = {name: value for name, value in fields.items() if name.startswith("schedule.")}
    left = {name: value for name, value in fields.items() if name not in of_schedule and name not in of_net}
    chosen = with_values(chosen, left)
    steps = of_schedule.pop("schedule.steps", steps)
    chosen = lasting(chosen, chosen.data.images or len(dataset.splits["train"]), steps, epochs)
    own_rate = {name: value for name, value in fields.items() if name == "optimizer.lr"}  # whatever the length
    chosen = with_values(chosen, {**of_schedule, **own_rate})
    refuse_idle(chosen, fields)
    return chosen


def _named_in(fields: Mapping[str, Any], asked: Asked) -> Asked:
    """The net that `fields` name, where nothing else does: what follows from a net follows from that one."""
    return Asked(
        fields.get("model.name", asked.model),
        fields.get("model.shortcut", asked.shortcut),
        fields.get("model.stride_in", asked.stride_in),
        asked.size,
    )


def lasting(recipe: Recipe, train_images: int, steps: int | None, epochs: float | None) -> Recipe:
    """The recipe over so many steps or epochs, with its preset's rate for them; as it is where both are None."""
    if steps is not None and epochs is not None:
        raise UsageError("steps and epochs say the same thing: give one of them")
    if epochs is not None:
        if not 0 < epochs < math.inf:
            raise UsageError(f"epochs {epochs}: a run needs more than 0 epochs, and an end")
        steps = max(1, round(epochs * train_images / recipe.candidates))
    return recipe if steps is None else of_length(recipe.stretched(steps))


def read_data(
    name: str | Path,
    split: str | None,
    size: int | None,
    around: Surroundings,
    run: Path | None = None,
    counted: bool = False,
) -> Dataset:
    """A data set; for a run that wrote down its split of a folder, in that split. `counted`: see `load_folder`."""
    if size is not None:
        check_pixels(size)  # before thousands of photographs are decoded
    written = RunFolder(run).read(SPLIT) if run else None
    return load_dataset(
        name,
        split=split,
        size=size,
        root=around.data_root,
        download=around.download,
        url=around.url,
        on_bad=around.on_bad,
        index=FolderIndex.from_dict(written) if written else None,
        say=around.say,
        progress=around.reading,
        counted=counted,
    )


def data_of_run(recipe: Recipe, run: Path, around: Surroundings, place: str | Path | None = None) -> Dataset:
    """The data set that an existing run trains on; a folder of photographs from where it lay then, or from `place`.

    Photographs are told by their fingerprint, whatever their folder is called now. Raises UsageError where they are not
    there any more, and says how to name their new place.
    """
    if recipe.data.fingerprint is None:
        return read_data(recipe.data.name, recipe.data.split, recipe.data.size, around, run)
    before = RunFolder(run).photographs()
    if place is None and before and not before.is_dir():
        again = f"reslab train NEW_PLACE --run {as_typed(run)}"
        raise UsageError(f"the photographs of {run} are not in {before} any more; {again}")
    try:
        where = place or before or recipe.data.name
        dataset = read_data(where, recipe.data.split, recipe.data.size, around, run)
    except DataError as error:
        if place is None:
            raise
        raise DataError(f"{error}; {run} goes on with its own photographs: for others, give another --run") from error
    return replace(dataset, name=recipe.data.name)
