"""What a net in training learns of a trained one beside the labels: its answers, and at first its maps.

Knowledge distillation (Hinton et al., arXiv 1503.02531) and the hints of FitNets (Romero et al., arXiv 1412.6550).
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, softmax

from reslab.data import Preprocessing
from reslab.engine.interface import Batch
from reslab.engine.pictures import Pictures
from reslab.nets import hint_regressor, map_after, map_until


@dataclass(frozen=True)
class Teaching:
    """The trained net, and what is learned of it."""

    net: nn.Sequential
    preprocessing: Preprocessing  # of the images that it learned
    temperature: float  # by which the scores of both nets are divided, so that small probabilities count
    hints: tuple[str, str] | None = None  # the part of the learning net whose map is to become that of the other's part


class Teacher:
    """A trained net on the device of the one that learns."""

    def __init__(
        self, teaching: Teaching, student: nn.Sequential, size: int, device: torch.device, channels_last: bool
    ) -> None:
        """`size` is height = width of the images in pixels."""
        self._net = teaching.net.to(device).eval().requires_grad_(False)
        self._pictures = Pictures(teaching.preprocessing, device, channels_last)
        self._temperature = teaching.temperature
        self._hints = teaching.hints
        # Guesses the teacher's map from the student's; of no use once the training has ended.
        self.regressor: nn.Module = nn.Identity()
        if teaching.hints:
            self.regressor = hint_regressor(student, self._net, teaching.hints, size).to(device)

    def losses(self, batch: Batch, scores: Tensor, precision: AbstractContextManager[object]) -> Tensor:
        """(B, classes) scores -> (B,) cross entropy to the teacher's answers on the same images, both softened.

        FitNets, eq. 2; without Hinton's factor of the temperature's square.
        """
        with torch.no_grad(), precision:
            taught = self._net(self._pictures.augmented(batch)).float()
        answers = softmax(taught / self._temperature, dim=1)
        return -(answers * log_softmax(scores / self._temperature, dim=1)).sum(1)

    def hint_losses(
        self, batch: Batch, student: nn.Sequential, images: Tensor, precision: AbstractContextManager[object]
    ) -> tuple[Tensor, Tensor]:
        """(B,) half the mean squared difference between the teacher's map and what is guessed of it; and the student's
        scores (B, classes), of which no gradient comes.

        FitNets, eq. 3, has the sum in place of the mean: alike for RMSprop, theirs, and too steep for the rates of SGD.
        """
        assert self._hints
        own, theirs = self._hints
        with precision:
            with torch.no_grad():
                wanted = map_until(self._net, theirs, self._pictures.augmented(batch))
            seen = map_until(student, own, images)
            with torch.no_grad():  # what lies above sees the images, too, so that its running statistics are of them
                scores = map_after(student, own, seen)
        # In fp32: maps are small, and of few pixels PyTorch's bf16 gives gradients that differ at every call.
        guessed = self.regressor(seen.float())
        return (guessed - wanted.float()).square().flatten(1).mean(1) / 2, scores.float()
