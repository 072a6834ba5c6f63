"""What the numbers say of each claim, from invented runs in which the paper's claims hold, and from others."""

import re
import statistics
from dataclasses import replace

import pytest

from reslab.errors import RunError
from reslab.experiments.alike import mixed, refuse_mixed
from reslab.experiments.bottleneck import BOTTLENECK
from reslab.experiments.comparing import Comparison, difference, judged
from reslab.experiments.counts import counted
from reslab.experiments.degradation import DEGRADATION, RECORD, best_rate
from reslab.experiments.document import Document
from reslab.experiments.experiment import Runs
from reslab.experiments.figure1 import FIGURE1
from reslab.experiments.figure4 import CLAIMS, FIGURE4, above, faster
from reslab.experiments.figure5 import FIGURE5
from reslab.experiments.figure6 import FIGURE6
from reslab.experiments.paper import paper
from reslab.experiments.recorded import recorded
from reslab.experiments.registry import EXPERIMENTS
from reslab.experiments.scales import Setting
from reslab.experiments.table2 import TABLE2
from reslab.experiments.table3 import TABLE3
from reslab.experiments.table6 import RESIDUAL, TABLE6
from tests.experiments.invented_experiments import invented, invented_runs


def row(document: Document, label: str):
    return next(row for row in document.rows if row.label == label)


@pytest.mark.parametrize("name", ["figure1", "figure6", "degradation", "overfit", "table1"])
def test_claims_hold_where_they_hold(name):
    experiment = EXPERIMENTS[name]
    assert Document.of(experiment, invented_runs(experiment, seeds=3)).finding.holds is True


@pytest.mark.parametrize("name", ["figure1", "figure4", "figure6", "degradation", "overfit", "table2", "table3"])
def test_single_seeds_decide_nothing(name):
    found = Document.of(EXPERIMENTS[name], invented_runs(EXPERIMENTS[name], **MANY)).finding
    assert found.holds is None and re.search(r"nothing is sure of .+: one seed", found.words)


def test_a_single_seed_that_is_not_sooner_decides_nothing():
    runs = invented_runs(FIGURE4, **MANY)
    slow = {"resnet18 A": with_lines(runs.of("resnet18 A"), 60.0), "plain34": with_lines(runs.of("plain34"), 0.0)}
    found = Document.of(FIGURE4, replace(runs, found={**runs.found, **slow})).finding
    assert "at 0 % of the steps recorded" in found.words and "last training error never" in found.words
    assert found.holds is None
    several = invented_runs(FIGURE4, seeds=2, **MANY)
    slow = {"resnet18 A": with_lines(several.of("resnet18 A"), 60.0)}
    assert Document.of(FIGURE4, replace(several, found={**several.found, **slow})).finding.holds is False


def with_lines(runs, error: float):
    """The runs with one training error in all their lines."""
    return tuple({**run, "metrics": [{**line, "train_error": error} for line in run["metrics"]]} for run in runs)


MANY = {"val_images": 500_000, "train_images": 500_000}  # so that counting on them is no matter


@pytest.mark.parametrize("experiment", [FIGURE4, TABLE2, TABLE3, TABLE6], ids=lambda e: e.name)
def test_claims_hold_where_they_hold_for_sure(experiment):
    runs = invented_runs(experiment, "full", 3, **MANY)
    assert Document.of(experiment, alike(runs)).finding.holds is True


def alike(runs: Runs) -> Runs:
    """Every seed of a label about as good as its first."""
    names = ("train_error", "val_error", "test_error")
    found = {label: with_result(of, **{n: of[0]["result"][n] for n in names}) for label, of in runs.found.items()}
    return Runs(runs.setting, found)


def timed(**seconds: tuple[float, float]) -> dict[str, list[float]]:
    """Seconds of five rounds: about the first, so far apart as the second says."""
    return {name: [mean + spread * k for k in (-1, -0.5, 0, 0.5, 1)] for name, (mean, spread) in seconds.items()}


