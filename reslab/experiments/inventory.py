"""What there is to run, what it costs, and what has been measured of it, with nothing run: for lists and documents."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reslab.experiments.experiment import Experiment, Need, Result, Runs
from reslab.experiments.recorded import SCALES, recorded_at
from reslab.experiments.recorded_pace import KINDS, Kind, Pace, RecordedPaces
from reslab.experiments.reproduce import needs_of, seeds_of
from reslab.experiments.scales import Setting
from reslab.experiments.shares import macs_in_all
from reslab.reporting import machine_text, markdown_table
from reslab.reporting.rounding import finite, list_text, power_text

ALL = "all of them, each run once"
COLUMNS = ("runs", "multiply-adds", "core-hours, expected", "measured", "hours that these took")


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
    paces = RecordedPaces(results)
    for experiment in training:
        each = accounts(experiment, settings, results)
        hours = [_hours(paces, needs_of([experiment], setting)) for setting in settings]
        rows.append([experiment.name, *(cell for pair in zip(each, hours, strict=True) for cell in _cells(*pair))])
        machines |= dict.fromkeys(machine for one in each for machine in one.machines)
    whole = [needs_of(training, setting) for setting in settings]
    sums = [Account(len(needs), sum(macs_in_all(need.recipe) for need in needs)) for needs in whole]
    hours = [_hours(paces, needs) for needs in whole]
    rows.append([ALL, *(cell for pair in zip(sums, hours, strict=True) for cell in _cells(*pair))])
    head = ("experiment", *(f"{s.scale}: {COLUMNS[0]}" if c == COLUMNS[0] else c for s in settings for c in COLUMNS))
    notes = [f"Measured on: {'; '.join(machines)}."] if machines else []
    if told := [_pace_text(kind, pace) for kind, pace in paces.of.items()]:
        notes.append(f"Core-hours are expected at these multiply-adds for each second of a core: {'; '.join(told)}.")
    if others := [experiment.name for experiment in experiments if not experiment.rounds]:
        notes.append(f"Nothing is trained for {list_text(others)}.")
    return "\n".join([markdown_table(rows, head), *notes])


def _cells(one: Account, expected: str) -> tuple[str, ...]:
    hours = "" if one.seconds is None else f"{one.seconds / 3600:.1f}"
    return str(one.runs), power_text(one.macs), expected, str(one.measured or ""), hours


def expected_hours(experiment: Experiment, setting: Setting, seeds: int, paces: RecordedPaces) -> str:
    """Core-hours of every run of an experiment at a setting, none of them done; "" where there is no pace of one."""
    needs = needs_of([experiment], setting)
    return _hours(paces, [need for need in needs for _ in range(seeds_of(need, seeds))])


def _hours(paces: RecordedPaces, needs: Iterable[Need]) -> str:
    """Of all runs, with two digits: more no such estimate has; empty where one of them cannot be reckoned."""
    hours = paces.core_hours(need.recipe for need in needs)
    return "" if hours is None else f"{hours:.1f}" if hours < 10 else f"{float(f'{hours:.1e}'):,.0f}"


def _pace_text(kind: Kind, pace: Pace) -> str:
    runs = f"{pace.runs} run{'s' if pace.runs > 1 else ''}"
    return f"{power_text(pace.macs)} of {KINDS[kind]} ({pace.machine}; {runs})"


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
