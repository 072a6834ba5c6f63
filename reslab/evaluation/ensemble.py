"""Ensembles: several nets whose probabilities are averaged (sec. 4.1, Table 5)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reslab.engine import Execution, Request
from reslab.errors import UsageError
from reslab.evaluation.scores import execution_for
from reslab.nets import Residual
from reslab.progress import Say
from reslab.store import Classifier, load


@dataclass(frozen=True)
class Member:
    """One net of an ensemble, or the only one that is tested."""

    path: Path
    classifier: Classifier
    execution: Execution

    @property
    def classes(self) -> tuple[str, ...]:
        return self.classifier.classes


def members_of(paths: list[Path], request: Request | None, residual: Residual | None, say: Say) -> list[Member]:
    """The nets of these run folders or model files. Raises UsageError where their classes differ, naming one."""
    members = [_member(path, request, residual, say) for path in paths]
    for other in members[1:]:
        _refuse_other_classes(members[0], other)
    return members


def _member(path: Path, request: Request | None, residual: Residual | None, say: Say) -> Member:
    classifier = load(path, residual)
    return Member(path, classifier, execution_for(path, request, classifier, say))


def _refuse_other_classes(first: Member, other: Member) -> None:
    for one, two in ((first, other), (other, first)):
        if strange := [name for name in one.classes if name not in two.classes]:
            more = f" (and {len(strange) - 1:,} more)" if len(strange) > 1 else ""
            raise UsageError(
                f"{first.path} and {other.path} cannot be averaged: {one.path} knows the class '{strange[0]}'{more}, "
                f"{two.path} does not; an ensemble needs nets of the same classes"
            )


def in_order(probabilities: NDArray[np.float64], member: Member, classes: tuple[str, ...]) -> NDArray[np.float64]:
    """A member's probabilities, (N, classes), with the classes in another net's order."""
    if member.classes == classes:
        return probabilities
    return probabilities[:, [member.classes.index(name) for name in classes]]


def seen_in_training(members: list[Member], split: str) -> tuple[str, ...]:
    """A note for every member that may have been trained on images that the first was not."""
    first = members[0].classifier.identity
    ours = (first.data, first.split, first.fingerprint)
    notes = []
    for member in members[1:]:
        about = member.classifier.identity
        if split != "test" and (about.data, about.split, about.fingerprint) != ours:
            how = f"{about.data}{f', split {about.split}' if about.split else ''}"
            notes.append(f"{member.path} was trained on {how}: it may have seen images that are held out here")
    return tuple(notes)
