"""What the numbers say of each claim, from invented runs in which the paper's claims hold, and from others."""

import statistics
from dataclasses import replace

import pytest

from reslab.errors import RunError
from reslab.experiments.alike import mixed, refuse_mixed
from reslab.experiments.comparing import Comparison, difference, judged
from reslab.experiments.degradation import DEGRADATION, best_rate
from reslab.experiments.document import Document
from reslab.experiments.experiment import Runs
from reslab.experiments.figure1 import FIGURE1
from reslab.experiments.figure4 import FIGURE4, faster
from reslab.experiments.figure6 import FIGURE6
from reslab.experiments.paper import paper
from reslab.experiments.recorded import recorded
from reslab.experiments.registry import EXPERIMENTS
from reslab.experiments.table2 import TABLE2
from reslab.experiments.table6 import RESIDUAL, TABLE6
from tests.experiments.invented_experiments import invented, invented_runs


def row(document: Document, label: str):
    return next(row for row in document.rows if row.label == label)


@pytest.mark.parametrize("name", ["figure1", "figure6", "degradation", "overfit", "table1", "figure5", "bottleneck"])
def test_claims_hold_where_they_hold(name):
    experiment = EXPERIMENTS[name]
    assert Document.of(experiment, invented_runs(experiment)).finding.holds is True


def test_a_claim_that_the_numbers_contradict():
    runs = invented_runs(FIGURE1)
    turned = {"plain20": runs.of("plain56"), "plain56": runs.of("plain20")}
    found = Document.of(FIGURE1, Runs(runs.setting, turned)).finding
    assert found.holds is False and "plain56 less plain20, training error: -2.88" in found.words


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
    assert found.holds is None and "+0.00 ± 0.60 points" in found.words  # sqrt(2) * sqrt(0.1 * 0.9 / 5000)


def test_the_uncertainty_has_seeds_and_images():
    runs = invented_runs(FIGURE1, seeds=5)
    errors = [r["result"]["val_error"] for r in runs.of("plain20")]
    apart = difference(runs, "plain56", "plain20", "val")
    sampling = sum(p * (100 - p) / 5000 for p in (statistics.fmean(errors), statistics.fmean(errors) + 2.88))
    assert apart.points == pytest.approx(2.88)
    assert apart.error**2 == pytest.approx(sampling + 2 * statistics.variance(errors) / 5)
    assert difference(runs, "plain56", "plain99", "val") is None


def test_what_failed_leaves_the_claim_open():
    runs = invented_runs(FIGURE6)
    fewer = Runs(runs.setting, {label: found for label, found in runs.found.items() if label != "resnet1202"})
    found = Document.of(FIGURE6, fewer).finding
    assert found.holds is None and "resnet1202 less resnet110, validation error: not known" in found.words


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
    assert {r.label for r in five.rows} >= {"maxout", "nin", "dsn", "fitnet19", "highway19", "highway32"}


def test_table2_is_beside_the_papers():
    document = Document.of(TABLE2, invented_runs(TABLE2))
    assert [r.paper for r in document.rows] == [
        paper()["table2"][n] for n in ("plain18", "plain34", "resnet18", "resnet34")
    ]
    assert "no deviation means anything" in document.markdown()


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


def test_what_the_preset_record_makes_of_the_degradation_is_said_and_decides_nothing():
    document = Document.of(DEGRADATION, invented_runs(DEGRADATION))
    assert row(document, "plain56 under record, held-out").n == 1
    assert row(document, "plain56 less plain20 under record, training").ours == pytest.approx(2.88)
    assert row(document, "resnet56 less resnet20 under record, training").ours == pytest.approx(-0.54)
    assert row(document, "plain56 less resnet56 under record, held-out").ours == pytest.approx(4.42)
    assert "plain56 under record less plain20 under record, training error: +2.88" in document.finding.words
    runs = document.runs
    without = Runs(runs.setting, {label: found for label, found in runs.found.items() if "record" not in label})
    other = Document.of(DEGRADATION, without)
    assert other.finding.holds is document.finding.holds is True
    assert row(other, "plain56 less plain20 under record, training").ours is None
    under = {need.label: need.recipe for need in DEGRADATION.rounds[0](Runs(runs.setting)) if "record" in need.label}
    assert len(under) == 4 and {recipe.name for recipe in under.values()} == {"record"}
    assert {recipe.data.split for recipe in under.values()} == {"45k/5k"}, "nothing is chosen on them"


def replace_rate(runs: Runs, label: str):
    from reslab.training import Recipe

    return Recipe.from_dict(runs.of(label)[0]["recipe"])


def test_steps_to_the_same_training_error():
    runs = invented_runs(FIGURE4)
    found = faster(runs)
    assert found.n == 1 and 0.3 < found.ours < 1
    slow = Runs(runs.setting, {"plain18": runs.of("resnet34 A"), "resnet18 A": runs.of("plain34")})
    assert faster(slow).ours is None, "it never gets there"


def test_mixed_recipes_are_refused_with_what_differs():
    found = invented_runs(TABLE6).found
    runs = [(label, run) for label, of_label in found.items() if label in RESIDUAL for run in of_label]
    assert mixed(runs) == [], "nets, seeds and the warm-up of deep nets are no difference"
    from reslab.training import Recipe

    other = Recipe.from_dict(runs[0][1]["recipe"])
    other = replace(other, batch=64, optimizer=replace(other.optimizer, lr=0.05))
    both = [*runs, ("resnet20", {**invented(other), "name": "mine"})]
    with pytest.raises(
        RunError, match=r"table6 compares runs of one recipe.*batch 128 \(resnet20-s0\), 64 \(mine\)"
    ) as e:
        refuse_mixed(TABLE6, both)
    assert "optimizer.lr 0.2 (resnet20-s0), 0.05 (mine)" in str(e.value)
    assert mixed(both, ("batch", "optimizer.lr")) == []
