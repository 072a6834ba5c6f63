"""The page of the paper from records: what is measured, what is the paper's alone, and what stands on top."""

import re
from dataclasses import replace

import pytest

from reslab.experiments.document import ours_text
from reslab.experiments.experiment import Result, Row
from reslab.experiments.figure6 import FIGURE6
from reslab.experiments.lines import line
from reslab.experiments.opening import opening, papers_panel
from reslab.experiments.paper import paper, table
from reslab.experiments.quick import QUICK
from reslab.experiments.registry import EXPERIMENTS
from reslab.experiments.scales import Setting
from reslab.experiments.story import entry, paper_page
from reslab.experiments.table6 import TABLE6
from reslab.store import read_results
from tests.experiments.invented_experiments import invented, invented_runs

EVERY = list(EXPERIMENTS.values())
CLAIMED = ("table2", "table3", "table4", "table5", "table6", "figure1", "figure4", "figure6", "overfit")


def texts(svg: bytes | None) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", (svg or b"").decode())


def results_of(*nets: str, scale: str = "small", seeds: int = 1) -> list[Result]:
    runs = invented_runs(FIGURE6, scale, seeds=seeds)
    return [run for net in nets for run in runs.of(net)]


@pytest.mark.parametrize("name", CLAIMED)
def test_what_is_not_measured_is_drawn_from_the_papers_numbers_alone(name):
    made = entry(EXPERIMENTS[name], [])
    found = texts(made.picture)
    assert not made.measured and not any(line.ours for line in made.lines)
    assert "rings: the paper's numbers; of ours none is measured yet" in found and "ours" not in found
    assert all(line.paper in found for line in made.shown) and made.shown


def test_the_papers_numbers_of_figures_without_any_are_those_of_its_tables():
    of_lines = {line.label: line.paper for line in entry(EXPERIMENTS["figure4"], []).lines}
    assert of_lines["resnet34 A, ten crops"] == f"{table('table2')['resnet34']:.2f}" and len(of_lines) == 4
    on_all = {line.label: line.paper for line in entry(EXPERIMENTS["overfit"], []).lines}
    assert on_all["resnet1202, all images"] == f"{paper()['table6']['resnet1202']:.2f}"


@pytest.mark.parametrize(
    ("ours", "std", "text"),
    [
        (12.074, 0.5, "12.07 ± 0.50"),
        (8397.2, 3332.4, "8,397 ± 3,332"),
        (60.0, 1.761, "60.00 ± 1.76"),
        (8.1, None, "8.10"),
        (99_999.0, 3332.4, "99,999 ± 3,332"),
        (735_502_373_958_946_560.0, None, "7.4e17"),
        (-30_250_000.0, 18_840_000.0, "-3.0e7 ± 1.9e7"),
    ],
)
def test_a_spread_has_as_many_digits_as_it_can_carry(ours, std, text):
    unit = "times" if abs(ours) > 100 else "error %"
    assert ours_text(Row("a", ours=ours, std=std, unit=unit)) == text


def test_of_runs_of_which_nothing_is_shown_nothing_is_told():
    """Nets of an ensemble that was never looked at are neither its data nor its machine."""
    runs = invented_runs(EXPERIMENTS["table5"])
    results = [run for label in ("resnet34 A", "resnet34 B") for run in runs.of(label)]
    ours, whole = (entry(EXPERIMENTS[name], results) for name in ("table5", "table3"))
    assert not ours.measured and ours.machines == () and ours.notes == (EXPERIMENTS["table5"].about,)
    assert whole.measured and whole.machines and any(note.startswith("Ours: tiny-imagenet-20") for note in whole.notes)
    assert ours.command == "reslab reproduce table5 --scale small"


def test_captions_name_the_data_of_ours_where_the_papers_are_others():
    results = [run for of in invented_runs(EXPERIMENTS["table2"]).found.values() for run in of]
    made = entry(EXPERIMENTS["table2"], results)
    assert made.caption.startswith(
        "Rings are the paper's values (4), dots ours (5). Ours are errors on tiny-imagenet-20"
    )
    assert not made.filled["deviation"] and made.filled["paper"] and made.filled["ours"]


@pytest.mark.parametrize("name", ["figure1", "figure4", "figure6"])
def test_captions_of_curves_say_of_how_many_seeds_a_line_is(name):
    """A line of several runs is their mean: here of errors in percent that are 10 points apart."""
    experiment = EXPERIMENTS[name]
    runs = invented_runs(experiment, seeds=2)
    assert "A line is the mean over all n seeds of its net." in experiment.caption
    label, (one, other) = next((label, of) for label, of in runs.found.items() if len(of) == 2)
    lines = [[{"step": 1, "val_error": error}] for error in (30.0, 40.0)]
    both = tuple({**run, "metrics": metrics} for run, metrics in zip((one, other), lines, strict=True))
    assert line(replace(runs, found={label: both}), label, "val_error", "bold", 20).points == ((1.0, 35.0),)


