"""Where records are read from: the folder of a run, or the trained nets that ship with the package."""

from pathlib import Path

from reslab.errors import RunError
from reslab.store.predictions import read_predictions
from reslab.store.record import Record
from reslab.store.run_folder import DIVERGED, ENVIRONMENT, PREDICTIONS, RECIPE, RESULT, RunFolder
from reslab.store.trained_nets import trained_record
from reslab.store.trained_places import trained_hint, trained_model


def read_record(path: str | Path) -> Record:
    """The record of the run in folder `path`, or of a trained net by its name.

    Raises RunError where it is no run folder, or a file in it is torn.
    """
    if trained_model(Path(path)):
        return trained_record(str(path))
    folder = RunFolder(Path(path))
    recipe = folder.recipe()
    if recipe is None:
        what = f"{path} is no run folder: it has no {RECIPE}" if folder.path.exists() else f"no run folder {path}"
        raise RunError(f"{what} (reslab train makes one){trained_hint(Path(path))}")
    stored = folder.path / PREDICTIONS
    predictions, classes = read_predictions(stored) if stored.is_file() else ({}, ())
    return Record(
        name=folder.path.resolve().name,
        path=folder.path,
        recipe=recipe,
        environment=folder.read(ENVIRONMENT) or {},
        metrics=folder.metrics(),
        result=folder.read(RESULT) or {},
        classes=classes,
        predictions=predictions,
        diverged=(folder.read(DIVERGED) or {}).get("step"),
    )
