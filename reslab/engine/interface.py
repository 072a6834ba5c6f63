"""What an engine is: one function from (parameters, batch) to (loss, gradient, statistics), and inference.

Optimisers, averaging and schedules stand above it and are written once, on flat buffers, for every engine.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reslab.data import Mixing, before, erased, filled, not_erased
from reslab.engine.layout import Layout


@dataclass(frozen=True)
class Batch:
    """A mini-batch as it comes from the data set, and what is to be done to it."""

    images: NDArray[np.uint8]  # (B, H, W, 3)
    labels: NDArray[np.int64]  # (B,)
    crops: NDArray[np.int64] | None = None  # (B, 2) top and left edge in the padded image; None: no cropping
    flips: NDArray[np.bool_] | None = None  # (B,) mirrored or not; None: none is
    weights: NDArray[np.float32] | None = None  # (B,) of each sample's loss; None: all 1
    lighting: NDArray[np.float32] | None = None  # (B, 3) added to pixels that are not erased, 0-255; None: nothing is
    empty: NDArray[np.bool_] | None = None  # (B, H, W) pixels without an image, as if they were erased; None: none is
    erased: NDArray[np.int64] | None = None  # (B, 4) top, left, bottom, right in the crop, not mirrored; 0: nothing
    mixing: Mixing | None = None  # of images and labels, after all else. An engine that cannot refuses; None: none is
    pad: int = 0  # pixels of zero padding on each side before the crop
    size: int = 0  # height = width of the crops; 0: that of the images. An engine that has one size only refuses others
    smoothing: float = 0.0  # of labels: this part of each is spread evenly over all classes, its own among them
    loss: str = "cross_entropy"  # a name of `losses.LOSSES`. An engine that has one loss only refuses others
    companions: bool = True  # do heads that are for training alone (`nets.Companion`) learn, and teach, in this step?
    teaching: float = 0.0  # what a teacher's answers weigh beside the labels in this step
    hints: bool = False  # is what its maps are all that is learned in this step? Both by an engine with a teacher alone
    parts: int = 1  # that it is run in, one after another (see `divided`). An engine without them refuses more than 1
    seed: int = 0  # of whatever the net itself draws in this step (dropout, stochastic depth)

    def only(self, chosen: slice | NDArray[np.int64]) -> "Batch":
        """The batch of the chosen images alone."""
        of_samples = ("images", "labels", "crops", "flips", "weights", "lighting", "empty", "erased")
        drawn = {name: values for name in of_samples if (values := getattr(self, name)) is not None}
        return replace(self, **{name: values[chosen] for name, values in drawn.items()})

    def divided(self) -> list["Batch"]:
        """Its `parts`, in order; no two differ by more than one image."""
        ends = [len(self.labels) * part // self.parts for part in range(self.parts + 1)]
        return [replace(self.only(slice(*rows)), parts=1) for rows in pairwise(ends)]

    def others(self) -> "Batch":
        """The same with the labels, and weights, of the images that each is mixed with."""
        return replace(self, labels=before(self.labels), weights=None if self.weights is None else before(self.weights))

    def pixels(self, mean: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The images with what is empty or erased in them: it takes `mean`, which is subtracted next."""
        images = self.images if self.empty is None else filled(self.images, self.empty, mean)
        return images if self.erased is None else erased(images, self.erased, self._origins(), mean)

    def colours(self) -> NDArray[np.float32]:
        """What `lighting` adds to each pixel, (B, H, W, 3) or (B, 1, 1, 3): nothing where one is empty or erased."""
        assert self.lighting is not None
        added = self.lighting[:, None, None, :]
        if self.empty is not None:
            added = added * ~self.empty[..., None]
        if self.erased is None:
            return added
        height, width = self.images.shape[1:3]
        return added * not_erased(self.erased, self._origins(), (height, width))[..., None]

    def _origins(self) -> NDArray[np.int64]:
        """Top and left edge of each crop in its image, (B, 2)."""
        return np.zeros((len(self.images), 2), np.int64) if self.crops is None else self.crops - self.pad


@dataclass(frozen=True)
class StepOutput:
    """What one forward and backward pass gives. The engine may reuse the memory at its next step.

    Of mixed images, losses, weighted losses and errors are the sum over both labels, each times its part of the image.
    """

    # Scalar, that the gradient is of: sum of weight * loss over the batch, divided by B; companions and a teacher add
    # theirs.
    loss: Tensor
    # (B,) loss of each sample with its (smoothed) label, unweighted, of the net's own head alone; of hints theirs
    losses: Tensor
    errors: Tensor  # (B,) bool: is the highest score not the label's? Of mixed images fp32, in [0, 1]
    gradient: Tensor  # flat fp32, by the parameter layout; 0 for frozen parts
    statistics: Tensor  # flat fp32, by the statistics layout: means and unbiased variances, their mean over parts


class Engine(Protocol):
    """Where a net runs. Buffers are fp32 on the engine's device."""

    parameters: Layout  # of the net; behind it what is learned for training alone, if there is such (`Layout.beside`)
    statistics: Layout

    def step(self, parameters: Tensor, batch: Batch, statistics: Tensor | None = None) -> StepOutput:
        """Loss and gradient of one training step; batch normalisation over the whole batch, or each part.

        Frozen parts, those of an engine that was made with some, run as in testing, by `statistics`, the running ones,
        which are asked for there alone; what the output says of their statistics means nothing.
        """
        ...

    def logits(self, parameters: Tensor, statistics: Tensor, images: NDArray[np.uint8]) -> Tensor:
        """(B, H, W, 3) uint8 -> (B, classes) scores before the softmax, fp32; batch normalisation by `statistics`."""
        ...

    def buffer(self, values: Tensor) -> Tensor:
        """A copy of a flat buffer where this engine wants it."""
        ...
