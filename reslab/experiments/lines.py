"""The curves of an experiment's runs, as the paper draws them."""

from reslab.experiments.experiment import Runs
from reslab.reporting import DEPTH_COLOURS, Axis, Curve, mean_points
from reslab.reporting.figures import Kind

CIFAR_AXIS = Axis(0, 20, (0, 5, 10, 20))  # Figure 6
CIFAR_ITERATIONS = (0, 1, 2, 3, 4, 5, 6)  # in 1e4
OTHER = "#777777"  # of nets whose depth has no colour in the paper's figures
OVER_SEEDS = "A line is the mean over all n seeds of its net."
AXES = (  # of `reporting.figures.fitting`
    "Panels have the paper's axis where all lines end inside that, else a higher one, above which lines may begin."
)
KEY = "dashed: training error, bold: validation error"


def line(runs: Runs, label: str, key: str, kind: Kind, depth: int, name: str = "") -> Curve:
    """The mean over seeds of a number in a label's metrics; `name` is what the legend calls it, if anything.

    A named line ends with its depth.
    """
    points = mean_points([run["metrics"] for run in runs.of(label)], key)
    return Curve(name, DEPTH_COLOURS.get(depth, OTHER), kind, points, str(depth) if name else "")


def both(runs: Runs, label: str, depth: int, name: str, training: Kind = "dashed") -> tuple[Curve, Curve]:
    """Training and validation error of a label."""
    return line(runs, label, "train_error", training, depth), line(runs, label, "val_error", "bold", depth, name)