@pytest.mark.parametrize(
    ("basic", "spread", "words"),
    [
        (1.02, 0.01, "they are alike on the machine that was measured: 1.02 ± 0.01 times"),
        (0.66, 0.05, "they are not alike on the machine that was measured: 0.66 ± 0.04 times"),
        (1.05, 0.2, "they are perhaps alike on the machine that was measured: 1.05 ± 0.16 times"),
    ],
)
def test_blocks_cost_alike_in_what_is_counted_and_seconds_are_told(basic, spread, words):
    runs = Runs(Setting.nominal("small"), {}, {"seconds": timed(basic=(basic, spread), bottleneck=(1.0, 0.0))})
    found = Document.of(FIGURE5, runs)
    assert found.finding.holds is True and words in found.finding.beside and "seconds" not in found.finding.words
    assert f"Measured besides, with no say in the verdict: in seconds {words}." in found.markdown()
    assert "73,728 (basic) against 69,632, alike" in found.finding.words
    assert any("Times are" in note for note in found.notes())


@pytest.mark.parametrize(
    ("times", "words"), [(1.95, "doubled on the machine that"), (1.52, "not doubled on the machine that")]
)
def test_a_projection_doubles_what_is_counted_and_seconds_are_told(times, words):
    seconds = timed(identity=(1.0, 0.0), projection=(times, 0.05))
    runs = Runs(Setting.nominal("small"), {}, {"block": seconds, "resnet50": seconds, "px": 64})
    found = BOTTLENECK.finding(runs)
    assert found.holds is True and "1.94 times" in found.words
    assert f"{times} ± 0.04 times, {words}" in found.beside and str(times) not in found.words
    assert [row.label for row in BOTTLENECK.rows(runs) if row.judged] == ["one block, weights"]
    assert "time" not in BOTTLENECK.claim.partition(", which")[0].split(), "what did not double is not claimed"


@pytest.mark.parametrize("experiment", [FIGURE5, BOTTLENECK], ids=lambda e: e.name)
def test_what_was_not_timed_is_counted_and_nothing_is_said_of_times(experiment):
    found = Document.of(experiment, Runs(Setting.nominal("small")))
    assert found.finding.holds is True and "seconds: not measured" in found.finding.beside
    assert not any("Times are" in note for note in found.notes()) and found.machines() == []


def test_a_claim_that_the_numbers_contradict():
    runs = invented_runs(FIGURE1, seeds=3)
    turned = {"plain20": runs.of("plain56"), "plain56": runs.of("plain20")}
    found = Document.of(FIGURE1, Runs(runs.setting, turned)).finding
    assert found.holds is False and "plain56 is 2.88 ± 0.20 points below plain20 in training error" in found.words


def test_nets_at_the_rate_of_their_preset_decide_nothing_about_the_best_one():
    whole = invented_runs(DEGRADATION)
    finals = {net: whole.of(net) for net in ("plain56", "resnet56")}
    found = Document.of(DEGRADATION, Runs(whole.setting, finals)).finding
    assert found.holds is None and "the rate of plain56 and resnet56 was not chosen" in found.words
    runs = [run for runs in finals.values() for run in runs]
    assert recorded(DEGRADATION, runs).found == {}, "records of another question"


def test_a_difference_within_its_uncertainty_decides_nothing():
    runs = invented_runs(FIGURE1, val_error=10.0, train_error=8.0)
    found = judged(runs, [Comparison("plain56", "plain20")])
    assert found.holds is None and "0.00 ± 0.60 points above" in found.words  # sqrt(2) * sqrt(0.1 * 0.9 / 5000)


def test_the_uncertainty_has_seeds_and_images():
    runs = invented_runs(FIGURE1, seeds=5)
    errors = [r["result"]["val_error"] for r in runs.of("plain20")]
    apart = difference(runs, "plain56", "plain20", "val")
    sampling = sum(p * (100 - p) / 5000 for p in (statistics.fmean(errors), statistics.fmean(errors) + 2.88))
    assert apart.points == pytest.approx(2.88)
    assert apart.error**2 == pytest.approx(sampling + 2 * statistics.variance(errors) / 5)
    assert difference(runs, "plain56", "plain99", "val") is None


