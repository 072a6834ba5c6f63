"""What there is to run, what it costs and what is measured: counted from the recipes and the records, nothing run."""

from dataclasses import replace

import pytest

from reslab.experiments.degradation import DEGRADATION
from reslab.experiments.figure1 import FIGURE1
from reslab.experiments.figure2 import FIGURE2
from reslab.experiments.inventory import ALL, accounts, inventory_table
from reslab.experiments.paper import paper
from reslab.experiments.recorded import recorded_scales
from reslab.experiments.registry import EXPERIMENTS
from reslab.experiments.scales import Setting
from reslab.experiments.table2 import NETS, TABLE2
from reslab.reporting.rounding import power_text
from tests.experiments.invented_experiments import invented, invented_runs

SMALL, FULL = (Setting.nominal(scale) for scale in ("small", "full"))
MACS = {row["model"]: row["macs"] for row in paper()["counts"] if row["shortcut"] in (None, "A")}


def recorded(*labels: str, seconds: tuple[float, ...] = (60.0,)) -> list[dict]:
    runs = invented_runs(FIGURE1, seeds=len(seconds))
    each = [zip(runs.of(label), seconds, strict=True) for label in labels]
    return [{**run, "result": {**run["result"], "seconds": s}} for pairs in each for run, s in pairs]


def test_an_experiment_costs_its_runs_and_has_what_is_recorded():
    small, full = accounts(FIGURE1, [SMALL, FULL], recorded("plain20", seconds=(60.0, 120.0)))
    assert (small.runs, small.measured, small.seconds, len(small.machines)) == (2, 1, 90.0, 1)
    assert (full.runs, full.measured, full.seconds, full.machines) == (2, 0, None, ())
    assert full.macs == (MACS["resnet20"] + MACS["resnet56"]) * 64_000 * 128, "plain nets cost what residual ones do"


def test_records_without_times_are_measured_all_the_same():
    runs = invented_runs(FIGURE1)
    (small,) = accounts(FIGURE1, [SMALL], [*runs.of("plain20"), *runs.of("plain56")])
    assert (small.measured, small.seconds) == (2, None)


def test_what_a_later_round_would_choose_is_not_measured_by_chance():
    """Nets at their preset's rate are none that were found to be best."""
    at_presets_rate = [invented(SMALL.recipe(net)) for net in ("plain56", "resnet56")]
    (small,) = accounts(DEGRADATION, [SMALL], at_presets_rate)
    assert small.measured == 0 and small.runs > 10


def on_photographs(label: str, fingerprint: str) -> dict:
    """A run of Table 2 as it was made: with photographs, which have a fingerprint."""
    recipe = SMALL.recipe(*NETS[label])
    return invented(replace(recipe, data=replace(recipe.data, fingerprint=fingerprint)))


def test_runs_on_a_folder_are_found_by_its_name():
    """Its nominal facts cannot know what photographs they were; runs on a few others are not put beside them."""
    results = [on_photographs(label, "other" if label == "plain34" else "most") for label in NETS]
    (small,) = accounts(TABLE2, [SMALL], results)
    assert small.measured == 3
    assert set(recorded_scales(TABLE2, results)[0].found) == set(NETS) - {"plain34"}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_no_more_is_measured_than_there_is(name):
    found = invented_runs(EXPERIMENTS[name])
    results = [run for runs in found.found.values() for run in runs]
    (small,) = accounts(EXPERIMENTS[name], [SMALL], results)
    assert small.measured <= small.runs
    assert small.measured or not EXPERIMENTS[name].rounds or EXPERIMENTS[name].takes, "some are not taken"


def test_the_table_has_what_trains_and_names_what_does_not():
    table = inventory_table([FIGURE1, FIGURE2], recorded("plain20", "plain56", seconds=(3600.0,)))
    (row,) = [line for line in table.splitlines() if line.startswith("| figure1")]
    assert [cell.strip() for cell in row.split("|")][2:7] == ["2", "1.5e14", "4.0", "2", "2.0"]
    assert "| figure2" not in table and "Nothing is trained for figure2." in table and "Measured on: " in table
    (whole,) = [line for line in table.splitlines() if ALL in line]
    assert whole.count("1.5e14") == 1
    assert "Core-hours are expected at these multiply-adds for each second of a core: 1.0e10 of CIFAR nets" in table
    nothing = inventory_table([FIGURE1], [])
    assert "Measured on" not in nothing and "Core-hours" not in nothing


@pytest.mark.parametrize(("macs", "words"), [(0, "0.0e0"), (330_000_000, "3.3e8"), (79 * 10**17, "7.9e18")])
def test_large_numbers_are_short(macs, words):
    assert power_text(macs) == words


def test_hours_of_a_command_have_its_seeds():
    """Recorded runs have a pace; twice as many seeds take twice as long, but of what has one seed for all."""
    from reslab.experiments.inventory import expected_hours
    from reslab.experiments.recorded_pace import RecordedPaces
    from reslab.store import read_results

    paces, setting = RecordedPaces(read_results()), Setting.nominal("small")
    one, two = (float(expected_hours(EXPERIMENTS["figure1"], setting, seeds, paces)) for seeds in (1, 2))
    assert one > 0 and two == pytest.approx(2 * one, abs=0.16), "each is rounded to a tenth"
    assert expected_hours(EXPERIMENTS["figure1"], setting, 1, RecordedPaces([])) == ""
