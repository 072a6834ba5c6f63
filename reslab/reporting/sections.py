"""One run on the page: what it got wrong, and what it was made by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reslab.errors import as_typed
from reslab.evaluation import (
    ClassError,
    Confusion,
    balanced,
    class_errors,
    confusion_matrix,
    confusions,
    mean_class_error,
)
from reslab.reporting.pictures import PIXELATED, heat_map, png_uri
from reslab.reporting.recipes import data_name, dotted, model_name, value_text
from reslab.reporting.reliability import Reliability, reliability_of
from reslab.reporting.results import SPLITS, Measured, measured
from reslab.reporting.rounding import finite
from reslab.store import Predictions, Record

MATRIX_CLASSES = 25  # more columns are a picture, not a table
MOST_MISTAKES = 24
MOST_CONFUSIONS = 20
MOST_CLASSES = 25  # listed at once; the others are folded away


@dataclass(frozen=True)
class Cell:
    """One count of the confusion matrix; `depth` in 0..1 is how strongly it is shaded."""

    count: int
    right: bool
    depth: float
    says: str


@dataclass(frozen=True)
class Mistake:
    """A picture that was taken for something else, and how sure the net was."""

    picture: str
    small: bool
    true: str
    predicted: str
    probability: float


@dataclass(frozen=True)
class Answers:
    """What a run answered on one split."""

    split: str
    images: int
    wrong: int
    names: list[str]
    matrix: list[list[Cell]]  # empty where there are too many classes for a table
    heat_map: str | None
    confusions: list[Confusion]
    classes: list[ClassError]
    balanced: bool
    mean_error: float
    mistakes: list[Mistake]


@dataclass(frozen=True)
class Progress:
    """How far a run is that has not finished."""

    step: int
    steps: int | None
    val_error: float | None
    val_images: int | None
    command: str
    diverged: int | None  # the step at which the loss was no longer a number


@dataclass(frozen=True)
class Field:
    """A line of the recipe or machine; `differs` from the other runs of this page."""

    name: str
    text: str
    differs: bool = False


@dataclass(frozen=True)
class RunSection:
    """Everything the page says of one run."""

    anchor: str
    label: str
    name: str
    model: str
    data: str
    result: dict[str, Any]
    measured: dict[str, Measured]
    progress: Progress | None
    answers: Answers | None
    reliability: Reliability | None
    recipe: list[Field]
    announcement: str
    machine: list[tuple[str, list[Field]]]

    def number(self, key: str, show: Callable[[float], str]) -> str:
        """A number of the result in the words of `show`; empty where it is not known."""
        value = finite(self.result.get(key))
        return "" if value is None else show(value)


def run_section(place: int, record: Record, label: str, differing: set[str]) -> RunSection:
    split = _judged_split(record)
    recipe = [Field(k, value_text(v), k in differing) for k, v in dotted(record.recipe).items()]
    return RunSection(
        anchor=f"run{place + 1}",
        label=label,
        name=record.name,
        model=model_name(record),
        data=data_name(record),
        result=record.result,
        measured=measured(record),
        progress=None if record.result else _progress(record),
        answers=_judged(SPLITS.get(split, split), record.predictions[split], record.classes) if split else None,
        reliability=reliability_of(record, split, SPLITS.get(split, split)) if split else None,
        recipe=recipe,
        announcement=str(record.environment.get("announcement") or ""),
        machine=_machine(record.environment),
    )


def _progress(record: Record) -> Progress:
    steps = finite(record.recipe.get("schedule", {}).get("steps"))
    step = max((int(finite(line.get("step")) or 0) for line in record.metrics), default=0)
    evaluated = [line for line in record.metrics if finite(line.get("val_error")) is not None]
    last = evaluated[-1] if evaluated else {}
    images = finite(last.get("val_images"))
    return Progress(
        step=step,
        steps=None if steps is None else int(steps),
        val_error=finite(last.get("val_error")),
        val_images=None if images is None else int(images),
        command=f"reslab train --run {as_typed(record.path)}",
        diverged=record.diverged,
    )


def _judged_split(record: Record) -> str | None:
    """The test images where there are any, else the validation images; None where no answers are stored."""
    stored = [split for split, predictions in record.predictions.items() if len(predictions.labels)]
    return next((split for split in ("test", "val", *stored) if split in stored), None)


def _judged(split: str, predictions: Predictions, classes: tuple[str, ...]) -> Answers:
    count = predictions.probabilities.shape[1]
    names = [classes[i] if i < len(classes) else f"class {i}" for i in range(count)]
    matrix = confusion_matrix(predictions.labels, predictions.probabilities.argmax(axis=1), count)
    images, right = int(matrix.sum()), int(np.trace(matrix))
    of_classes = class_errors(matrix, names)
    as_table = count <= MATRIX_CLASSES
    return Answers(
        split=split,
        images=images,
        wrong=images - right,
        names=names,
        matrix=_cells(matrix, names) if as_table else [],
        heat_map=None if as_table else png_uri(heat_map(matrix)),
        confusions=[] if as_table else confusions(matrix, names, MOST_CONFUSIONS),
        classes=of_classes,
        balanced=balanced(of_classes),
        mean_error=mean_class_error(of_classes),
        mistakes=_mistakes(predictions, names),
    )


def _cells(matrix: NDArray[np.int64], names: list[str]) -> list[list[Cell]]:
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    # A tenth of a class is deep colour already: else the few mistakes of a good net would all look alike.
    deepest = max(0.1, float((shares - np.diag(np.diag(shares))).max()))
    rows = []
    for t, true in enumerate(names):
        row = []
        for p, predicted in enumerate(names):
            share = shares[t, p] if t == p else (shares[t, p] / deepest) ** 0.5
            says = f"{true}: right" if t == p else f"{true}, taken for {predicted}"
            row.append(Cell(int(matrix[t, p]), t == p, round(float(share), 3), says))
        rows.append(row)
    return rows


def _mistakes(predictions: Predictions, names: list[str]) -> list[Mistake]:
    mistakes = []
    for index, pixels in zip(predictions.worst[:MOST_MISTAKES], predictions.worst_images, strict=False):
        answer = int(predictions.probabilities[index].argmax())
        mistakes.append(
            Mistake(
                picture=png_uri(pixels),
                small=max(pixels.shape[:2]) <= PIXELATED,
                true=names[int(predictions.labels[index])],
                predicted=names[answer],
                probability=100 * float(predictions.probabilities[index, answer]),
            )
        )
    return mistakes


def _machine(environment: dict[str, Any]) -> list[tuple[str, list[Field]]]:
    """The groups of `environment.json`, whatever they are; not the announcement, nor a path of one's machine."""
    loose = [Field(k, value_text(v)) for k, v in environment.items() if not isinstance(v, dict) and k not in _APART]
    groups = [
        (group, [Field(k, value_text(v)) for k, v in dotted(values).items()])
        for group, values in environment.items()
        if isinstance(values, dict)
    ]
    return [(name, fields) for name, fields in [*groups, ("other", loose)] if fields]


_APART = ("announcement", "folder")
