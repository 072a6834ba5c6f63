"""Scores of a net on many images: the single view of sec. 4.2."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reslab.data import Images
from reslab.engine import (
    Engine,
    Execution,
    Request,
    Work,
    choose,
    make_engine,
    parameter_layout,
    settled,
    statistics_layout,
    this_machine,
)
from reslab.errors import UsageError
from reslab.store import ENVIRONMENT, Classifier, ExportedNet, RunFolder

BATCH_PIXELS = 500 * 32 * 32  # at a time: enough to keep every core busy, little enough for any machine


def single_view(engine: Engine, weights: Tensor, statistics: Tensor, images: Images) -> NDArray[np.float32]:
    """Scores before the softmax, (N, classes), of every image as it is."""
    batch = max(1, BATCH_PIXELS // images.size**2)
    parts = [
        engine.logits(weights, statistics, np.asarray(images.pixels[start : start + batch])).to("cpu").numpy()
        for start in range(0, len(images), batch)
    ]
    return np.concatenate(parts)


def on_engine(classifier: Classifier, execution: Execution) -> tuple[Engine, Tensor, Tensor]:
    """An engine for the classifier's net, and its weights and batch-norm statistics as flat buffers."""
    state = dict(classifier.net.state_dict())
    weights = parameter_layout(classifier.net).pack(state)
    statistics = statistics_layout(classifier.net).pack(state)
    engine = make_engine(classifier.identity.spec, classifier.preprocessing, execution, classifier.residual)
    return engine, engine.buffer(weights), engine.buffer(statistics)


def work_of(classifier: Classifier) -> Work:
    """What an engine has to do to score images: nothing that would be worth compiling kernels for."""
    gcn = classifier.preprocessing.contrast is not None
    return Work(classifier.identity.spec, images=0, own=classifier.residual is not None, gcn=gcn)


def scores_of(classifier: Classifier, images: Images, execution: Execution) -> NDArray[np.float32]:
    """`single_view` of a classifier that was loaded from a file. PyTorch's settings are the caller's afterwards."""
    with torch.no_grad(), settled(execution):
        return single_view(*on_engine(classifier, execution), images)


def execution_for(
    path: Path | None, request: Request | None, classifier: Classifier | ExportedNet, say: Callable[[str], None]
) -> Execution:
    """The run's own execution where it can be had here, but for what is asked otherwise; else what suits this machine.

    Of an exported file: its own, with as many threads as are asked for. Raises UsageError for anything else there.
    """
    if isinstance(classifier, ExportedNet):
        return _exported_execution(classifier, request or Request(), say)
    machine, work = this_machine(), work_of(classifier)
    request = (request or Request()).within(machine, say)
    if (recorded := _recorded(path)) and request.device in ("auto", recorded.device):
        try:
            return choose(_else_as_recorded(request, recorded, machine.cores), machine, work, say)[0]
        except UsageError:
            say(f"the run's own execution ({recorded}) is not to be had here")
    return choose(request, machine, work, say)[0]


def _else_as_recorded(request: Request, recorded: Execution, cores: int) -> Request:
    """The request, where it leaves something open, as the run was trained; by one process, in place of several."""
    threads = recorded.threads if recorded.processes == 1 else min(recorded.threads * recorded.processes, cores)
    engine, precision = (
        recorded_word if asked == "auto" else asked
        for asked, recorded_word in ((request.engine, recorded.engine), (request.precision, recorded.precision))
    )
    return replace(
        request, engine=engine, device=recorded.device, precision=precision, threads=request.threads or threads
    )


def execution_to_ask(
    path: Path | None, request: Request | None, classifier: Classifier | ExportedNet, say: Callable[[str], None]
) -> Execution:
    """How photographs are asked about: by PyTorch with the machine's threads, whatever the run was trained with.

    Device and precision are the run's own where it can have them here; what `request` asks for goes before. Raises
    UsageError for what is not to be had.
    """
    if isinstance(classifier, ExportedNet):
        return _exported_execution(classifier, request or Request(), say)
    machine, work = this_machine(), work_of(classifier)
    asked = (request or Request()).within(machine, say)
    if asked.engine == "auto":  # nobody waits for kernels to be compiled for a few photographs
        asked = replace(asked, engine="torch")
    recorded = _recorded(path)
    if recorded and asked.device in ("auto", recorded.device):
        precision = recorded.precision if asked.precision == "auto" else asked.precision
        with suppress(UsageError):  # a device that is not here
            return choose(replace(asked, device=recorded.device, precision=precision), machine, work, say)[0]
    return choose(asked, machine, work, say)[0]


def _recorded(path: Path | None) -> Execution | None:
    """What a run was trained with; None where `path` is no run folder."""
    environment = RunFolder(path).read(ENVIRONMENT) if path and path.is_dir() else None
    return Execution.from_dict(environment["execution"]) if environment else None


def _exported_execution(net: ExportedNet, request: Request, say: Callable[[str], None]) -> Execution:
    machine = this_machine()
    chosen, _ = choose(request.within(machine, say), machine)
    for option, asked, own in (
        ("engine", request.engine, "auto"),
        ("device", request.device, "cpu"),
        ("precision", request.precision, net.precision),
        ("compile", request.compile, "off"),
    ):
        if asked not in ("auto", own):
            raise UsageError(
                f"--{option} {asked}: the exported {net.place} runs on the CPU, in {net.precision}, by {net.runtime}; "
                "leave the option out, or give the run that it came from"
            )
    return Execution(net.runtime, "cpu", net.precision, channels_last=False, compiled=False, threads=chosen.threads)
