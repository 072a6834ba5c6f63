"""Errors of many views and of ensembles: the protocols, what `reslab eval` says of the same nets, and the tables."""

from dataclasses import replace

import pytest

from reslab.evaluation import PAPER_SCALES, evaluate
from reslab.experiments import tested
from reslab.experiments.document import Document
from reslab.experiments.experiment import Runs
from reslab.experiments.scales import Setting
from reslab.experiments.table2 import TABLE2
from reslab.experiments.table3 import TABLE3
from reslab.experiments.table4 import TABLE4
from reslab.experiments.table5 import NETS, TABLE5
from reslab.experiments.tested import ENSEMBLE, SINGLE_VIEW, SMOKE_TESTED, by_views, dense, measure, ten_crops
from reslab.store import load, read_record
from reslab.training import Surroundings, train_on
from tests.conftest import short_recipe
from tests.experiments.invented_experiments import invented_runs


def invented_errors(top1: dict[str, list[float]], images: int = 50_000) -> dict:
    """What `measure` gives: top-5 errors are a quarter of these."""
    errors = {label: [{"top1": e, "top5": e / 4} for e in values] for label, values in top1.items()}
    return {"testing": "10 crops", "split": "val", "images": images, "errors": errors}


def row(document: Document, label: str):
    return next(row for row in document.rows if row.label == label)


def test_the_protocols_are_the_papers_in_proportion():
    assert (ten_crops(224).scales, ten_crops(224).count) == ((256,), 10)
    assert (dense(224).scales, dense(224).kind) == (PAPER_SCALES, "1"), "sec. 3.4 speaks of no mirrors there"
    assert dense(64).scales == (64, 73, 110, 137, 183)


class Digits:
    def __init__(self, digits) -> None:
        self.digits = digits

    def of(self, _):
        return self.digits


@pytest.fixture(scope="module")
def two(digits, tmp_path_factory) -> Runs:
    """Two nets, each with seeds 0 and 1, but that of the second's seed 1."""
    found = {}
    for label, seeds in (("resnet8", (0, 1)), ("resnet14", (0,))):
        runs = []
        for seed in seeds:
            path = tmp_path_factory.mktemp("runs") / f"{label}-{seed}"
            train_on(digits, replace(short_recipe(digits, 2, label), seed=seed), path, Surroundings())
            record = read_record(path)
            runs.append({"recipe": record.recipe, "result": {**record.result, "run": str(path)}})
        found[label] = tuple(runs)
    return Runs(Setting.nominal("small"), found)


def test_errors_are_those_of_eval(two, digits):
    found = measure(two, Digits(digits), two.found, ten_crops)
    assert found["split"] == "test" and found["images"] == 360 and "10 crops" in found["testing"]
    for label, runs in two.found.items():
        for run, errors in zip(runs, found["errors"][label], strict=True):
            told = evaluate(run["result"]["run"], views=10, split="test")
            assert errors == {"top1": told.top1_error, "top5": told.top5_error}
    assert ENSEMBLE not in found["errors"]


def test_an_ensemble_is_that_of_eval_for_each_seed_that_all_have(two, digits):
    found = measure(two, Digits(digits), two.found, dense, together=True)
    first, second = (two.of(label)[0]["result"]["run"] for label in two.found)
    told = evaluate(first, split="test", scales=dense(8).scales, ensemble=[second])
    assert found["errors"][ENSEMBLE] == [{"top1": told.top1_error, "top5": told.top5_error}]
    assert measure(two, Digits(digits), ["resnet20"], dense, together=True) == {}, "nothing was run"


