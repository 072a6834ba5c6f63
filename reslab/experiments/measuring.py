"""What an experiment measures apart from errors, with the machine that it was measured on."""

from typing import Any

from reslab.engine import within_cores
from reslab.experiments.experiment import Datasets, Experiment, Runs
from reslab.experiments.timing import timed_on


def measured_by(experiment: Experiment, runs: Runs, datasets: Datasets) -> dict[str, Any]:
    """What `measure` gives, nothing where there is none.

    Of what needs no runs, which would say it, the machine is a part: as PyTorch runs here, unless it says otherwise.
    """
    if experiment.measure is None:
        return {}
    with within_cores():
        found = experiment.measure(runs, datasets)
        return found if experiment.rounds else {**found, "environment": found.get("environment") or timed_on()}
