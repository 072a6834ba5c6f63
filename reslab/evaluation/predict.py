"""Prediction: class names and probabilities for photographs, with the net's own preprocessing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reslab.data import fit_picture, quiet, read_photo
from reslab.engine import Request
from reslab.errors import DataError, UsageError
from reslab.evaluation.ensemble import members_of
from reslab.evaluation.pictures import Picture, named_pictures
from reslab.evaluation.probabilities import answering
from reslab.nets import Residual
from reslab.store import Classifier, ExportedNet

BATCH = 64


@dataclass(frozen=True)
class Prediction:
    """The answer to one photograph: classes and their probabilities, the most probable first."""

    path: str  # "images[2]": the third of those given, which is in memory
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    error: str | None = None  # why it could not be read

    def to_dict(self) -> dict[str, Any]:
        if self.error:
            return {"path": self.path, "error": self.error}
        ranking = [{"name": n, "probability": p} for n, p in zip(self.classes, self.probabilities, strict=True)]
        return {"path": self.path, "name": self.classes[0], "probability": self.probabilities[0], "top": ranking}


def predict(
    run_or_classifier: str | Path | Classifier | ExportedNet,
    images: Picture | Iterable[Picture],
    *,
    top: int = 5,
    request: Request | None = None,
    residual: Residual | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Prediction]:
    """The `top` most probable classes of every picture, in order: of one, or of as many as are given.

    A picture is a photograph's path, a PIL image, or RGB pixels as a uint8 array (H, W, 3), of any size; folders are
    searched for photographs. What is in memory is called "images[2]", by its place among those given. A photograph
    that cannot be read gives a Prediction with `error`. Raises DataError for a path that does not exist, UsageError for
    what is no picture. What `load` gives of an exported file is asked as it stands.
    """
    if top < 1:
        raise UsageError(f"--top {top}: ask for at least 1 class")
    pictures = named_pictures(images)
    [member] = members_of([run_or_classifier], request, residual, say)
    net, answer = member.classifier, answering(member.classifier, member.execution)
    read = ((name, _read(name, picture, net.size)) for name, picture in pictures)
    while batch := list(islice(read, BATCH)):
        good = [pixels for _, pixels in batch if isinstance(pixels, np.ndarray)]
        found = iter(answer(np.stack(good)) if good else ())
        for name, pixels in batch:
            if isinstance(pixels, DataError):
                yield Prediction(name, (), (), str(pixels))
            else:
                yield _ranked(name, next(found), net.classes, top)


def _read(name: str, picture: Path | Image.Image | NDArray[np.uint8], size: int) -> NDArray[np.uint8] | DataError:
    try:
        with quiet():
            return read_photo(picture, size) if isinstance(picture, Path) else fit_picture(picture, size, name)
    except DataError as error:
        return error


def _ranked(name: str, probabilities: np.ndarray, classes: tuple[str, ...], top: int) -> Prediction:
    order = np.argsort(-probabilities, kind="stable")[:top]
    return Prediction(name, tuple(classes[i] for i in order), tuple(round(float(probabilities[i]), 6) for i in order))
