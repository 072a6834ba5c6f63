"""A run as it lies on disk, to read: what reports and tables are made from, without its data set."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reslab.errors import RunError
from reslab.store.predictions import Predictions, read_predictions
from reslab.store.run_folder import DIVERGED, ENVIRONMENT, PREDICTIONS, RECIPE, RESULT, RunFolder
from reslab.store.trained_places import trained_hint, trained_model


@dataclass(frozen=True)
class Record:
    """One run. `result` is empty and `predictions` has no split while the run is not finished."""

    name: str
    path: Path  # what `load` and the command line know it by: its folder, or the name of a trained net
    recipe: dict[str, Any]
    environment: dict[str, Any]
    metrics: list[dict[str, Any]]
    result: dict[str, Any]
    classes: tuple[str, ...]
    predictions: dict[str, Predictions]
    diverged: int | None = None  # the step at which the loss was no longer a number
    measured: dict[str, Any] = field(default_factory=dict)  # of a trained net, after its training


def read_record(path: str | Path) -> Record:
    """The record of the run in folder `path`, or of a trained net by its name.

    Raises RunError where it is no run folder, or a file in it is torn.
    """
    if trained_model(Path(path)):
        from reslab.store.trained_nets import trained_record  # which makes a record, and so imports this file

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
