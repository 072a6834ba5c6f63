"""Prediction: class names and probabilities for photographs, with the net's own preprocessing."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reslab.data import fit_picture, in_threads, quiet, read_photo
from reslab.engine import Request, same_settings, settled
from reslab.errors import DataError, UsageError
from reslab.evaluation.ensemble import Member, members_of
from reslab.evaluation.pictures import Named, Picture, named_pictures
from reslab.evaluation.probabilities import answering
from reslab.evaluation.scores import execution_to_ask
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
    searched for photographs, and what is left out there is said. What is in memory is called "images[2]", by its place
    among those given. A photograph that cannot be read gives a Prediction with `error`. PyTorch runs the net, with all
    cores unless `request` says otherwise, and its settings are the caller's between two answers. What `load` gives of
    an exported file is asked as it stands.

    Raises at the call DataError for a path that does not exist and UsageError for what is no picture, but for those of
    a stream, which are not looked at before their turn.
    """
    if top < 1:
        raise UsageError(f"--top {top}: ask for at least 1 class")
    pictures = iter(named_pictures(images, say))
    [member] = members_of([run_or_classifier], request, residual, say, execution_to_ask)
    return _answers(member, pictures, top)


def _answers(member: Member, pictures: Iterator[Named], top: int) -> Iterator[Prediction]:
    """A batch at a time, so that a film is not kept in memory."""
    net, execution = member.classifier, member.execution
    with same_settings():  # which an engine changes when it is made
        answer = answering(net, execution)
    while batch := list(islice(pictures, BATCH)):
        seen = _pixels(batch, net.size)
        good = [pixels for pixels in seen if isinstance(pixels, np.ndarray)]
        with settled(execution):
            found = iter(answer(np.stack(good)) if good else ())
        for (name, _), pixels in zip(batch, seen, strict=True):
            if isinstance(pixels, DataError):
                yield Prediction(name, (), (), str(pixels))
            else:
                yield _ranked(name, next(found), net.classes, top)


Pixels = NDArray[np.uint8] | DataError  # (size, size, 3), or why there are none


def _pixels(batch: list[Named], size: int) -> list[Pixels]:
    """What the net sees of each picture: files are read in threads, what is in memory is not for several at once."""
    files = [picture for _, picture in batch if isinstance(picture, Path)]
    read = iter(list(in_threads(partial(_read, size=size), files)))
    with quiet():
        return [next(read) if isinstance(picture, Path) else _fitted(name, picture, size) for name, picture in batch]


def _read(file: Path, size: int) -> Pixels:
    try:
        return read_photo(file, size)
    except DataError as error:
        return error


def _fitted(name: str, picture: Image.Image | NDArray[np.uint8], size: int) -> Pixels:
    try:
        return fit_picture(picture, size, name)
    except DataError as error:
        return error


def _ranked(name: str, probabilities: np.ndarray, classes: tuple[str, ...], top: int) -> Prediction:
    order = np.argsort(-probabilities, kind="stable")[:top]
    return Prediction(name, tuple(classes[i] for i in order), tuple(round(float(probabilities[i]), 6) for i in order))
