"""Prediction: class names and probabilities for photographs, with the net's own preprocessing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reslab.data import PHOTO_SUFFIXES, Images, quiet, read_photo
from reslab.engine import Request
from reslab.errors import DataError, UsageError
from reslab.evaluation.error import softmax
from reslab.evaluation.scores import execution_for, on_engine, single_view
from reslab.nets import Residual
from reslab.store import Classifier, load

BATCH = 64


@dataclass(frozen=True)
class Prediction:
    """The answer to one photograph: classes and their probabilities, the most probable first."""

    path: str
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    error: str | None = None  # why it could not be read

    def to_dict(self) -> dict[str, Any]:
        if self.error:
            return {"path": self.path, "error": self.error}
        ranking = [{"name": n, "probability": p} for n, p in zip(self.classes, self.probabilities, strict=True)]
        return {"path": self.path, "name": self.classes[0], "probability": self.probabilities[0], "top": ranking}


def predict(
    run_or_classifier: str | Path | Classifier,
    images: Iterable[str | Path],
    *,
    top: int = 5,
    request: Request | None = None,
    residual: Residual | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Prediction]:
    """The `top` most probable classes of every photograph, in order; folders are searched for photographs.

    A photograph that cannot be read gives a Prediction with `error`. Raises DataError for a path that does not exist.
    """
    if top < 1:
        raise UsageError(f"--top {top}: ask for at least 1 class")
    paths = photographs(images)
    classifier = run_or_classifier if isinstance(run_or_classifier, Classifier) else load(run_or_classifier, residual)
    place = None if isinstance(run_or_classifier, Classifier) else Path(run_or_classifier)
    execution = execution_for(place, request, classifier, say)
    engine, weights, statistics = on_engine(classifier, execution)
    for start in range(0, len(paths), BATCH):
        read = [_read(path, classifier.size) for path in paths[start : start + BATCH]]
        good = [pixels for pixels in read if isinstance(pixels, np.ndarray)]
        scores = iter(())
        if good:
            batch = Images(np.stack(good), np.zeros(len(good), np.int64))
            scores = iter(softmax(single_view(engine, weights, statistics, batch)))
        for path, pixels in zip(paths[start : start + BATCH], read, strict=True):
            if isinstance(pixels, DataError):
                yield Prediction(str(path), (), (), str(pixels))
            else:
                yield _ranked(path, next(scores), classifier.classes, top)


def photographs(images: Iterable[str | Path]) -> list[Path]:
    """Files as given, and every visible photograph below folders, sorted. Raises DataError for what is not there."""
    found: list[Path] = []
    for given in map(Path, images):
        if given.is_dir():
            inside = sorted(p for p in given.rglob("*") if p.suffix.lower() in PHOTO_SUFFIXES and p.is_file())
            visible = [p for p in inside if not any(part.startswith(".") for part in p.relative_to(given).parts)]
            if not visible:
                raise DataError(f"no photograph in {given}")
            found += visible
        elif given.is_file():
            found.append(given)
        else:
            raise DataError(f"no file or folder {given}")
    if not found:
        raise UsageError("name at least one photograph or folder")
    return found


def _read(path: Path, size: int) -> np.ndarray | DataError:
    try:
        with quiet():
            return read_photo(path, size)
    except DataError as error:
        return error


def _ranked(path: Path, probabilities: np.ndarray, classes: tuple[str, ...], top: int) -> Prediction:
    order = np.argsort(-probabilities, kind="stable")[:top]
    return Prediction(
        str(path), tuple(classes[i] for i in order), tuple(round(float(probabilities[i]), 6) for i in order)
    )