def test_why_there_is_no_deviation_from_what_was_read_off_is_said():
    told = "From a value with ≈, which was read off a picture, no deviation is reckoned."
    plain, residual = (entry(FIGURE6, results_of(net)) for net in ("plain20", "resnet20"))
    assert told in plain.notes and told not in residual.notes and told not in entry(FIGURE6, []).notes
    (shown,) = (line for line in plain.lines if line.ours)
    assert shown.paper == "≈9.5" and not shown.deviation


def test_beside_a_command_stands_what_it_takes():
    runs = results_of("plain20", "plain56")
    trains, reckons = entry(FIGURE6, read_results()), entry(EXPERIMENTS["figure2"], [])
    assert re.fullmatch(r"About [\d.,]+ core-hours, reckoned from the fastest machine .*", trains.takes)
    assert reckons.takes == "Nothing is trained for it." and entry(FIGURE6, runs[:0]).takes == ""
    page = paper_page(read_results()[:3])
    assert page.count('class="note takes"') >= 10 and page.index("In five minutes") < page.index("<main")
    assert all(command in page for command, _ in QUICK)


def test_captions_count_what_is_drawn():
    made = entry(TABLE6, results_of("resnet20", "resnet56"))
    assert made.caption == "Rings are the paper's values (14), dots ours (2)." and made.share == "2 of 14 values"
    both = entry(TABLE6, [*results_of("resnet20", "resnet56"), *results_of("resnet20", scale="full")])
    (other,) = both.others
    assert other.picture is None and other.measured, "a net alone is beside nothing"
    two = entry(
        TABLE6,
        [
            *results_of("resnet20", "resnet56"),
            *results_of("resnet20", scale="full"),
            *results_of("resnet56", scale="full"),
        ],
    )
    (other,) = two.others
    assert other.caption == "Rings are the paper's values (2), dots ours (2)."
    assert "resnet20" in texts(other.picture) and "resnet1202" not in texts(other.picture)


def test_on_top_with_nothing_measured_are_the_papers_numbers():
    top = opening(EVERY, [entry(TABLE6, [])], [])
    found = texts(top.wide)
    assert found.count("The paper") == 1 and "Measured here" not in found
    assert "None of these nets is measured here yet." in top.caption
    assert "1 is not measured yet, with the paper's numbers alone." in top.measured
    assert "0 are done" in top.measured
    assert [point.depth for point in papers_panel().plain] == [20, 32, 44, 56]
    assert papers_panel().residual[-1].error == paper()["table6"]["resnet110_mean"]


def test_on_top_what_is_seen_in_one_net_each_is_not_decided():
    seen = replace(entry(TABLE6, []), measured=True, seen=True)
    top = opening(EVERY, [seen, replace(seen, seen=False)], [])
    assert "0 hold here, 2 are not decided (1 of them seen in one net each)." in top.measured


def test_on_top_are_the_nets_that_are_measured_in_panels_of_one_scale():
    results = results_of("plain20", "plain56", "resnet20", "resnet56", seeds=2)
    top = opening(EVERY, [entry(TABLE6, results)], results)
    found = texts(top.wide)
    assert found.count("Measured here") == 2 and found.count("The paper") == 1
    errors = {run["recipe"]["model"]["name"]: [] for run in results}
    for run in results:
        errors[run["recipe"]["model"]["name"]].append(run["result"]["val_error"])
    assert f"plain {sum(errors['plain56']) / 2:.2f}" in found and f"residual {sum(errors['resnet56']) / 2:.2f}" in found
    assert "that is no over-fitting" in top.caption and "4 are done" in top.measured
    assert texts(top.narrow) == found


def test_runs_on_photographs_are_counted_whatever_their_fingerprint():
    recipe = Setting.nominal("small").recipe("plain18")
    run = invented(replace(recipe, data=replace(recipe.data, fingerprint="1f7d91ca5e7d")))
    assert " 1 are done" in opening(EVERY, [], [run]).measured


def test_degradation_is_said_only_where_it_is_measured():
    results = results_of("plain20", "resnet20")
    top = opening(EVERY, [], results)
    assert "over-fitting" not in top.caption and "one seed each" in top.caption
    one = opening(EVERY, [], [*results_of("plain20", seeds=2), *results_of("resnet20")])
    assert "and resnet20 has one seed." in one.caption


@pytest.mark.parametrize(
    ("three", "one", "asked"),
    [
        (("plain20",), ("resnet20", "resnet56"), ""),
        (("plain20", "resnet20"), ("resnet56",), " --seeds 3"),
        (("plain20",), ("resnet20",), ""),
    ],
)
def test_the_command_has_the_seeds_of_most_nets(three, one, asked):
    results = [*results_of(*three, seeds=3), *results_of(*one)]
    made = entry(FIGURE6, results)
    assert made.command == f"reslab reproduce figure6 --scale small{asked}"
    assert {line.n for line in made.lines if line.ours} == {"1", "3"}


@pytest.mark.slow
def test_the_same_records_give_the_same_page():
    results = results_of("plain20", "resnet20")
    page = paper_page(results)
    assert page == paper_page(results)
    assert page.count('class="mark') > 2 * len(EVERY) and "Of the" in page
