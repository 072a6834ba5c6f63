"""A run as it lies on disk, to read: what reports and tables are made from, without its data set."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reslab.store.predictions import Predictions


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
