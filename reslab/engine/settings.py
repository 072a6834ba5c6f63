"""What an engine asks of PyTorch for the whole process: threads, and how cuDNN chooses; and how that is given back."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from reslab.engine.execution import Execution


def settle(execution: Execution) -> None:
    """Set what `execution` needs of PyTorch, until somebody else does; see `settled`."""
    if execution.engine == "native":
        # The kernels have threads of their own; PyTorch's, which wait by spinning, would be in their way.
        torch.set_num_threads(1)
    elif execution.device == "cpu":
        torch.set_num_threads(execution.threads)
    else:  # the same bytes from the same seed (not measured on a GPU)
        torch.backends.cudnn.deterministic = True
        torch.backends.cudnn.benchmark = False


@contextmanager
def same_settings() -> Iterator[None]:
    """Afterwards all that `settle` changes is as before: the process is the caller's."""
    cudnn = torch.backends.cudnn
    threads, deterministic, benchmark = torch.get_num_threads(), cudnn.deterministic, cudnn.benchmark
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        cudnn.deterministic, cudnn.benchmark = deterministic, benchmark


@contextmanager
def settled(execution: Execution) -> Iterator[None]:
    """PyTorch as `execution` needs it; afterwards as the caller had it."""
    with same_settings():
        settle(execution)
        yield
