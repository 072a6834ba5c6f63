"""`python -m reslab.cli.record RUN...`: keep what finished runs measured in `results/`, for tables and figures."""

import sys

from reslab.errors import RunError, as_typed
from reslab.store import read_record, results_folder, write_result


def main(runs: list[str]) -> None:
    """One JSON a run. Raises RunError for a run that is not finished."""
    for run in runs:
        record = read_record(run)
        if not record.result:
            raise RunError(f"the run {run} is not finished; go on with: reslab train --run {as_typed(run)}")
        print(write_result(record, results_folder()))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except RunError as error:
        sys.exit(f"reslab: {error}")
