"""A run folder that is there already, and what the command line says besides: it goes on by its own recipe."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reslab.cli.options import Number, Text

if TYPE_CHECKING:
    from reslab.data import Dataset
    from reslab.training import Recipe, Surroundings


def existing_recipe(run: Path) -> "Recipe | None":
    """The recipe of a run folder; None where the run is new. Raises UsageError where something else lies there."""
    from reslab.store import RunFolder
    from reslab.training import Recipe

    folder = RunFolder(run)
    folder.refuse_foreign()
    written = folder.recipe()
    return Recipe.from_dict(written) if written else None


def asked_fields(
    data: Text,
    model: Text,
    shortcut: Text,
    stride_in: Text,
    preset: Text,
    split: Text,
    steps: Number,
    batch: Number,
    lr: float | None,
    seed: Number,
    size: Number,
    start: Text,
    freeze: Text,
    teacher: Text,
    assign: list[str] | None,
) -> dict[str, Any]:
    """Fields of a recipe, by dotted name, that options name; of a folder of photographs, which may move, nothing."""
    from reslab.data import NAMES
    from reslab.nets import canonical
    from reslab.training import place_of, read_field, read_fields, refuse_twice

    asked: dict[str, Any] = {
        "data.name": data if data in NAMES else None,
        "data.split": None if split == "default" else split,
        "data.size": size,
        "model.name": model,
        "model.shortcut": shortcut,
        "model.stride_in": stride_in,
        "model.start": None if start is None else place_of(start),
        "teacher.net": None if teacher is None else place_of(teacher),
        "name": preset,
        "seed": seed,
        "batch": batch,
        "optimizer.lr": lr,
        "schedule.steps": steps,
    }
    asked = {name: value for name, value in asked.items() if value is not None}
    if freeze is not None:
        asked |= [read_field(f"model.frozen={freeze}")]  # "none" is none
    set_to = read_fields(assign or [])
    refuse_twice(set_to, asked)
    asked |= set_to
    if "model.name" in asked:
        asked["model.name"] = canonical(asked["model.name"])
    return asked


def result_as_asked(
    recipe: "Recipe",
    run: Path,
    around: "Surroundings",
    data: Text,
    asked: dict[str, Any],
    steps: Number,
    epochs: float | None,
) -> dict[str, Any] | None:
    """The recorded result of an existing run, without its data; None where it is not finished.

    Raises UsageError for options that contradict the run's recipe.
    """
    from reslab.training import images_of, recorded_result

    if (images := images_of(recipe, run)) is None:
        return None
    _refuse_changes(recipe, run, data, asked)
    _refuse_length(recipe, run, images, steps, epochs)
    return recorded_result(recipe, run, around, data)


def data_as_asked(
    recipe: "Recipe",
    run: Path,
    around: "Surroundings",
    data: Text,
    asked: dict[str, Any],
    steps: Number,
    epochs: float | None,
) -> "Dataset":
    """The data set of an existing run: its own, or photographs that lie in `data` now.

    Raises UsageError, before any photograph is read where it can be, for options that contradict the run's recipe.
    """
    from reslab.training import data_of_run
    from reslab.training.continuing import refuse_other_execution

    _refuse_changes(recipe, run, data, asked)
    refuse_other_execution(run, around.request)
    dataset = data_of_run(recipe, run, around, data if _is_folder(recipe) else None)
    _refuse_length(recipe, run, recipe.data.images or len(dataset.splits["train"]), steps, epochs)
    return dataset


def _is_folder(recipe: "Recipe") -> bool:
    return recipe.data.fingerprint is not None


def _refuse_changes(recipe: "Recipe", run: Path, data: Text, asked: dict[str, Any]) -> None:
    from reslab.training import refuse_changes

    if frozen := asked.get("model.frozen"):
        asked = {**asked, "model.frozen": replace(recipe.model, frozen=frozen).frozen}  # body: of this net
    refuse_changes(recipe, run, asked if _is_folder(recipe) or data is None else {**asked, "data.name": data})


def _refuse_length(recipe: "Recipe", run: Path, images: int, steps: Number, epochs: float | None) -> None:
    from reslab.training import lasting, refuse_changes

    refuse_changes(recipe, run, {"schedule.steps": lasting(recipe, images, steps, epochs).steps})