def test_tables_that_look_alike_at_a_net_look_once(two, digits, monkeypatch):
    shelf, looked = Digits(digits), []
    monkeypatch.setattr(tested, "load", lambda place: looked.append(place) or load(place))
    first = measure(two, shelf, ["resnet14"], ten_crops)
    assert measure(two, shelf, ["resnet14"], ten_crops) == first and len(looked) == 1
    measure(two, shelf, ["resnet14"], dense)
    measure(replace(two, setting=Setting.nominal("smoke")), shelf, ["resnet14"], ten_crops)
    assert len(looked) == 3, "other views, fewer images"
    monkeypatch.setattr(tested, "KEPT_BYTES", 0)
    again = Digits(digits)
    assert measure(two, again, ["resnet14"], ten_crops) == measure(two, again, ["resnet14"], ten_crops) == first
    assert len(looked) == 5, "what is much is not kept"


def test_a_test_of_a_few_steps_looks_at_few_images(two, digits):
    smoke = Runs(Setting.nominal("smoke"), two.found)
    assert measure(smoke, Digits(digits), ["resnet14"], dense)["images"] == SMOKE_TESTED


def test_measured_errors_stand_in_for_single_views():
    single = invented_runs(TABLE2)
    crops = replace(single, measured=invented_errors({"plain18": [30.0, 31.0], "plain34": [33.0, 34.0]}))
    before, after = Document.of(TABLE2, single), Document.of(TABLE2, crops)
    assert row(before, "plain18").images == 5_000 and any("single view" in note for note in before.notes())
    found = row(after, "plain18")
    assert (found.ours, found.n, found.images, found.on) == (30.5, 2, 50_000, "val")
    assert found.std == pytest.approx(0.7071) and any("10 crops" in note for note in after.notes())
    assert row(after, "resnet18 A").ours is None, "no single view among ten crops"
    assert SINGLE_VIEW in before.notes() and SINGLE_VIEW not in after.notes()
    assert SINGLE_VIEW not in Document.of(TABLE2, Runs(single.setting)).notes(), "nothing of ours is there"
    assert "plain34 is 3.00 ± 0.77 points above plain18 in validation error" in after.finding.words


def test_top5_stands_beside_the_papers():
    crops = replace(invented_runs(TABLE3), measured=invented_errors({"resnet50 B": [22.0]}))
    found = row(Document.of(TABLE3, crops), "resnet50 B")
    assert (found.ours, found.elsewhere, found.deviation) == (22.0, "tiny-imagenet-20", None)
    found = row(Document.of(TABLE3, crops), "resnet50 B, top-5")
    assert (found.paper, found.ours) == (6.71, 5.5)
    assert row(Document.of(TABLE3, invented_runs(TABLE3)), "resnet50 B, top-5").ours is None


@pytest.mark.parametrize("experiment", [TABLE4, TABLE5], ids=lambda e: e.name)
def test_a_single_view_is_no_multi_scale_testing(experiment):
    document = Document.of(experiment, invented_runs(experiment))
    assert all(row.ours is None for row in document.rows) and document.finding.holds is None


def three(error: float) -> list[float]:
    """Of three seeds."""
    return [error - 0.1, error, error + 0.1]


def test_table_4_and_5_hold_where_they_hold():
    falling = {label: three(24.0 - 2 * place) for place, label in enumerate(NETS)}
    runs = replace(invented_runs(TABLE5), measured=invented_errors({**falling, ENSEMBLE: three(11.0)}))
    assert Document.of(TABLE4, runs).finding.holds is True
    document = Document.of(TABLE5, runs)
    assert document.finding.holds is True and row(document, ENSEMBLE).paper == 3.57
    assert row(document, "resnet152 B alone").paper == 4.49 and row(document, "resnet34 A alone").paper is None
    worse = replace(runs, measured=invented_errors({**falling, ENSEMBLE: three(20.0)}))
    assert Document.of(TABLE5, worse).finding.holds is False


def test_errors_without_a_fifth_class_are_left_out():
    measured = invented_errors({"a": [10.0]})
    measured["errors"]["a"][0]["top5"] = None
    runs = Runs(Setting.nominal("small"), {}, measured)
    assert by_views(runs, "top5").row("a", 5.0).ours is None and by_views(runs, "top1").row("a").ours == 10.0
