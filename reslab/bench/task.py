"""What is timed: training steps of one net on batches of noise that is shaped like the real data."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from reslab.data import Images
from reslab.nets import Architecture, build, complexity
from reslab.nets import spec as spec_named
from reslab.training import Facts, Recipe, make_recipe
from reslab.training.presets import spec_of
from reslab.training.suitable import check

CIFAR_PIXELS = 45_000 * 32 * 32  # of the training images; larger images are fewer, in the same memory


@dataclass(frozen=True)
class Task:
    """A net and a batch size, trained by the preset `fast` as CIFAR-10 is: crops, mirroring, Nesterov momentum.

    What the images show costs nothing, so they are noise. Raises UsageError for a net or a batch that cannot be.
    """

    model: str
    batch: int

    def __post_init__(self) -> None:
        check(self.recipe, self._facts)

    @cached_property
    def recipe(self) -> Recipe:
        return make_recipe(self._facts, self.model, "fast", batch=self.batch)

    @property
    def spec(self) -> Architecture:
        return spec_of(self.recipe)

    @property
    def _facts(self) -> Facts:
        net = spec_named(self.model)
        images = min(45_000, CIFAR_PIXELS // net.size**2)
        return Facts("noise", net.classes, net.size, images, mirror=True, official=True)

    def images(self) -> Images:
        """uint8 noise and labels; 45,000 images of 32 px, fewer of larger ones."""
        facts, random = self._facts, np.random.default_rng(0)
        pixels = random.integers(0, 256, (facts.train_images, facts.size, facts.size, 3), np.uint8)
        return Images(pixels, random.integers(0, facts.classes, facts.train_images))

    def flops_per_image(self) -> int:
        """Floating-point operations of a training step: forward, data gradient and weight gradient of each product.

        A multiply-add is two. The first convolution needs no data gradient. Batch normalisation, activations, additions
        and the optimiser are not counted.
        """
        with torch.device("meta"):
            net = build(self.spec)
        first = next(layer for layer in net.modules() if isinstance(layer, nn.Conv2d))
        first_macs = 0

        def count(layer: nn.Conv2d, inputs: Any, output: Tensor) -> None:
            nonlocal first_macs
            first_macs = output.numel() * layer.weight[0].numel()

        hook = first.register_forward_hook(count)
        macs = complexity(net, self.spec.size).macs
        hook.remove()
        return 2 * (3 * macs - first_macs)