@pytest.mark.parametrize(("above", "holds"), [(-0.1, True), (0.1, None), (5.0, False)])
def test_training_as_well_is_not_what_nobody_can_tell(above, holds):
    overfit = EXPERIMENTS["overfit"]
    runs = invented_runs(overfit, seeds=3)
    other = runs.mean("resnet110", "train_error")
    found = {**runs.found, "resnet1202": with_result(runs.of("resnet1202"), train_error=other + above)}
    assert Document.of(overfit, Runs(runs.setting, found)).finding.holds is holds


def test_what_failed_leaves_the_claim_open():
    runs = invented_runs(FIGURE6)
    fewer = Runs(runs.setting, {label: found for label, found in runs.found.items() if label != "resnet1202"})
    found = Document.of(FIGURE6, fewer).finding
    assert found.holds is None and found.words.endswith("; 2 of 5 comparisons wait for resnet1202")
    nothing = judged(Runs(runs.setting), [Comparison("plain56", "plain20")])
    assert nothing.words == "the comparison waits for plain56 and plain20"


def test_errors_are_on_the_larger_of_validation_and_test():
    assert invented_runs(TABLE6).held_out == "val"
    whole = invented_runs(TABLE6, test_images=10_000, test_error=8.0)
    found = row(Document.of(TABLE6, whole), "resnet20")
    assert (found.on, found.images, found.ours, found.deviation) == ("test", 10_000, 8.0, -0.75)


def test_table6_has_the_papers_mean_and_its_best_of_five():
    five = Document.of(TABLE6, invented_runs(TABLE6, seeds=5))
    mean, best = row(five, "resnet110"), row(five, "resnet110, best of 5")
    assert (mean.paper, best.paper) == (6.61, 6.43) and (mean.n, best.n) == (5, 5)
    assert best.ours == pytest.approx(mean.ours - 0.2), "seeds are 0.1 apart"
    assert row(Document.of(TABLE6, invented_runs(TABLE6)), "resnet110, best of 5").ours is None
    mean, best = row(five, "highway19"), row(five, "highway19, best")
    assert (mean.paper, best.paper, best.n) == (7.72, 7.54, 5) and best.ours == pytest.approx(mean.ours - 0.2)
    assert row(Document.of(TABLE6, invented_runs(TABLE6)), "highway19, best").ours is None
    assert {r.label for r in five.rows} >= {"maxout", "nin", "dsn", "fitnet19", "highway19", "highway32"}


def test_table6_has_the_papers_columns_and_judges_the_nets_of_the_day():
    runs = invented_runs(TABLE6, "full", 3, **MANY)
    document = Document.of(TABLE6, runs)
    deepest = {"layers": 110, "params": 1_727_962, "params printed": 1.7e6}
    assert dict(row(document, "resnet110, best of 5").besides) == deepest
    assert row(document, "fitnet19").to_dict()["params printed"] == 2.5e6
    assert row(document, "nin").besides["params printed"] is None, "of which the paper prints none"
    assert re.search(r"\| Highway-19 +\| +19 \| +2,256,838 \| +2,300,000 \|", document.markdown())
    assert f"{counted('dsn').companion_params:,} more parameters" in document.markdown()
    assert "parameters: resnet110 1,727,962, fitnet19 2,742,102, highway19 2,256,838" in document.finding.words
    better = {**runs.found, "nin": with_result(runs.of("nin"), val_error=5.0)}
    found = Document.of(TABLE6, Runs(runs.setting, better)).finding
    assert found.holds is False
    assert re.search(r"nin is 1.75 ± 0.\d\d points below resnet110 in validation error", found.words)
    runs = invented_runs(TABLE6, seeds=3, **MANY)
    better = {**runs.found, "nin": with_result(runs.of("nin"), val_error=5.0)}
    short = Document.of(TABLE6, Runs(replace(runs.setting, scale="given"), better)).finding
    assert short.holds is None and "below resnet110" in short.words, "its authors' recipe in too few steps"


def with_result(runs, **errors: float):
    """Runs with other errors, a hundredth of a point apart: of seeds that are all the same no spread is known."""
    middle = (len(runs) - 1) / 2
    return tuple(
        {**run, "result": {**run["result"], **{name: e + (place - middle) / 100 for name, e in errors.items()}}}
        for place, run in enumerate(runs)
    )


