"""A run that is done: its recorded result, for which nothing of its data is read; they may be gone."""

from pathlib import Path
from typing import Any

from reslab.data import FolderIndex, data_root, find_folder, is_table, root_of
from reslab.engine import this_machine
from reslab.errors import DataError, RunError, UsageError
from reslab.nets import Residual
from reslab.store import MODEL_FILE, RESULT, SPLIT, RunFolder, why_no_model
from reslab.training.continuing import recorded_execution, same_recipe, same_residual, write_place
from reslab.training.normalisation import normalised_otherwise
from reslab.training.recipe import Recipe
from reslab.training.surroundings import Surroundings


def recorded_result(
    recipe: Recipe,
    run: Path,
    around: Surroundings,
    data: str | Path | None = None,
    residual: Residual | None = None,
) -> dict[str, Any] | None:
    """The result of a finished run; None where it is not finished.

    `data`, where its photographs are said to lie, is written down if they lie there; `residual` is its residual
    function, where that is one's own. Raises RunError where the run is of another recipe or its model is gone,
    DataError where other photographs lie in `data`, UsageError where nothing does, and nothing did, and where that
    function has changed.
    """
    folder = RunFolder(run)
    if (result := folder.read(RESULT)) is None:
        return None
    same_residual(recipe, run, residual)
    same_recipe(recipe, folder)
    if not (run / MODEL_FILE).is_file():
        raise RunError(why_no_model(run))
    environment, _ = recorded_execution(folder, around.request.within(this_machine(), around.say))
    place = None if data is None else _new_place(folder, data, around.data_root)
    if place and environment.get("folder") != str(place):
        with folder.locked():
            write_place(folder, environment, place)
    if words := normalised_otherwise(recipe, folder):
        around.say(words)
    around.say(f"{folder.path} is done; this is its recorded result")
    return {**result, "run": str(folder.path)}


def images_of(recipe: Recipe, run: Path) -> int | None:
    """How many training images a finished run has in an epoch; None where it is not finished."""
    folder = RunFolder(run)
    if (result := folder.read(RESULT)) is None:
        return None
    written = folder.read(SPLIT)
    there = len(FolderIndex.from_dict(written).files["train"]) if written else int(result["train_images"])
    return recipe.data.images or there


def _new_place(folder: RunFolder, data: str | Path, root: Path | None) -> Path | None:
    """Where the photographs of a run lie now; None where they are not there, but were."""
    written, before = folder.read(SPLIT), folder.photographs()
    if not written:
        return None
    try:
        place = find_folder(data, root)
    except UsageError:
        table = FolderIndex.from_dict(written).table
        gone = (Path(data).expanduser(), data_root(root) / data)
        lay = [place.absolute().parent if table else place for place in gone if not table or place.name == table]
        if before and before in (place.resolve() for place in lay):
            return None
        raise
    if not FolderIndex.from_dict(written).lies_in(place):
        holds = "name, or names otherwise," if is_table(place) else "hold"
        raise DataError(
            f"{place.resolve()} does not {holds} the photographs that {folder.path} was trained on; for others, give "
            "another --run"
        )
    return root_of(place).resolve()
