"""Every experiment by its name, in the order of the paper."""

from reslab.errors import unknown
from reslab.experiments.experiment import Experiment
from reslab.experiments.figure1 import FIGURE1
from reslab.experiments.figure6 import FIGURE6
from reslab.experiments.table6 import TABLE6

EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        FIGURE1,
        FIGURE6,
        TABLE6,
    )
}
"""Name -> experiment: one entry for each table or figure that `reslab reproduce` can make again."""

ALL = "all"


def named(name: str) -> tuple[Experiment, ...]:
    """The experiment of that name, or `all` of them. Raises UsageError for a name that does not exist."""
    if name == ALL:
        return tuple(EXPERIMENTS.values())
    if name not in EXPERIMENTS:
        raise unknown("experiment", name, (*EXPERIMENTS, ALL))
    return (EXPERIMENTS[name],)