def test_options_that_differ_as_much_as_they_gain_do_not_hardly_differ():
    runs = invented_runs(TABLE3, seeds=3, **MANY)
    assert "options A, B, C among themselves: at most 0.00" in TABLE3.finding(runs).words
    gained = {f"resnet34 {o}": with_result(runs.of(f"resnet34 {o}"), val_error=e) for o, e in TURNED}
    found = TABLE3.finding(Runs(runs.setting, {**runs.found, **gained}))
    assert (
        found.holds is False and "at most 1.10 ± 0.06 points, and the least that one of them gains +1.12" in found.words
    )
    fewer = {label: of for label, of in runs.found.items() if label != "resnet34 C"}
    assert "among themselves: not known" in TABLE3.finding(Runs(runs.setting, fewer)).words


TURNED = (("A", 9.1), ("B", 8.5), ("C", 8.0))  # plain-34 has 10.12


def test_table2_is_beside_the_papers():
    document = Document.of(TABLE2, invented_runs(TABLE2))
    assert [r.paper for r in document.rows] == [
        *(paper()["table2"][n] for n in ("plain18", "plain34", "resnet18", "resnet34")),
        None,
    ]
    assert (document.rows[-1].label, document.rows[-1].ours) == ("vgg19", 8.5), "the third net of Figure 3"
    assert "a deviation would mean nothing" in document.markdown()
    assert [r.deviation for r in document.rows] == [None] * 5 and document.rows[0].elsewhere == "tiny-imagenet-20"
    picture = document.picture().decode()
    assert ">ring: the paper, ImageNet<" in picture and ">dot: ours, tiny-imagenet-20<" in picture


def test_of_a_test_on_digits_no_number_deviates_from_the_papers():
    """Of CIFAR-10 trained for less time each does, and of ImageNet: those are the paper's images."""
    smoke, small = (Document.of(TABLE6, invented_runs(TABLE6, scale)) for scale in ("smoke", "small"))
    assert sum(row.ours is not None for row in smoke.rows) == 12 and not any(row.deviation for row in smoke.rows)
    assert all(row.deviation is not None for row in small.rows if row.ours and row.paper)
    rates = [row for row in DEGRADATION.rows(invented_runs(DEGRADATION, "smoke")) if row.unit == "rate"]
    assert all(row.ours and row.paper and row.elsewhere == "digits" for row in rates) and rates
    chosen = [row for row in DEGRADATION.rows(invented_runs(DEGRADATION, "small")) if row.unit == "rate"]
    assert all(row.ours and row.paper and not row.elsewhere and row.deviation is None for row in chosen) and chosen
    assert "VGG nets take no images that small" in Document.of(TABLE2, invented_runs(TABLE2, "smoke")).finding.words
    whole = Document.of(TABLE2, invented_runs(TABLE2, "full"))
    assert [row.deviation for row in whole.rows[:2]] == [
        pytest.approx(9.0 - 0.16 - 27.94),
        pytest.approx(10.12 - 28.54),
    ]
    assert "ring: the paper, dot: ours<" in whole.picture().decode()


def test_the_rate_is_chosen_in_the_search_and_used_in_the_end():
    runs = invented_runs(DEGRADATION)
    searched = {label: found for label, found in runs.found.items() if " at " in label}
    assert all(run["recipe"]["data"]["split"] == "40k/5k/5k" for found in searched.values() for run in found)
    better = invented(replace_rate(runs, "plain56 at 0.05"), val_error=1.0)
    again = Runs(runs.setting, {**searched, "plain56 at 0.05": (better,)})
    assert best_rate(again, "plain56") == 0.05
    needs = {need.label: need.recipe for need in DEGRADATION.rounds[1](again)}
    assert needs["plain56"].optimizer.lr == 0.05 and needs["plain56"].data.split == "45k/5k"
    assert needs["resnet56"].optimizer.lr == 0.025, "of equal errors the smaller rate"
    lost = Runs(runs.setting, {label: found for label, found in searched.items() if label.startswith("plain")})
    assert [need.label for need in DEGRADATION.rounds[1](lost)] == ["plain56"], "a net whose every run failed has none"


