"""Seconds of a training step of several modules, in turn, so that a noisy machine slows every one of them."""

import statistics
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from reslab.bench import surroundings
from reslab.engine import Execution

ROUNDS = 5


def step_seconds(
    modules: Mapping[str, nn.Module], shapes: Mapping[str, Sequence[int]], rounds: int = ROUNDS
) -> dict[str, list[float]]:
    """Forward and backward through each module, fp32 on the CPU: `rounds` lists of seconds, by name.

    `shapes` are those of the inputs. The first round prepares memory and is thrown away.
    """
    inputs = {name: torch.randn(*shape) for name, shape in shapes.items()}
    found: dict[str, list[float]] = {name: [] for name in modules}
    for turn in range(rounds + 1):
        for name, module in modules.items():
            begin = time.perf_counter()
            module.train()(inputs[name]).sum().backward()
            module.zero_grad(set_to_none=True)
            if turn:
                found[name].append(time.perf_counter() - begin)
    return found


def timed_on(execution: Execution | None = None) -> dict[str, Any]:
    """What is measured on, as records of runs have it: machine, versions, commit, execution.

    None is PyTorch's own way of a module: in fp32 on the CPU, with as many threads as it has at the time.
    """
    plainly = Execution("torch", "cpu", "fp32", channels_last=False, compiled=False, threads=torch.get_num_threads())
    return {**surroundings(), "execution": (execution or plainly).to_dict()}


def ratio(seconds: Mapping[str, Sequence[float]], one: str, other: str) -> tuple[float, float]:
    """How many times as long `one` takes as `other`: the median over rounds, and its standard deviation."""
    each = [a / b for a, b in zip(seconds[one], seconds[other], strict=True)]
    return statistics.median(each), statistics.stdev(each) if len(each) > 1 else 0.0
