"""Where a net runs: the machine, the choice of execution, and the engines behind one small interface."""

from torch import nn

from reslab.data import Preprocessing
from reslab.engine.execution import ENGINES, PRECISIONS, SWITCH, Execution, Request, choose, elsewhere
from reslab.engine.interface import Batch, Engine, StepOutput
from reslab.engine.layout import Layout, parameter_layout, statistics_layout
from reslab.engine.machine import Machine, this_machine
from reslab.engine.torch_engine import TorchEngine


def make_engine(net: nn.Module, preprocessing: Preprocessing, execution: Execution) -> Engine:
    """The engine that `execution` names, for this net; it takes the net over."""
    assert execution.engine == "torch"
    return TorchEngine(net, preprocessing, execution)


__all__ = [
    "ENGINES",
    "PRECISIONS",
    "SWITCH",
    "Batch",
    "Engine",
    "Execution",
    "Layout",
    "Machine",
    "Request",
    "StepOutput",
    "TorchEngine",
    "choose",
    "elsewhere",
    "make_engine",
    "parameter_layout",
    "statistics_layout",
    "this_machine",
]