@pytest.mark.parametrize(("seeds", "said"), [(1, True), (2, False)])
def test_of_a_search_with_one_seed_it_is_said_that_it_does_not_tell_rates_apart(seeds, said):
    words = Document.of(DEGRADATION, invented_runs(DEGRADATION, seeds=seeds)).finding.words
    assert ("; rates were searched with one seed, which does not tell good ones apart" in words) is said


def test_what_the_preset_record_makes_of_the_degradation_is_said_and_decides_nothing():
    document = Document.of(DEGRADATION, invented_runs(DEGRADATION, seeds=3))
    assert row(document, "plain56 under record, held-out").n == 3
    assert row(document, "plain56 less plain20 under record, training").ours == pytest.approx(2.88)
    assert row(document, "resnet56 less resnet20 under record, training").ours == pytest.approx(-0.54)
    assert row(document, "plain56 less resnet56 under record, held-out").ours == pytest.approx(4.42)
    assert "plain56 under record is 2.88 ± 0.20 points above plain20 under record" in document.finding.beside
    assert "record" not in document.finding.words
    assert {row.label for row in document.rows if not row.judged} == {
        r.label for r in document.rows if RECORD in r.label
    }
    assert "plain-20 under record, held-out †" in document.markdown()
    runs = document.runs
    without = Runs(runs.setting, {label: found for label, found in runs.found.items() if "record" not in label})
    other = Document.of(DEGRADATION, without)
    assert other.finding.holds is document.finding.holds is True
    assert row(other, "plain56 less plain20 under record, training").ours is None
    under = {need.label: need.recipe for need in DEGRADATION.rounds[0](Runs(runs.setting)) if "record" in need.label}
    assert len(under) == 4 and {recipe.name for recipe in under.values()} == {"record"}
    assert {recipe.data.split for recipe in under.values()} == {"45k/5k"}, "nothing is chosen on them"


def test_a_difference_is_of_as_many_runs_as_the_net_with_fewer_has():
    runs = invented_runs(DEGRADATION, seeds=5)
    single = {"resnet56 under record": runs.of("resnet56 under record")[:1], "resnet56": runs.of("resnet56")[:2]}
    document = Document.of(DEGRADATION, Runs(runs.setting, {**runs.found, **single}))
    assert row(document, "resnet20 under record, training").n == 5
    assert row(document, "resnet56 less resnet20 under record, training").n == 1, "the one that is taken away has five"
    assert row(document, "plain56 less resnet56").n == 2


def replace_rate(runs: Runs, label: str):
    from reslab.training import Recipe

    return Recipe.from_dict(runs.of(label)[0]["recipe"])


def test_steps_to_the_same_training_error():
    runs = invented_runs(FIGURE4)
    found = faster(runs)
    assert found.n == 1 and 0.3 < found.ours < 1
    slow = Runs(runs.setting, {"plain18": runs.of("resnet34 A"), "resnet18 A": runs.of("plain34")})
    assert faster(slow).ours is None, "it never gets there"


def test_convergence_decides_on_figure_4_too():
    whole = alike(invented_runs(FIGURE4, **MANY, seeds=2))
    assert FIGURE4.finding(whole).holds is True and above(whole).ours > 0.95
    runs = Runs(whole.setting, {**whole.found, "resnet18 A": ended_alike(whole, "resnet18 A", "plain34")})
    found = FIGURE4.finding(runs)
    assert found.holds is False and "plain18's last training error never" in found.words
    assert judged(runs, CLAIMS).holds is True, "the ends alone would have it hold"
    one_lags = (whole.of("resnet18 A")[0], ended_alike(whole, "resnet18 A", "plain34")[1])
    lagging = Runs(whole.setting, {**whole.found, "resnet18 A": one_lags})
    assert "in 1 of 2 seeds" in FIGURE4.finding(lagging).words and faster(lagging).ours is None


