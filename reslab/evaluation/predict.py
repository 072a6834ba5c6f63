"""Prediction: class names and probabilities for photographs, with the net's own preprocessing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reslab.data import keeps_mirrors
from reslab.engine import Request, same_settings
from reslab.errors import DataError, UsageError
from reslab.evaluation.asked import Asked, averaged
from reslab.evaluation.calibrated import Fitted
from reslab.evaluation.described import Describing
from reslab.evaluation.ensemble import Member, Net, changed_among, members_of, refuse_impossible, several
from reslab.evaluation.pictures import Named, Picture, named_pictures
from reslab.evaluation.probabilities import Answer, answering, portion_of
from reslab.evaluation.recorded import inside, temperature_for
from reslab.evaluation.scores import execution_to_ask
from reslab.evaluation.sights import sights_of
from reslab.evaluation.temperature import at_temperature
from reslab.evaluation.views import Scales, Views, mirror_note, scales_of, views_of
from reslab.nets import Residual
from reslab.progress import Say, silent
from reslab.store import Classifier, ExportedNet

BATCH = 64


@dataclass(frozen=True)
class Prediction:
    """The answer to one photograph: classes and their probabilities, the most probable first."""

    path: str  # "images[2]": the third of those given, which is in memory
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    error: str | None = None  # why it could not be read
    features: NDArray[np.float32] | None = field(default=None, compare=False, repr=False)  # (F,), if asked for

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the features."""
        if self.error:
            return {"path": self.path, "error": self.error}
        ranking = [{"name": n, "probability": p} for n, p in zip(self.classes, self.probabilities, strict=True)]
        return {"path": self.path, "name": self.classes[0], "probability": self.probabilities[0], "top": ranking}


def predict(
    run_or_classifier: Net,
    images: Picture | Iterable[Picture],
    *,
    top: int = 5,
    views: str | int | None = None,
    scales: Scales = (),
    ensemble: Net | Sequence[Net] | None = (),
    features: bool = False,
    calibrated: bool = False,
    request: Request | None = None,
    residual: Residual | None = None,
    say: Say = silent,
) -> Iterator[Prediction]:
    """The `top` most probable classes of every picture, in order: of one, or of as many as are given.

    A picture is a photograph's path, a file's content as bytes or an open file, a PIL image, or pixels as a uint8 array
    of any size, RGB (H, W, 3), RGBA (H, W, 4) or grey (H, W). Folders are searched for photographs, and what is left
    out there is said; of a table (.csv, .tsv) all that it names is asked about. What is in memory is called
    "images[2]", by its place among those given. A large JPEG is decoded at a half, a quarter or an eighth of its size,
    where that leaves enough pixels, as in training; of an array, and of a PIL image that is decoded already, all are
    scaled, so that the answer may differ a little. A photograph that cannot be read gives a Prediction with `error`.

    `views`, `scales` and `ensemble` are those of `evaluate` (sec. 3.4): of each net the mean probabilities over its
    views, of several nets the mean over them. With `features`, each answer has the features of the single net in its
    single view, what `Classifier.features` gives, in fp32 unless `request` says otherwise. With `calibrated`, the
    probabilities of the single net in its single view are given at the temperature that suits what its run recorded of
    its validation images best (see `recorded_temperature`); `say` is told which. An exported file that is calibrated
    already stays as it is, and that is said. PyTorch runs the nets, with all cores unless `request` says otherwise, and
    its settings are the caller's between two answers. What `load` gives of an exported file is asked as it stands.

    Raises at the call DataError for a path that does not exist and UsageError for what is no picture, but for those of
    a stream, which are not looked at before their turn; and UsageError as `evaluate` does.
    """
    scales = scales_of(scales)
    if top < 1:
        raise UsageError(f"--top {top}: ask for at least 1 class")
    pictures = iter(named_pictures(images, say))
    if features:
        request = _precise(request or Request())
    members = members_of((run_or_classifier, *several(ensemble)), request, residual, say, execution_to_ask)
    refuse_impossible(views, scales, members)
    for words in changed_among(members):
        say(words)
    about = members[0].classifier.identity
    mirror = about.fingerprint is not None or keeps_mirrors(about.data)  # a folder may be called "digits"
    chosen = [views_of(views, scales, member.classifier.size) for member in members]
    if chosen[0].flip and not mirror:
        say(mirror_note(about.data))
    if features or calibrated:
        _refuse_several("--features are those" if features else "--calibrated takes the temperature", members, chosen)
    fitted = _fitted(members[0].classifier, say) if calibrated else None
    with same_settings():  # which an engine changes when it is made
        if features:
            describing = Describing(members[0].classifier, members[0].execution)
            return _answers([Asked(members[0], chosen[0], _at(fitted, describing))], pictures, top, describing.take)
        asked = [
            Asked(member, seen, _at(fitted, answering(member.classifier, member.execution, seen.dense)))
            for member, seen in zip(members, chosen, strict=True)
        ]
    return _answers(asked, pictures, top)


def _precise(request: Request) -> Request:
    """Distances between features are small differences of large numbers: not in bf16, if nobody asks for that."""
    return replace(request, precision="fp32") if request.precision == "auto" else request


def _refuse_several(what: str, members: list[Member], views: list[Views]) -> None:
    """UsageError where there is more than one net in its single view."""
    if len(members) > 1 or views[0] != Views():
        raise UsageError(f"{what} of one net in its single view: leave out --ensemble, --views, --scales")


def _fitted(net: Classifier | ExportedNet, say: Say) -> Fitted | None:
    """The temperature of the answers, which is said; None where the net has one inside."""
    if words := inside(net):
        say(words)
        return None
    fitted = temperature_for(net)
    say(f"probabilities at temperature {fitted.temperature:.3f}, fitted on {fitted.on}")
    return fitted


def _at(fitted: Fitted | None, answer: Answer) -> Answer:
    """What answers at a temperature, if there is one."""
    if fitted is None:
        return answer
    return lambda pixels: at_temperature(answer(pixels), fitted.temperature).astype(np.float32)


def _answers(
    asked: list[Asked], pictures: Iterator[Named], top: int, take: Callable[[], NDArray[np.float32]] | None = None
) -> Iterator[Prediction]:
    """A batch at a time, so that a film is not kept in memory. `take` gives the features of those that were read."""
    looks = {look for one in asked for look in one.looks}
    together = min(BATCH, portion_of(max(look.side for look in looks)))
    classes = asked[0].member.classes
    while batch := list(islice(pictures, together)):
        seen = sights_of(batch, looks, asked[0].member.execution.threads)
        good = [sight for sight in seen if not isinstance(sight, DataError)]
        found = iter(averaged(asked, good)) if good else iter(())
        described = iter(take()) if take and good else None
        for (name, _), sight in zip(batch, seen, strict=True):
            if isinstance(sight, DataError):
                yield Prediction(name, (), (), str(sight))
            else:
                yield _ranked(name, next(found), classes, top, next(described) if described else None)


def _ranked(
    name: str,
    probabilities: NDArray[np.float64],
    classes: tuple[str, ...],
    top: int,
    features: NDArray[np.float32] | None,
) -> Prediction:
    order = np.argsort(-probabilities, kind="stable")[:top]
    return Prediction(
        name,
        tuple(classes[i] for i in order),
        tuple(round(float(probabilities[i]), 6) for i in order),
        features=features,
    )
