"""What there is to run, what it costs, and what has been measured of it, with nothing run: for lists and documents."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reslab.experiments.experiment import Experiment, Result, Runs
from reslab.experiments.recorded import SCALES, recorded_at
from reslab.experiments.reproduce import needs_of
from reslab.experiments.scales import Setting
from reslab.experiments.shares import macs_in_all
from reslab.reporting import machine_text, markdown_table
from reslab.reporting.rounding import finite, list_text, power_text

ALL = "all of them, each run once"
COLUMNS = ("runs", "multiply-adds", "measured", "hours that these took")


@dataclass(frozen=True)
class Account:
    """An experiment at one scale: one seed of each of its runs, and what is recorded of them."""

    runs: int
    macs: int  # forward, of all images that are trained on; the way back costs about twice as many
    measured: int = 0  # of the runs
    seconds: float | None = None  # that these took where they were run, the mean over seeds; None where none is known
    machines: tuple[str, ...] = ()  # on which


def accounts(experiment: Experiment, settings: Sequence[Setting], results: Sequence[Result]) -> list[Account]:
    """What an experiment asks for at each setting, beside the recorded results."""
    return [_account(experiment, runs) for runs in recorded_at(experiment, settings, results)]


def _account(experiment: Experiment, recorded: Runs) -> Account:
    needs, found = needs_of([experiment], recorded.setting), recorded.found
    seconds = [_mean(finite(run["result"].get("seconds")) for run in runs) for runs in found.values()]
    known = [value for value in seconds if value is not None]
    machines = dict.fromkeys(machine_text(run["environment"]) for runs in found.values() for run in runs)
    return Account(
        len(needs),
        sum(macs_in_all(need.recipe) for need in needs),
        len(found),
        sum(known) if known else None,
        tuple(machine for machine in machines if machine),
    )


def inventory_table(experiments: Sequence[Experiment], results: Sequence[Result]) -> str:
    """A row an experiment that trains, at scale `small` and at `full`, as Markdown; and on what was measured."""
    training = [experiment for experiment in experiments if experiment.rounds]
    settings = [Setting.nominal(scale) for scale in reversed(SCALES)]
    rows: list[list[str]] = []
    machines: dict[str, None] = {}
    for experiment in training:
        each = accounts(experiment, settings, results)
        rows.append([experiment.name, *(cell for one in each for cell in _cells(one))])
        machines |= dict.fromkeys(machine for one in each for machine in one.machines)
    whole = [needs_of(training, setting) for setting in settings]
    sums = [Account(len(needs), sum(macs_in_all(need.recipe) for need in needs)) for needs in whole]
    rows.append([ALL, *(cell for one in sums for cell in _cells(one))])
    head = ("experiment", *(f"{s.scale}: {COLUMNS[0]}" if c == COLUMNS[0] else c for s in settings for c in COLUMNS))
    notes = [f"Measured on: {'; '.join(machines)}."] if machines else []
    if others := [experiment.name for experiment in experiments if not experiment.rounds]:
        notes.append(f"Nothing is trained for {list_text(others)}.")
    return "\n".join([markdown_table(rows, head), *notes])


def _cells(one: Account) -> tuple[str, str, str, str]:
    hours = "" if one.seconds is None else f"{one.seconds / 3600:.1f}"
    return str(one.runs), power_text(one.macs), str(one.measured or ""), hours


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
