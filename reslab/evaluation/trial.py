"""Nets that are tested together on splits of a data set, all in the same views."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reslab.data import Dataset, Images, load_dataset
from reslab.errors import UsageError
from reslab.evaluation.ensemble import Member, in_order
from reslab.evaluation.error import softmax
from reslab.evaluation.probabilities import probabilities
from reslab.evaluation.scores import scores_of
from reslab.evaluation.views import Views, views_of
from reslab.progress import Progress, Say
from reslab.store import Classifier

Scored = tuple[NDArray[np.floating], NDArray[np.floating]]  # what is ranked, and the probabilities; (N, classes) both


@dataclass(frozen=True)
class Trial:
    """Which nets look at which data set, and how; `views` and `scales` are as they were asked for."""

    members: Sequence[Member]
    dataset: Dataset
    views: str | int | None
    scales: tuple[int, ...]
    on_bad: str
    say: Say

    @property
    def single(self) -> bool:
        """Is it one net that looks at each image once, as it is?"""
        return len(self.members) == 1 and self._views(self.members[0]) == Views()

    def scored(self, split: str, images: Images, progress: Progress) -> Scored:
        """What the nets say together of the `images` of a split, which are those for the first one.

        A lone net's scores rank the images of its single view; anything else is ranked by mean probabilities.
        """
        first = self.members[0]
        if self.single and isinstance(first.classifier, Classifier):
            scores = scores_of(first.classifier, images, first.execution)
            return scores, softmax(scores)
        total = np.zeros((len(images), len(first.classes)))
        for number, member in enumerate(self.members):
            own = self._at_size(split, member.classifier.size)
            count = _part(progress, number, len(self.members))
            found = probabilities(member.classifier, own, self._views(member), member.execution, count)
            total += in_order(found, member, first.classes)
        mean = total / len(self.members)
        return mean, mean

    def _views(self, member: Member) -> Views:
        return views_of(self.views, self.scales, member.classifier.size)

    def _at_size(self, split: str, size: int) -> Images:
        """A split as a net of another size sees it."""
        dataset = self.dataset
        if size == dataset.size:
            return dataset.splits[split]
        if dataset.folder is None and dataset.name != "digits":
            raise UsageError(
                f"{dataset.name} has images of {dataset.size} pixels and is not scaled for a net of {size}"
            )
        place = dataset.folder or dataset.name
        found = load_dataset(place, size=size, on_bad=self.on_bad, index=dataset.index, say=self.say)
        return found.splits[split]


def _part(progress: Progress, number: int, parts: int) -> Progress:
    """The progress of one of several equal parts."""
    return lambda done, total: progress(number * total + done, parts * total)
