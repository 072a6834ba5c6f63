"""Every experiment by its name, in the order of the paper."""

from reslab.errors import unknown
from reslab.experiments.bottleneck import BOTTLENECK
from reslab.experiments.budgets import BUDGETS
from reslab.experiments.construction import CONSTRUCTION
from reslab.experiments.degradation import DEGRADATION
from reslab.experiments.experiment import Experiment
from reslab.experiments.figure1 import FIGURE1
from reslab.experiments.figure2 import FIGURE2
from reslab.experiments.figure3 import FIGURE3
from reslab.experiments.figure4 import FIGURE4
from reslab.experiments.figure5 import FIGURE5
from reslab.experiments.figure6 import FIGURE6
from reslab.experiments.figure7 import FIGURE7
from reslab.experiments.gradients import GRADIENTS
from reslab.experiments.landscape import LANDSCAPE
from reslab.experiments.lesion import LESION
from reslab.experiments.overfit import OVERFIT
from reslab.experiments.shattered import SHATTERED
from reslab.experiments.table1 import TABLE1
from reslab.experiments.table2 import TABLE2
from reslab.experiments.table3 import TABLE3
from reslab.experiments.table4 import TABLE4
from reslab.experiments.table5 import TABLE5
from reslab.experiments.table6 import TABLE6

EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        FIGURE1,
        CONSTRUCTION,
        FIGURE2,
        FIGURE3,
        TABLE1,
        FIGURE4,
        TABLE2,
        GRADIENTS,
        TABLE3,
        FIGURE5,
        BOTTLENECK,
        TABLE4,
        TABLE5,
        FIGURE6,
        TABLE6,
        FIGURE7,
        DEGRADATION,
        OVERFIT,
        BUDGETS,
        SHATTERED,
        LESION,
        LANDSCAPE,
    )
}
"""Name -> experiment: one entry for each table or figure that `reslab reproduce` can make again."""

ALL = "all"


def named(name: str) -> tuple[Experiment, ...]:
    """The experiment of that name, or `all` of them. Raises UsageError for a name that does not exist."""
    if name == ALL:
        return tuple(EXPERIMENTS.values())
    if name not in EXPERIMENTS:
        raise unknown("experiment", name, (*EXPERIMENTS, ALL), listed="reslab list")
    return (EXPERIMENTS[name],)
