"""Testing: the error of a run or model file, or of several together, on a split of a data set."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reslab.data import Dataset, Images
from reslab.engine import Request
from reslab.evaluation.answered import Answers, answers_of
from reslab.evaluation.calibrated import Calibration
from reslab.evaluation.confusion import ClassError, class_errors, confusion_matrix, mean_class_error
from reslab.evaluation.ensemble import (
    Member,
    Net,
    changed_among,
    members_of,
    refuse_impossible,
    seen_in_training,
    several,
)
from reslab.evaluation.error import top_error
from reslab.evaluation.held_out import calibration_of
from reslab.evaluation.source import tested_on
from reslab.evaluation.trained_on import learned_by
from reslab.evaluation.trial import Trial
from reslab.evaluation.views import Scales, Views, mirror_note, scales_of, views_of
from reslab.nets import Residual
from reslab.progress import Progress, Say, silent, unseen


@dataclass(frozen=True)
class Evaluation:
    """What was measured, how, and on how many images. `top5_error` is None where there are no more than 5 classes."""

    model: str  # of an ensemble: the nets, joined by +
    data: str
    split: str
    views: int  # of each image, that every member's probabilities are averaged over
    scales: tuple[int, ...]  # shorter sides in pixels; (): the images as they are stored
    dense: bool  # is each net applied convolutionally to whole images?
    members: tuple[str, ...]  # run folders or model files, or nets in memory; more than one: an ensemble
    images: int
    top1_error: float
    top5_error: float | None
    precision: str
    classes: tuple[str, ...]
    confusions: NDArray[np.int64] = field(compare=False, repr=False)  # (classes, classes): rows true, columns predicted
    answers: Answers = field(compare=False, repr=False)  # to every image
    trained_on: int | None = None  # of these, what a net, or one that it began from, was trained on; None: not known
    notes: tuple[str, ...] = ()
    calibration: Calibration | None = field(default=None, compare=False, repr=False)  # if asked for

    @property
    def class_errors(self) -> list[ClassError]:
        """The error of every class that has images here, the worst first."""
        return class_errors(self.confusions, self.classes)

    @property
    def mean_class_error(self) -> float:
        """The mean of the classes' errors, in percent: each class counts alike."""
        return mean_class_error(self.class_errors)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: `confusions` as lists, with `class_errors` by name and `mean_class_error`.

        The answers to single images are left out: `answers.mistakes(n)` are the surest wrong ones. `calibration` is
        there if it was asked for.
        """
        apart = ("answers", "calibration")
        plain = {name: getattr(self, name) for name in (f.name for f in fields(self)) if name not in apart}
        found = {c.name: {"error": round(c.error, 4), "images": c.images} for c in self.class_errors}
        return {
            **plain,
            "confusions": self.confusions.tolist(),
            "class_errors": {name: found.get(name, {"error": None, "images": 0}) for name in self.classes},
            "mean_class_error": round(self.mean_class_error, 4),
            **({"calibration": self.calibration.to_dict()} if self.calibration else {}),
        }


def evaluate(
    run_or_classifier: Net,
    data: str | Path | None = None,
    split: str | None = None,
    *,
    views: str | int | None = None,
    scales: Scales = (),
    ensemble: Net | Sequence[Net] | None = (),
    calibration: bool = False,
    data_root: str | Path | None = None,
    request: Request | None = None,
    residual: Residual | None = None,
    on_bad: str = "error",
    say: Say = silent,
    progress: Progress = unseen,
) -> Evaluation:
    """Top-1 and top-5 error of a run folder or model file: of a single view, several views, or several nets (sec. 3.4).

    A classifier that `load` gave is tested with the weights that it has now, on the data that its run was trained on.
    An exported file, as `reslab.load` gives it, has one size: all but whole images at `scales` can be done with it.
    `data` defaults to what the net was trained on, with the run's own split; `split` to "test" where there is one, else
    "val" or "train"; of a folder "all" is every photograph, and the default where another one than the run's own has no
    folders of splits. Classes are matched by name. `views` is 1 (the image as it is), "flip" (and its mirror), "centre"
    or 10 (crops); with `scales`, shorter sides in pixels, crops are cut from images of these scales, and 1 and "flip"
    apply the net convolutionally to whole images (see `Views`). `ensemble` is one more net or several, whose
    probabilities are averaged with those of the first. With `calibration` it is also measured how right the
    probabilities are, as they are and at a temperature that was fitted on validation images (see `calibration_of`).
    `residual` is the nets' residual function, if it is one's own.

    Raises UsageError for a split or views that are not there and for members with other classes, DataError for a data
    set whose classes the net does not know, before any photograph is read.
    """
    scales = scales_of(scales)
    members = members_of((run_or_classifier, *several(ensemble)), request, residual, say)
    first = members[0]
    refuse_impossible(views, scales, members)
    root = None if data_root is None else Path(data_root)
    tested = tested_on(first.classifier, data, split, root, on_bad, say)
    dataset, split, images = tested.dataset, tested.split, tested.images
    chosen = views_of(views, scales, first.classifier.size)
    trial = Trial(members, dataset, views, scales, on_bad, say)
    found, certain = trial.scored(split, images, progress)
    top1 = top_error(found, images.labels)
    answers = answers_of(images, found, certain, first.classes)
    learned, told = learned_by(members, tested, say)
    return Evaluation(
        model="+".join(member.classifier.identity.model for member in members),
        data=dataset.name,
        split=split,
        views=chosen.count,
        scales=chosen.scales,
        dense=chosen.dense,
        members=tuple(member.name for member in members),
        images=len(images),
        top1_error=0.0 if top1 is None else top1,
        top5_error=top_error(found, images.labels, 5),
        precision="+".join(sorted({member.execution.precision for member in members})),
        classes=first.classes,
        confusions=confusion_matrix(images.labels, answers.predicted, len(first.classes)),
        answers=answers,
        trained_on=learned,
        notes=(
            *changed_among(members),
            *dataset.notes,
            *_remarks(dataset, images, chosen),
            *told,
            *_strangers(members, images, split),
        ),
        calibration=calibration_of(certain, tested, trial, progress) if calibration else None,
    )


def _remarks(dataset: Dataset, images: Images, views: Views) -> tuple[str, ...]:
    """What the reader of a number should know of how it was measured."""
    notes = []
    if views.flip and not dataset.mirror:
        notes.append(mirror_note(dataset.name))
    if views.scales and images.photos is None and max(views.scales) > images.size:
        notes.append(
            f"{dataset.name} has no larger images than its {images.size} x {images.size} pixels: they were enlarged to "
            f"{', '.join(map(str, views.scales))}"
        )
    return tuple(notes)


def _strangers(members: list[Member], images: Images, split: str) -> tuple[str, ...]:
    """What to say of members with other training images, where `learned_by` knows and says nothing of them."""
    first, *others = members
    if images.photos:
        others = [member for member in others if not member.classifier.identity.fingerprint]
    return seen_in_training([first, *others], split)