def test_throughout_is_more_than_the_end():
    whole = alike(invented_runs(FIGURE4, seeds=3, **MANY))
    runs = Runs(whole.setting, {**whole.found, "plain34": ended_alike(whole, "plain34", "resnet34 A")})
    found = FIGURE4.finding(runs)
    assert judged(runs, CLAIMS).holds is True and found.holds is False and above(runs).ours < 0.5
    assert "plain34 is above plain18 in training error at 0 % of the steps" in found.words


def ended_alike(runs: Runs, label: str, metrics_of: str):
    """Runs of a label with the lines of another, and their own errors in the end."""
    return tuple(
        {**run, "metrics": other["metrics"]} for run, other in zip(runs.of(label), runs.of(metrics_of), strict=True)
    )


def test_that_one_seed_decides_nothing_is_said_with_the_way_out_there_is():
    one, two = invented_runs(FIGURE6), invented_runs(FIGURE6, seeds=2)
    asked, given = (Document.of(FIGURE6, one, asked=asked) for asked in ("--scale small", "--from runs/mine"))
    assert "What one seed of each net leaves open, --seeds 3 may decide." in asked.notes()
    text = given.markdown()
    assert "What one seed of each net leaves open, more runs, of other seeds, may decide." in text
    assert "--seeds" not in text and "One seed has no" not in text and text.count("one seed") == 2
    assert not any("leaves open" in note for note in Document.of(FIGURE6, two).notes())


def test_nets_are_printed_as_people_do_and_keep_their_names_in_json():
    document = Document.of(EXPERIMENTS["table4"], Runs(Setting.nominal("small")), asked="--data nets/resnet34")
    text, values = document.markdown(), document.values()
    assert "| ResNet-34 B " in text and "| PReLU-net " in text and "| BN-inception " in text and "| VGG (v5) " in text
    assert "Made by `reslab reproduce table4 --data nets/resnet34`." in text and "(table4-small.svg)" in text
    assert {"resnet34 B", "prelu-net", "bn-inception", "vgg (v5)"} <= {row["label"] for row in values["rows"]}
    picture = document.picture().decode()
    assert ">ResNet-34 B<" in picture and "resnet34" not in picture
    compared = Document.of(FIGURE1, invented_runs(FIGURE1))
    assert "plain-56 is" in compared.markdown() and "plain56 is" in compared.values()["finding"]
    lengths = {len(line) for line in text.splitlines() if line.startswith("|")}
    assert len(lengths) == 1, "the columns are below each other"


def test_machines_are_one_paragraph():
    runs = invented_runs(FIGURE1, seeds=2)
    document = Document.of(FIGURE1, runs)
    (machine,) = document.machines()
    assert f"\n\nMachine: {machine}.\n\n" in document.markdown()
    label, (one, other) = next(iter(runs.found.items()))
    other = {**other, "environment": {"machine": {"processor": "Another *"}}}
    both = Document.of(FIGURE1, replace(runs, found={**runs.found, label: (one, other)}))
    assert both.markdown().count("Machine") == 1 and "\n\nMachines: " in both.markdown()
    assert "Another \\*" in both.markdown()


def test_of_a_test_on_digits_the_rates_are_not_said_to_be_of_cifar():
    notes = " ".join(Document.of(DEGRADATION, invented_runs(DEGRADATION, "smoke")).notes())
    assert "chosen inside the training images" in notes and "inside the 45,000" not in notes


def test_mixed_recipes_are_refused_with_what_differs():
    found = invented_runs(TABLE6).found
    runs = [(label, run) for label, of_label in found.items() if label in RESIDUAL for run in of_label]
    assert mixed(runs) == [], "nets, seeds and the warm-up of deep nets are no difference"
    from reslab.training import Recipe

    other = Recipe.from_dict(runs[0][1]["recipe"])
    other = replace(other, batch=64, optimizer=replace(other.optimizer, lr=0.05))
    both = [*runs, ("resnet20", {**invented(other), "name": "mine"})]
    with pytest.raises(RunError, match="table6 compares runs of one recipe, and these differ in:\n  ") as e:
        refuse_mixed(TABLE6, both)
    assert e.value.details == ("batch: 128 (resnet20-s0), 64 (mine)", "optimizer.lr: 0.2 (resnet20-s0), 0.05 (mine)")
    assert mixed(both, ("batch", "optimizer.lr")) == []
