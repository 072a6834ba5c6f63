"""Where a net runs: the machine, the choice of execution, and the engines behind one small interface."""

from reslab.data import Preprocessing
from reslab.engine.distribution import (
    Distributed,
    Lost,
    Part,
    agreed,
    at_place,
    everything,
    join,
    leave,
    part_of,
    share,
    spread,
)
from reslab.engine.execution import (
    ENGINES,
    PRECISIONS,
    SWITCH,
    VARIANTS,
    Execution,
    Request,
    choose,
    elsewhere,
    kernels_of,
    refuse_unavailable,
    slow_bf16,
)
from reslab.engine.interface import Batch, Engine, StepOutput
from reslab.engine.layout import Layout, parameter_layout, statistics_layout
from reslab.engine.losses import LOSSES, sample_losses
from reslab.engine.machine import Machine, alike, this_machine
from reslab.engine.native_engine import NativeEngine
from reslab.engine.settings import apart, same_settings, settled, within_cores
from reslab.engine.teaching import Teaching
from reslab.engine.torch_engine import TorchEngine
from reslab.engine.work import Work
from reslab.nets import Architecture, Residual, Spec, unfilled
from reslab.processes import this_team


def make_engine(
    spec: Architecture,
    preprocessing: Preprocessing,
    execution: Execution,
    residual: Residual | None = None,
    frozen: str | None = None,
    teaching: Teaching | None = None,
) -> Engine:
    """The engine that `execution` names, for the net of `spec`; `residual` is a residual function of one's own.

    In training, the part `frozen` and all before it stay as they are (`nets.freezable`), and a trained net teaches as
    `teaching` says.
    """
    if execution.processes > 1:
        team = this_team()
        assert team and team.size == execution.processes, "see `training.continuing`"
        return Distributed(
            make_engine(spec, preprocessing, at_place(execution, team), residual, frozen, teaching), team
        )
    if execution.engine == "native":
        assert isinstance(spec, Spec) and frozen is None and teaching is None, "see `work.lacking`"
        return NativeEngine(spec, preprocessing, execution)
    return TorchEngine(unfilled(spec, residual), preprocessing, execution, frozen, teaching)


__all__ = [
    "ENGINES",
    "LOSSES",
    "PRECISIONS",
    "SWITCH",
    "VARIANTS",
    "Batch",
    "Distributed",
    "Engine",
    "Execution",
    "Layout",
    "Lost",
    "Machine",
    "NativeEngine",
    "Part",
    "Request",
    "StepOutput",
    "Teaching",
    "TorchEngine",
    "Work",
    "agreed",
    "alike",
    "apart",
    "at_place",
    "choose",
    "elsewhere",
    "everything",
    "join",
    "kernels_of",
    "leave",
    "make_engine",
    "parameter_layout",
    "part_of",
    "refuse_unavailable",
    "same_settings",
    "sample_losses",
    "settled",
    "share",
    "slow_bf16",
    "spread",
    "statistics_layout",
    "this_machine",
    "within_cores",
]
