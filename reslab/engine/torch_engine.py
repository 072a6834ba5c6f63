"""The engine that runs on PyTorch: any network, any device that PyTorch knows."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reslab.data import Preprocessing
from reslab.engine.execution import Execution
from reslab.engine.interface import Batch, StepOutput
from reslab.engine.layout import batch_normalisations, parameter_layout, statistics_layout
from reslab.engine.losses import sample_losses
from reslab.engine.pictures import Pictures
from reslab.engine.settings import settle
from reslab.engine.teaching import Teacher, Teaching
from reslab.nets import companions_of, parts_until

# From labels, those of the batch or of what it is mixed with, to (B,) losses, weighted losses and errors.
Judge = Callable[[Batch], tuple[Tensor, Tensor, Tensor]]


class TorchEngine:
    """Training steps and inference of `net`, which it owns: its weights become views of the buffers handed in.

    Its part `frozen`, and all before it, run forward only in training, as in testing. What it learns of a trained net
    says `teaching`; where that gives hints, their regressor's weights lie behind the net's own.
    """

    def __init__(
        self,
        net: nn.Sequential,
        preprocessing: Preprocessing,
        execution: Execution,
        frozen: str | None = None,
        teaching: Teaching | None = None,
    ) -> None:
        settle(execution)
        self.execution = execution
        self.device = torch.device(execution.device)
        self._net = net.to(self.device)
        held = parts_until(net, frozen)
        size, channels_last = preprocessing.size, execution.channels_last
        self._teacher = Teacher(teaching, net, size, self.device, channels_last) if teaching else None
        regressor = self._teacher.regressor if self._teacher else nn.Identity()
        self.parameters = parameter_layout(net).freezing(held).with_beside("hint", parameter_layout(regressor))
        self._learning = [*net.named_parameters(), *regressor.named_parameters("hint")]
        self.statistics = statistics_layout(net).freezing(held)
        self._frozen = [net.get_submodule(name).requires_grad_(False) for name in held]
        learning = [part for name, part in net.named_children() if name not in held]
        self._companions = [each for part in learning for each in companions_of(part)]
        self._normalisations = batch_normalisations(net)
        _hand_over(self._normalisations)
        self._pictures = Pictures(preprocessing, self.device, channels_last)
        self._forward = torch.compile(self._net) if execution.compiled else self._net
        self._gradient = torch.zeros(self.parameters.total, device=self.device)
        self._statistics = torch.zeros(self.statistics.total, device=self.device)
        self._bound: Tensor | None = None

    def step(self, parameters: Tensor, batch: Batch, statistics: Tensor | None = None) -> StepOutput:
        """See `interface.Engine.step`."""
        torch.manual_seed(batch.seed)
        self._bind(parameters, self._statistics)
        self._net.train()
        if self._frozen:
            self._hold(statistics)
        for companion in self._companions:
            companion.asked = batch.companions
        self._gradient.zero_()
        return self._passed(batch) if batch.parts == 1 else self._accumulated(batch)

    def _hold(self, statistics: Tensor | None) -> None:
        """Frozen parts as in testing: they normalise by the net's running `statistics`, and change none of them."""
        assert statistics is not None, "frozen parts normalise by running statistics"
        count = self.statistics.frozen
        self._statistics[:count].copy_(statistics[:count])
        for part in self._frozen:
            part.eval()

    def _passed(self, batch: Batch, share: float = 1.0) -> StepOutput:
        """One forward and backward pass; `share` times the mean loss, and the gradient of that is added."""
        images = self._pictures.augmented(batch)
        judge = self._hinted(batch, images) if batch.hints else self._scored(batch, images)
        losses, weighted, errors = judge(batch)
        if batch.mixing is not None:
            losses, weighted, errors = map(batch.mixing.blend, (losses, weighted, errors), judge(batch.others()))
        loss = weighted.mean() * share
        loss.backward()
        return StepOutput(loss.detach(), losses.detach(), errors, self._gradient, self._statistics)

    def _scored(self, batch: Batch, images: Tensor) -> Judge:
        """What to judge by labels, a teacher's answers and heads for training alone."""
        with self._precision():
            scores = self._forward(images).float()
        told = [(each.weight, each.take().float()) for each in self._companions] if batch.companions else []
        taught: Tensor | None = None
        if batch.teaching and self._teacher:
            taught = batch.teaching * self._teacher.losses(batch, scores, self._precision())
        return lambda labelled: self._judged(labelled, scores, told, taught)

    def _hinted(self, batch: Batch, images: Tensor) -> Judge:
        """What to judge where a map is all that is learned: errors are those of the labels all the same."""
        assert self._teacher
        losses, scores = self._teacher.hint_losses(batch, self._net, images, self._precision())

        def judge(labelled: Batch) -> tuple[Tensor, Tensor, Tensor]:
            return losses, self._weighted(labelled, losses), _wrong(scores, self._labels(labelled))

        return judge

    @torch.no_grad()
    def logits(self, parameters: Tensor, statistics: Tensor, images: NDArray[np.uint8]) -> Tensor:
        """See `interface.Engine.logits`."""
        self._bind(parameters, statistics)
        self._net.eval()
        pictures = self._pictures.plain(images)
        with self._precision():
            return self._net(pictures).float()

    def buffer(self, values: Tensor) -> Tensor:
        """See `interface.Engine.buffer`."""
        return values.detach().to(self.device, torch.float32, copy=True)

    def _accumulated(self, batch: Batch) -> StepOutput:
        """Forward and backward by parts: memory holds the activations of one, and gradients add up.

        The loss is the mean over the batch however large its parts are. Batch normalisation is over a part, and the
        statistics are the mean over parts, weighted by images, as in several processes (`distribution.py`).
        """
        statistics, outputs = torch.zeros_like(self._statistics), []
        for part in batch.divided():
            share = len(part.labels) / len(batch.labels)
            outputs.append(self._passed(part, share))
            statistics.add_(self._statistics, alpha=share)
        return StepOutput(
            loss=torch.stack([output.loss for output in outputs]).sum(),
            losses=torch.cat([output.losses for output in outputs]),
            errors=torch.cat([output.errors for output in outputs]),
            gradient=self._gradient,
            statistics=statistics,
        )

    def _judged(
        self, batch: Batch, scores: Tensor, told: list[tuple[float, Tensor]], taught: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """By the batch's labels, (B,) each: losses, weighted losses of all heads together, and which are wrong.

        `told` are the scores of heads for training alone, and what each head weighs. `taught` (B,) is added: what the
        teacher's answers cost, as they weigh.
        """
        labels = self._labels(batch)
        losses = objective = sample_losses(batch.loss, scores, labels, batch.smoothing)
        for weight, companion_scores in told:
            own = sample_losses(batch.loss, companion_scores, labels, batch.smoothing)
            objective = objective + weight * own
        if taught is not None:
            objective = objective + taught
        return losses, self._weighted(batch, objective), _wrong(scores, labels)

    def _labels(self, batch: Batch) -> Tensor:
        return torch.from_numpy(batch.labels).to(self.device)

    def _weighted(self, batch: Batch, losses: Tensor) -> Tensor:
        return losses if batch.weights is None else losses * torch.from_numpy(batch.weights).to(self.device)

    def _precision(self) -> AbstractContextManager[object]:
        if self.execution.precision == "fp32":
            return nullcontext()
        # Inside another autocast, the caller's, what is cached would be there still after the step: old weights.
        return torch.autocast(self.device.type, torch.bfloat16, cache_enabled=False)

    def _bind(self, parameters: Tensor, statistics: Tensor) -> None:
        """Make the net's weights, gradients and statistics views of the flat buffers."""
        if self._bound is not parameters:
            weights, gradients = self.parameters.views(parameters), self.parameters.views(self._gradient)
            for name, parameter in self._learning:
                parameter.data = weights[name]
                parameter.grad = gradients[name] if parameter.requires_grad else None
            self._bound = parameters
        views = self.statistics.views(statistics)
        for name, module in self._normalisations:
            module.running_mean, module.running_var = views[f"{name}.running_mean"], views[f"{name}.running_var"]


def _wrong(scores: Tensor, labels: Tensor) -> Tensor:
    """(B,) bool: is the highest score not the label's?"""
    return scores.detach().argmax(dim=1) != labels


def _hand_over(normalisations: list[tuple[str, nn.BatchNorm2d]]) -> None:
    """Let each batch normalisation write this batch's statistics, not a running average: averaging is done above."""
    for _, module in normalisations:
        module.momentum = 1.0
        module.num_batches_tracked = None
