"""Nets that are asked about the same pictures, each in its own views; what they say is averaged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reslab.engine import settled
from reslab.evaluation.ensemble import Member, in_order
from reslab.evaluation.probabilities import Answer, one_scale
from reslab.evaluation.sights import Look, Sight, looks_of
from reslab.evaluation.views import Views


@dataclass(frozen=True)
class Asked:
    """One of the nets that are asked: what it looks at of a picture, and what answers."""

    member: Member
    views: Views
    answer: Answer

    @property
    def looks(self) -> tuple[Look, ...]:
        return looks_of(self.views, self.member.classifier.size)

    def probabilities(self, sights: list[Sight]) -> NDArray[np.float64]:
        """Mean probabilities over the views, (N, classes)."""
        size, looks = self.member.classifier.size, self.looks
        with settled(self.member.execution):
            found = [one_scale(self.answer, [sight[look] for sight in sights], self.views, size) for look in looks]
        return np.sum(found, axis=0) / len(looks)


def averaged(asked: Sequence[Asked], sights: list[Sight]) -> NDArray[np.float64]:
    """Mean probabilities over the nets, (N, classes), in the order of the first one's classes."""
    classes = asked[0].member.classes
    return np.sum([in_order(one.probabilities(sights), one.member, classes) for one in asked], axis=0) / len(asked)
