"""`python -m reslab.cli.record FOLDER...`: keep what finished runs and sweeps measured in `results/`, for tables.

A folder is a run's or a sweep's. The runs of a sweep are not kept one by one unless they are named, too.
"""

import sys
from pathlib import Path

from reslab.errors import RunError, as_typed
from reslab.experiments.kept_sweep import is_sweep, sweep_name, whole_sweep
from reslab.store import read_record, results_folder, write_result, write_sweep


def main(folders: list[str], to: Path | None = None) -> None:
    """One JSON a folder. Raises RunError for a run or a sweep that is not finished."""
    to = to or results_folder()
    for folder in folders:
        if is_sweep(Path(folder)):
            values = whole_sweep(Path(folder))
            print(write_sweep(sweep_name(values), values, to))
        else:
            print(_run(folder, to))


def _run(folder: str, to: Path) -> Path:
    record = read_record(folder)
    if not record.result:
        raise RunError(f"the run {folder} is not finished; go on with: reslab train --run {as_typed(folder)}")
    return write_result(record, to)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except RunError as error:
        sys.exit(f"reslab: {error}")
