"""Training in several processes: each takes its part of every batch, and all go on from the same sums.

An engine around an engine, so that nothing above it has to know: losses, gradients, statistics and scores are those of
the whole batch, and the same bytes in every process. Batch normalisation is over each process's own part, as on the
GPUs of the paper's authors. PyTorch carries the sums: gloo between CPUs, NCCL between GPUs (not measured).
"""

import atexit
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from reslab.engine.execution import Execution
from reslab.engine.interface import Batch, Engine, StepOutput
from reslab.errors import RunError, UsageError
from reslab.processes import Team

Part = Callable[[int], slice]  # of so many images, those that this process looks at

# One process may decode photographs for hours while the others wait. A process that ends is noticed at once anyway.
PATIENCE = timedelta(days=30)
APART = 0x9E3779B97F4A7C15  # between the seeds of two processes' own draws; any odd number will do
SEEDS = 2**62
MEETINGS = count()  # of this process with the others: who leaves is left by all, so that all count alike
PLACE_IN_GLOO = re.compile(r"\[\S+:\d+\] (?=[A-Z])")  # of its source, before what it says


class Lost(RunError):  # noqa: N818 - what happened, not whose mistake it was
    """Another process of this training has ended."""


def join(team: Team) -> None:
    """Meet the other processes, or be with them still; waits for them.

    Those who left after an error may meet again. Raises UsageError where PyTorch cannot, Lost where one has ended.
    """
    if not dist.is_available():
        raise UsageError("this PyTorch was built without torch.distributed: train in one process, without torchrun")
    if dist.is_initialized():
        return
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() and dist.is_nccl_available() else "cpu:gloo"

    def meet() -> None:
        from torch.distributed.rendezvous import rendezvous  # which a PyTorch without torch.distributed cannot import

        store, *_ = next(rendezvous("env://", team.rank, team.size, timeout=PATIENCE))
        named = dist.PrefixStore(f"meeting {next(MEETINGS)}", store)  # else addresses of the last one would be found
        dist.init_process_group(backend, store=named, rank=team.rank, world_size=team.size, timeout=PATIENCE)

    _carried(meet)
    atexit.register(leave)  # else gloo's threads, waiting still, abort Python at its end


def leave() -> None:
    """Let go of the other processes, who notice."""
    if dist.is_initialized():
        dist.destroy_process_group()


def share(value: Any = None) -> Any:
    """What the leading process says, plain values of JSON, in every process. Raises Lost where one has ended."""
    said = torch.frombuffer(bytearray(json.dumps(value).encode()), dtype=torch.uint8)
    length = torch.tensor([len(said)])
    spread(length)
    if dist.get_rank():
        said = torch.empty(int(length), dtype=torch.uint8)
    spread(said)
    return json.loads(bytes(said.numpy()))


def spread(values: Tensor) -> None:
    """The leading process's values into every other's tensor, in place. Raises Lost where a process has ended."""
    if values.numel():
        _carried(lambda: dist.broadcast(values, 0))


def part_of(engine: Engine) -> Part:
    """Which images of so many `engine` looks at in this process: all, or its part."""
    return engine.part if isinstance(engine, Distributed) else everything


def everything(images: int) -> slice:
    """The `Part` of a process that is alone."""
    return slice(0, images)


def agreed(engine: Engine, asked: Callable[[], bool]) -> Callable[[], bool]:
    """`asked`, which may differ between processes, as a question that all of them answer alike after a step.

    In several processes: had any of them been asked when the step ended?
    """
    if not isinstance(engine, Distributed):
        return asked
    engine.asked = asked
    return lambda: engine.agreed


def at_place(execution: Execution, team: Team) -> Execution:
    """What one process of an execution by several runs: on a GPU of its own, where it is on GPUs."""
    own = replace(execution, processes=1, backend="")
    if execution.device == "cpu":
        return own
    if team.local_rank >= torch.cuda.device_count():
        raise UsageError(
            f"process {team.local_rank} of a machine with {torch.cuda.device_count()} GPUs: each process has one of "
            f"its own; --nproc-per-node {torch.cuda.device_count()} at most, or --device cpu"
        )
    return replace(own, device=f"cuda:{team.local_rank}")


class Distributed:
    """The engine of one process among several: `inner` on its part of each batch, then the sum over all processes."""

    def __init__(self, inner: Engine, team: Team) -> None:
        self.parameters, self.statistics = inner.parameters, inner.statistics
        self.asked: Callable[[], bool] = lambda: False
        self.agreed = False  # see the function of this name
        self._inner, self._team = inner, team
        self._sums = torch.empty(0)

    def part(self, images: int) -> slice:
        """Those of so many images that this process looks at."""
        return self._team.part(images)

    def step(self, parameters: Tensor, batch: Batch, statistics: Tensor | None = None) -> StepOutput:
        """See `interface.Engine.step`. Of the batch's images only this process's part has to be there.

        Means are weighted by images: of the gradient and the loss they are those of the whole batch, of the statistics
        the mean over the parts. Raises Lost where another process has ended.
        """
        count, rows = len(batch.labels), self.part(len(batch.labels))
        seed = (batch.seed + self._team.rank * APART) % SEEDS  # each process has noise of its own (dropout)
        own = self._inner.step(parameters, replace(batch.only(rows), seed=seed), statistics)
        means = (own.gradient, own.statistics, own.loss[None])
        sizes = [*map(len, means), count, count, 1]
        *totals, losses, errors, asked = self._buffer(parameters, sum(sizes)).split(sizes)
        for total, mean in zip(totals, means, strict=True):
            torch.mul(mean, (rows.stop - rows.start) / count, out=total)
        losses[rows], errors[rows], asked[:] = own.losses, own.errors.to(errors.dtype), float(self.asked())
        # One sum carries it all: where one process has a loss, the others have zeros. The gradient of frozen parts lies
        # first, and is zero in all of them.
        _carried(lambda: dist.all_reduce(self._sums[self.parameters.learned]))
        self.agreed = bool(asked)
        gradient, statistics, loss = totals
        return StepOutput(loss[0], losses, errors.to(own.errors.dtype), gradient, statistics)

    def logits(self, parameters: Tensor, statistics: Tensor, images: NDArray) -> Tensor:
        """See `interface.Engine.logits`. Of the images only this process's part has to be there; scores are of all.

        Raises Lost where another process has ended.
        """
        rows = self.part(len(images))
        own = self._inner.logits(parameters, statistics, images[rows] if rows.stop > rows.start else images[:1])
        scores = own.new_zeros(len(images), own.shape[1])
        scores[rows] = own[: rows.stop - rows.start]
        _carried(lambda: dist.all_reduce(scores))
        return scores

    def buffer(self, values: Tensor) -> Tensor:
        """See `interface.Engine.buffer`."""
        return self._inner.buffer(values)

    def _buffer(self, like: Tensor, length: int) -> Tensor:
        """Zeros on the engine's device, in the same memory at every step."""
        if len(self._sums) != length:
            self._sums = like.new_empty(length)
        return self._sums.zero_()


def _carried(exchange: Callable[[], object]) -> None:
    try:
        exchange()
    except RuntimeError as error:  # of PyTorch's, which has no kind of its own for it
        told = PLACE_IN_GLOO.sub("", str(error)).partition(". ")[0]
        raise Lost(f"another process of this training has ended ({told})") from error
