"""The training loops that are compared: reslab's own, and the one that a careful user of PyTorch writes."""

import math
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from reslab.bench.settings import Settings
from reslab.bench.task import Task
from reslab.data import crop_and_flip, measure
from reslab.engine import Engine, Execution, make_engine
from reslab.nets import build
from reslab.training import learning_rate
from reslab.training.feed import batch_at
from reslab.training.loop import update
from reslab.training.optimizer import terms_of
from reslab.training.state import initial_state


class Loop(Protocol):
    """Whole training steps, feeding included, one after another."""

    def step(self) -> None: ...

    def facts(self) -> dict[str, Any]:
        """What it runs on."""
        ...

    def finite(self) -> bool:
        """Is the loss still a number? Steps on anything else may take another time."""
        ...


class EngineLoop:
    """What `reslab train` does at every step, on the engine that it chose."""

    def __init__(self, task: Task, execution: Execution) -> None:
        self._recipe, self._images = task.recipe, task.images()
        self._engine = make_engine(task.spec, measure(self._images, self._recipe.data.mean), execution)
        self._state = initial_state(self._recipe, self._engine, task.spec, None)
        self._terms = terms_of(self._engine, self._recipe.optimizer)
        self._execution: Execution = getattr(self._engine, "execution", execution)

    def step(self) -> None:
        if self._state.step == self._recipe.steps:
            self._state.step = 0  # a net that is fast enough gets through the whole recipe
        batch = batch_at(self._recipe, self._images, self._state.step)
        update(self._recipe, self._state, self._engine, batch, self._terms)

    def facts(self) -> dict[str, Any]:
        return {**self._execution.to_dict(), "bytes_per_image": bytes_per_image(self._engine)}

    def finite(self) -> bool:
        return math.isfinite(float(self._state.sums[0]))


def bytes_per_image(engine: Engine) -> float | None:
    """What a training step moves through memory, where an engine counts it."""
    told: Callable[[], float] | float | None = getattr(engine, "bytes_per_image", None)
    return told() if callable(told) else told


class PyTorchLoop:
    """The loop of public repositories, without reslab's engine: autograd, `torch.optim.SGD`, batched augmentation.

    Images stay uint8 until they are in the batch; cropping, mirroring and normalising are a few operations on the whole
    batch, so that feeding is there but no straw man.
    """

    def __init__(self, task: Task, settings: Settings, threads: int) -> None:
        """`threads` 0 leaves their number to PyTorch."""
        if threads:
            torch.set_num_threads(threads)
        self._recipe, self._settings = task.recipe, settings
        images = task.images()
        self._pixels, self._labels = torch.from_numpy(images.pixels[:]), torch.from_numpy(images.labels)
        sample = self._pixels[:5000].float()
        self._mean, self._std = sample.mean((0, 1, 2)), sample.std((0, 1, 2))
        net = build(task.spec).train()
        if settings.channels_last:
            net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._net = torch.compile(net) if settings.compiled else net
        told = self._recipe.optimizer
        self._optimizer = torch.optim.SGD(
            net.parameters(),
            lr=told.lr,
            momentum=told.momentum,
            nesterov=told.nesterov,
            weight_decay=told.weight_decay,
            fused=settings.fused or None,
        )
        self._order = torch.randperm(len(self._labels))
        self._step = self._place = 0
        self._loss = self._errors = 0.0

    def step(self) -> None:
        images, labels = self._batch()
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(self._recipe, self._step % self._recipe.steps)
        self._optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=self._settings.precision == "bf16"):
            scores = self._net(images)
        loss = cross_entropy(scores.float(), labels)
        loss.backward()
        self._optimizer.step()
        self._loss += loss.item()
        self._errors += (scores.argmax(1) != labels).sum().item()
        self._step += 1

    def facts(self) -> dict[str, Any]:
        return {**self._settings.to_dict(), "threads": torch.get_num_threads()}

    def finite(self) -> bool:
        return math.isfinite(self._loss)

    def _batch(self) -> tuple[Tensor, Tensor]:
        """The next images of this epoch, augmented: (B, 3, H, W) fp32, and their labels."""
        batch = self._recipe.batch
        if self._place + batch > len(self._order):
            self._order, self._place = torch.randperm(len(self._labels)), 0
        chosen = self._order[self._place : self._place + batch]
        self._place += batch
        margin = self._recipe.augment.pad
        crops, flips = torch.randint(0, 2 * margin + 1, (batch, 2)), torch.rand(batch) < 0.5
        # Cropping as reslab's own torch engine does it: 1 ms a batch. By index tensors it would take 30.
        normalised = (self._pixels[chosen] - self._mean) / self._std
        images = crop_and_flip(normalised, crops, flips, margin).permute(0, 3, 1, 2)
        # Images lie as (B, H, W, 3), which is channels_last already.
        return images if self._settings.channels_last else images.contiguous(), self._labels[chosen]
