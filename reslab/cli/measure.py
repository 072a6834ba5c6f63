"""`python -m reslab.cli.measure NAME...`: keep in `results/` what experiments measure that train nothing: times.

On a machine that does nothing else meanwhile.
"""

import sys
from pathlib import Path

from reslab.errors import ReslabError, UsageError
from reslab.experiments.experiment import Runs
from reslab.experiments.measuring import measured_by
from reslab.experiments.registry import EXPERIMENTS, named
from reslab.experiments.scales import Setting, Shelf
from reslab.store import results_folder, write_measurement
from reslab.training import Surroundings


def main(names: list[str], folder: Path | None = None) -> None:
    """One JSON a name, measured at the paper's own scale. Raises UsageError for an experiment that has nothing so."""
    for experiment in [experiment for name in names for experiment in named(name)]:
        if experiment.measure is None or experiment.rounds:
            known = ", ".join(e.name for e in EXPERIMENTS.values() if e.measure and not e.rounds)
            raise UsageError(f"{experiment.name} measures nothing without runs; those that do: {known}")
        found = measured_by(experiment, Runs(Setting.nominal("full")), Shelf(Surroundings()))
        print(write_measurement(experiment.name, found, folder or results_folder()))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ReslabError as error:
        sys.exit(f"reslab: {error}")
