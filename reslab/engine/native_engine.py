"""The engine that runs on the fused kernels of `reslab.native`: CIFAR nets at 32 px, on a CPU."""

from itertools import accumulate

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reslab.data import Preprocessing
from reslab.engine.execution import VARIANTS, Execution
from reslab.engine.interface import Batch, StepOutput
from reslab.engine.layout import Layout, parameter_layout, statistics_layout
from reslab.engine.settings import settle
from reslab.native import Geometry, Network, bytes_per_image, library
from reslab.nets import Spec, unfilled


def geometry_of(spec: Spec) -> tuple[Geometry, Layout, Layout]:
    """The net as the kernels know it, and the layouts of its parameters and statistics."""
    net = unfilled(spec)
    parameters, statistics = parameter_layout(net), statistics_layout(net)
    begins = (0, *accumulate(parameters.sizes))
    kept = (0, *accumulate(statistics.sizes))
    count = len(statistics.names) // 2  # convolutions, each followed by its batch normalisation
    layers = [(begins[3 * i], begins[3 * i + 1], begins[3 * i + 2], kept[2 * i], kept[2 * i + 1]) for i in range(count)]
    first, second, third = spec.depths
    geometry = Geometry(
        blocks=(first, second, third),
        shortcut=spec.shortcut,
        classes=spec.classes,
        layers=layers,
        head=(begins[3 * count], begins[3 * count + 1]),
        parameters=parameters.total,
        statistics=statistics.total,
    )
    return geometry, parameters, statistics


class NativeEngine:
    """Training steps and inference by fused kernels: activations of the execution's precision, fp32 weights and sums.

    Cropping, mirroring and normalisation happen inside. The same bytes for 1, 2 and 4 threads.
    """

    def __init__(self, spec: Spec, preprocessing: Preprocessing, execution: Execution) -> None:
        assert preprocessing.contrast is None, "see `work.lacking`"
        settle(execution)
        self.execution = execution
        self._geometry, self.parameters, self.statistics = geometry_of(spec)
        self._mean = preprocessing.mean
        kernels = library(VARIANTS[execution.precision])
        self._network = Network(kernels, self._geometry, preprocessing.mean, 1 / preprocessing.std, execution.threads)
        self._gradient = torch.zeros(self.parameters.total)
        self._statistics = torch.zeros(self.statistics.total)

    @property
    def bytes_per_image(self) -> int:
        """Activations that a training step reads and writes, for one image."""
        return bytes_per_image(self._geometry, 4 if self.execution.precision == "fp32" else 2)

    def step(self, parameters: Tensor, batch: Batch, statistics: Tensor | None = None) -> StepOutput:
        """See `interface.Engine.step`."""
        assert not batch.size, "crops smaller than the image are for the torch engine"
        assert batch.loss == "cross_entropy", "other losses are for the torch engine"
        assert batch.mixing is None, "mixed images are for the torch engine"
        assert batch.lighting is None, "colour augmentation is for the torch engine"
        assert batch.parts == 1, "batches in parts are for the torch engine"
        losses, errors = np.empty(len(batch.labels), np.float32), np.empty(len(batch.labels), np.bool_)
        self._network.step(
            parameters.numpy(),
            np.ascontiguousarray(batch.pixels(self._mean)),
            batch.labels,
            self._gradient.numpy(),
            self._statistics.numpy(),
            losses,
            errors,
            crops=batch.crops,
            flips=batch.flips,
            weights=batch.weights,
            pad=batch.pad,
            smoothing=batch.smoothing,
        )
        weighted = losses if batch.weights is None else losses * batch.weights
        loss = torch.tensor(weighted.mean(dtype=np.float64), dtype=torch.float32)
        return StepOutput(loss, torch.from_numpy(losses), torch.from_numpy(errors), self._gradient, self._statistics)

    def logits(self, parameters: Tensor, statistics: Tensor, images: NDArray[np.uint8]) -> Tensor:
        """See `interface.Engine.logits`."""
        scores = self._network.evaluate(parameters.numpy(), statistics.numpy(), np.ascontiguousarray(images))
        return torch.from_numpy(scores)

    def buffer(self, values: Tensor) -> Tensor:
        """See `interface.Engine.buffer`."""
        return values.detach().to("cpu", torch.float32, copy=True).contiguous()
