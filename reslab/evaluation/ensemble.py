"""Ensembles: several nets whose probabilities are averaged (sec. 4.1, Table 5)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reslab.data import places_among
from reslab.engine import Execution, Request
from reslab.errors import UsageError, and_more
from reslab.evaluation.probabilities import not_dense
from reslab.evaluation.scores import execution_for
from reslab.evaluation.views import views_of
from reslab.nets import Residual
from reslab.progress import Say
from reslab.store import Classifier, ExportedNet, changed_residual, load, residuals_for

Net = str | Path | Classifier | ExportedNet
"""A run folder, a model file or a trained net's name; or what `load` gave."""

Choice = Callable[[Path | None, Request | None, Classifier | ExportedNet, Say], Execution]
"""How a net is run: `execution_for` or its like."""


@dataclass(frozen=True)
class Member:
    """One net of an ensemble, or the only one that is tested."""

    name: str  # its run folder, model file or exported file, as it is shown
    classifier: Classifier | ExportedNet
    execution: Execution

    @property
    def classes(self) -> tuple[str, ...]:
        return self.classifier.classes


def several(nets: Net | Sequence[Net] | None) -> tuple[Net, ...]:
    """More nets of an ensemble: as many as are given, of which there may be one or, as None, too, none."""
    if nets is None:
        return ()
    return tuple(nets) if isinstance(nets, Iterable) and not isinstance(nets, Net) else (nets,)


def members_of(
    nets: Sequence[Net],
    request: Request | None,
    residual: Residual | None,
    say: Say,
    choice: Choice = execution_for,
) -> list[Member]:
    """These nets, loaded where they are run folders or model files; those that are loaded already are as they stand.

    `residual` is given to those to be loaded that are of one's own blocks. `choice` says how each is run.

    Raises UsageError where their classes differ, naming one, and for a residual function that none of them takes.
    """
    places = [net for net in nets if isinstance(net, str | Path)]
    if residual and not places:
        _refuse_residual(nets[0])
    own = iter(residuals_for(places, residual))
    members = [_member(net, request, next(own) if isinstance(net, str | Path) else None, say, choice) for net in nets]
    for other in members[1:]:
        _refuse_other_classes(members[0], other)
    return members


def changed_among(members: list[Member]) -> list[str]:
    """What to say of members whose residual function has changed since they were trained."""
    found = (changed_residual(member.classifier) for member in members if isinstance(member.classifier, Classifier))
    return [words for words in found if words]


def _refuse_residual(net: Net) -> None:
    """Raises UsageError: what is read or loaded already has its residual functions, from wherever it came."""
    if isinstance(net, ExportedNet):
        raise UsageError("--residual: exported files have their residual function inside; leave the option out")
    if isinstance(net, Classifier) and net.identity.origin is not None:
        raise UsageError(
            f"{net.place} has another program's residual functions, and takes no other; leave --residual out"
        )
    if isinstance(net, Classifier):
        raise UsageError(f"{net.identity.model} is loaded already, with its residual function; leave residual= out")


def _member(
    net: Net,
    request: Request | None,
    residual: Residual | None,
    say: Say,
    choice: Choice,
) -> Member:
    classifier: Classifier | ExportedNet
    if isinstance(net, ExportedNet):
        name, classifier = str(net.place), net
    elif isinstance(net, Classifier):  # its weights may be others by now than those of the file
        name, classifier = f"{net.place or net.identity.model} (in memory)", net
    elif isinstance(net, str | Path):
        name, classifier = str(Path(net)), load(net, residual)
    else:
        raise UsageError(
            f"a net is a run folder, a file, a trained net's name, or what reslab.load gave, not a {type(net).__name__}"
        )
    return Member(name, classifier, choice(classifier.place, request, classifier, say))


def _refuse_other_classes(first: Member, other: Member) -> None:
    for one, two in ((first, other), (other, first)):
        places = places_among(one.classes, two.classes)
        if strange := [name for name, place in zip(one.classes, places, strict=True) if place is None]:
            more = and_more(strange)
            raise UsageError(
                f"{first.name} and {other.name} cannot be averaged: {one.name} knows the class '{strange[0]}'{more}, "
                f"{two.name} does not; an ensemble needs nets of the same classes"
            )


def refuse_impossible(views: str | int | None, scales: Sequence[int], members: list[Member]) -> None:
    """Before thousands of photographs are read: UsageError for views that one of the nets does not have."""
    for member in members:
        chosen = views_of(views, scales, member.classifier.size)
        if chosen.dense and isinstance(member.classifier, ExportedNet):
            raise UsageError(not_dense(member.classifier))


def in_order(probabilities: NDArray[np.float64], member: Member, classes: tuple[str, ...]) -> NDArray[np.float64]:
    """A member's probabilities, (N, classes), with the classes in another net's order."""
    places = [place for place in places_among(classes, member.classes) if place is not None]
    assert len(places) == len(classes)  # `members_of` refuses others
    return probabilities[:, places]


def seen_in_training(members: list[Member], split: str) -> tuple[str, ...]:
    """A note for every member that may have been trained on images that the first was not."""
    first = members[0].classifier.identity
    ours = (first.data, first.split, first.fingerprint)
    notes = []
    for member in members[1:]:
        about = member.classifier.identity
        if split != "test" and (about.data, about.split, about.fingerprint) != ours:
            how = f"{about.data}{f', split {about.split}' if about.split else ''}"
            notes.append(f"{member.name} was trained on {how}: it may have seen images that are held out here")
    return tuple(notes)
