"""Trainings of any length: which, in which order, from which seeds; what is drawn of those that are there."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from reslab.errors import UsageError
from reslab.experiments.budgets import BUDGETS, EPOCHS, beside, enough, is_plain, is_reached, needs
from reslab.experiments.costs import costs
from reslab.experiments.document import Document
from reslab.experiments.experiment import Runs
from reslab.experiments.jobs import Outcome
from reslab.experiments.measured import CIFAR10
from reslab.experiments.recorded import recorded
from reslab.experiments.reproduce import Reproduction, given_runs, needs_of
from reslab.experiments.scales import Setting, Shelf
from reslab.experiments.shares import macs_in_all
from reslab.store import read_record
from reslab.training import Surroundings, lasting, make_recipe
from tests.experiments.invented_experiments import invented, invented_runs
from tests.experiments.test_reproduce import Flat
from tests.reporting.invented_runs import write_run

SMALL = Setting.nominal("small")
PLAIN = {"engine": "torch", "device": "cpu", "precision": "fp32", "compiled": False, "threads": 2}
OURS = {**PLAIN, "engine": "native"}


def result(model: str, epochs: float | None, seed: int = 0, preset: str = "fast", execution=OURS, **changes):
    """A record of `results/`: None epochs, the preset's own."""
    recipe = lasting(make_recipe(CIFAR10, model, preset, seed=seed), 45_000, None, epochs)
    length = recipe.epochs(45_000)
    run = invented(recipe, epochs=length, seconds=60 * length, val_error=6 + 40 / length, **changes)
    name = f"{model}-{preset}-{epochs}-{seed}-{execution['engine']}"
    return {**run, "name": name, "environment": {"machine": {"processor": "Old & New"}, "execution": execution}}


def row(document: Document, label: str):
    return next(row for row in document.rows if row.label == label)


def words_of(svg: bytes) -> str:
    return " ".join(e.text or "" for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("text"))


def test_every_budget_is_what_reslab_train_trains():
    found = {need.label: need for need in needs(Runs(SMALL))}
    assert len(found) == sum(map(len, EPOCHS.values())) == 13
    eight = lasting(make_recipe(CIFAR10, "resnet20", "fast"), 45_000, None, 8)
    assert found["resnet20, 8 epochs"].recipe == eight and found["resnet20, 20 epochs"].recipe.digest() == "149741b6"
    assert {label for label, need in found.items() if need.seeds is None} == {
        f"resnet20, {epochs} epochs" for epochs in (4, 8, 12, 16, 20, 30)
    }
    full = needs(Runs(Setting.nominal("full")))
    assert [need.label for need in full[13:]] == ["resnet20, the paper's recipe", "resnet56, the paper's recipe"]
    assert full[13].recipe == make_recipe(CIFAR10, "resnet20", "paper") and not full[13].alike


def test_cheap_ones_come_first_and_long_ones_have_one_seed(tmp_path):
    work = Reproduction((BUDGETS,), SMALL, 3, Shelf(Surroundings()), tmp_path)
    jobs = work.jobs(0)
    assert len(jobs) == 6 * 3 + 3 + 4
    assert [job.label for job in jobs[:4]] == [
        "resnet20, 4 epochs, seed 0",
        "resnet20, 4 epochs, seed 1",
        "resnet20, 4 epochs, seed 2",
        "resnet20, 8 epochs, seed 0",
    ]
    sizes = [macs_in_all(job.recipe) for job in jobs]
    assert sizes == sorted(sizes) and jobs[-1].label == "resnet56, 60 epochs, seed 0"
    whole = sum(need.recipe.steps * (need.seeds or 3) for need in needs_of([BUDGETS], SMALL))
    assert costs([BUDGETS], SMALL, Flat(), seeds=3) >= whole / 64, "seeds that are not run cost nothing"
    assert costs([BUDGETS], SMALL, Flat(), seeds=3) < 3 * costs([BUDGETS], SMALL, Flat())


def test_beside_others_it_comes_last(tmp_path):
    from reslab.experiments.figure1 import FIGURE1

    jobs = Reproduction((BUDGETS, FIGURE1), SMALL, 1, Shelf(Surroundings()), tmp_path).jobs(0)
    assert [job.label for job in jobs[:2]] == ["plain56", "plain20"] and jobs[2].label == "resnet20, 4 epochs"


@pytest.mark.parametrize(("part", "longest"), [(1.0, 13), (0.25, 7), (0.125, 5), (0.01, 1)])
def test_a_part_of_it_are_the_shorter_ones_whole(part, longest):
    found = needs(Runs(replace(SMALL, part=part)))
    whole = {need.label: need.recipe for need in needs(Runs(SMALL))}
    assert len(found) == longest and all(need.recipe == whole[need.label] for need in found)


def test_rows_have_minutes_and_the_machine():
    results = [result("resnet20", 8, seed) for seed in (0, 1)] + [result("resnet20", 20)]
    results.append(result("resnet20", 8, 2, execution={**OURS, "threads": 1}))
    results[-1]["result"]["seconds"] *= 3
    document = Document.of(BUDGETS, recorded(BUDGETS, results), asked="--scale small")
    eight = row(document, "resnet20, 8 epochs")
    assert (eight.n, eight.images, eight.paper, eight.on) == (3, 5_000, 8.75, "val")
    assert eight.ours == pytest.approx(11.0, abs=0.01) and eight.besides["minutes"] == pytest.approx(8.0, abs=0.01)
    assert eight.besides["machine"] == "Old & New, 2 threads, engine native, fp32"
    assert row(document, "resnet56, 16 epochs").ours is None and row(document, "resnet20, 20 epochs").n == 1
    text = document.markdown()
    assert "| minutes |" in text and "2 of 13 budgets are measured" in text and "Old &amp; New" in text
    assert json.loads(json.dumps(document.values()))["rows"][1]["minutes"] == pytest.approx(8.0, abs=0.01)


def test_minutes_are_of_the_fastest_machine_however_few_its_runs():
    slow = [result("resnet20", 8, seed, execution={**OURS, "threads": 1}) for seed in (0, 2)]
    for run in slow:
        run["result"]["seconds"] *= 3
    document = Document.of(BUDGETS, recorded(BUDGETS, [*slow, result("resnet20", 8, 1)]), asked="--scale small")
    eight = row(document, "resnet20, 8 epochs")
    assert eight.n == 3 and eight.besides["minutes"] == pytest.approx(8.0, abs=0.01)
    assert eight.besides["machine"] == "Old & New, 2 threads, engine native, fp32"


def test_minutes_are_of_one_machine_in_all_rows_as_in_the_picture():
    """A longer training on a faster one would seem shorter; what stands beside may be of another, which is named."""
    here, there = {**OURS, "threads": 1}, {**OURS, "precision": "bf16"}
    results = [result("resnet20", epochs, execution=here) for epochs in (4, 8)]
    results += [result("resnet20", 12, execution=there), result("resnet20", 4, 1, execution=PLAIN)]
    results[2]["result"]["seconds"] /= 10
    document = Document.of(BUDGETS, recorded(BUDGETS, results))
    told = [row(document, f"resnet20, {epochs} epochs").besides for epochs in (4, 8, 12)]
    assert [one["minutes"] for one in told] == [pytest.approx(4, abs=0.01), pytest.approx(8, abs=0.01), None]
    assert [one["machine"] for one in told] == ["Old & New, 1 thread, engine native, fp32"] * 2 + [None]
    plain = row(document, "resnet20, 4 epochs, PyTorch, eager fp32").besides
    assert plain["machine"] == "Old & New, 2 threads, engine torch, fp32" and plain["minutes"] is not None
    assert "minutes on Old & New, 1 thread" in words_of(document.picture())


def test_lengths_of_what_stands_beside_share_a_mark():
    others = [result("resnet20", epochs, epochs, execution=PLAIN) for epochs in (4, 8)]
    others += [result("resnet20", epochs, preset="record") for epochs in (15, 30)]
    document = Document.of(BUDGETS, recorded(BUDGETS, [result("resnet20", 4), *others]))
    assert {row(document, f"resnet20, {epochs} epochs, PyTorch, eager fp32").n for epochs in (4, 8)} == {1}
    words = words_of(document.picture())
    assert words.count("ResNet-20, PyTorch, eager fp32") == 1 and words.count("ResNet-20, record") == 1
    assert words.count("ResNet-20, fast") == 1, "the preset of the line"


ON_TEST = {"test_images": 10_000}


def test_the_paper_is_reached_by_any_budget_and_missed_by_the_longest():
    several, single = (invented_runs(BUDGETS, seeds=seeds, **ON_TEST) for seeds in (3, 1))
    lower, alone = (with_errors(runs, 5.0) for runs in (several, single))
    found = Document.of(BUDGETS, lower).finding
    assert "resnet20 in 160 epochs is 3.75 ± 0.36 points below the paper's 8.75 %" in found.words
    assert "the first at or below it is of 4 epochs" in found.words
    only_longest = {**higher_found(lower), "resnet20, 160 epochs": lower.of("resnet20, 160 epochs")}
    words = BUDGETS.finding(Runs(SMALL, only_longest)).words
    assert "resnet20 in 160 epochs" in words and "and no shorter budget is at or below the paper's" in words
    assert "is of 160 epochs" not in words and "none is below it" not in words, "nothing is said twice"
    assert is_reached(lower, "resnet20") is True and is_reached(alone, "resnet20") is None
    assert found.holds is None, "resnet56 has one seed"
    higher = with_errors(several, 15.0)
    assert is_reached(higher, "resnet20") is None, "the longest has one seed"
    longest = {**higher.found, "resnet20, 160 epochs": higher.of("resnet20, 30 epochs")}
    assert is_reached(Runs(SMALL, longest), "resnet20") is False
    assert (
        "above the paper's 8.75 % (not sure: one seed), as are all shorter ones;"
        in Document.of(BUDGETS, higher).finding.words
    ), "what the longest is, is said once"
    sooner = {label: lower.of(label) if label == "resnet20, 160 epochs" else higher.of(label) for label in higher.found}
    assert (
        ", and no shorter budget is at or below the paper's;" in Document.of(BUDGETS, Runs(SMALL, sooner)).finding.words
    )
    lost = {**several.found, "resnet20, 160 epochs": (with_error(several.of("resnet20, 160 epochs")[0], float("nan")),)}
    assert is_reached(Runs(SMALL, lost), "resnet20") is None, "an error that is no number"
    on_val = with_errors(invented_runs(BUDGETS, seeds=3), 5.0)
    assert is_reached(on_val, "resnet20") is None, "the paper's errors are of test images"


def higher_found(runs: Runs) -> dict:
    return dict(with_errors(runs, 15.0).found)


def with_errors(runs: Runs, error: float) -> Runs:
    """All budgets with one error, their seeds a tenth of a point apart."""
    found = {
        label: tuple(with_error(run, error + (run["recipe"]["seed"] - 1) / 10 * (len(of) > 1)) for run in of)
        for label, of in runs.found.items()
    }
    return Runs(SMALL, found)


def with_error(run, error: float):
    return {**run, "result": {**run["result"], "val_error": error, "test_error": error}}


def test_the_papers_recipe_and_plain_pytorch_stand_beside_where_they_are_recorded():
    results = [result("resnet20", 8), result("resnet20", 20), result("resnet20", None, preset="paper")]
    results += [result("resnet20", 20, execution=PLAIN), result("resnet56", None, preset="paper", execution=PLAIN)]
    results.append(result("resnet20", 20, execution={**PLAIN, "precision": "bf16"}, seed=4))
    assert [is_plain(run) for run in results] == [False, False, False, True, True, False]
    found = beside(results)
    assert set(found) == {
        "resnet20, the paper's recipe",
        "resnet20, 20 epochs, PyTorch, eager fp32",
        "resnet56, the paper's recipe, PyTorch, eager fp32",
    }
    document = Document.of(BUDGETS, recorded(BUDGETS, results))
    assert document.runs.setting.scale == "full", "the paper's own recipe is there"
    assert row(document, "resnet20, 20 epochs").n == 2, "PyTorch's run is not ours"
    assert row(document, "resnet20, 20 epochs, PyTorch, eager fp32").n == 1
    assert row(document, "resnet20, the paper's recipe").n == 1, "once, though a need of this scale, too"
    judged = {row.label: row.judged for row in document.rows if row.ours is not None}
    assert judged == {
        "resnet20, 8 epochs": True,
        "resnet20, 20 epochs": True,
        "resnet20, the paper's recipe": False,
        "resnet20, 20 epochs, PyTorch, eager fp32": False,
        "resnet56, the paper's recipe, PyTorch, eager fp32": False,
    }
    assert "ResNet-20, the paper's recipe †" in document.markdown() and "Rows with †" in document.markdown()
    words = words_of(document.picture())
    assert "ResNet-20, the paper's recipe" in words and "ResNet-56 in the paper, 6.97 %" in words
    assert beside([result("resnet20", 20)]) == {} and recorded(BUDGETS, results[:2]).setting.scale == "small"


def test_record_stands_beside_at_any_length_as_one_mark():
    results = [result("resnet20", 8), result("resnet20", 20), result("resnet56", 26, preset="record")]
    results += [result("resnet56", 30, seed, preset="record") for seed in (0, 1)]
    changed = result("resnet56", 26, 3, preset="record")
    changed["recipe"]["smoothing"] = 0.0
    results.append(changed)
    assert {label: len(runs) for label, runs in beside(results).items()} == {
        "resnet56, record, 26 epochs": 1,
        "resnet56, record, 30 epochs": 2,
    }
    document = Document.of(BUDGETS, recorded(BUDGETS, results))
    assert row(document, "resnet56, record, 30 epochs").n == 2 and row(document, "resnet56, 30 epochs").ours is None
    assert words_of(document.picture()).count("ResNet-56, record") == 1
    (ours,) = (note for note in document.notes() if note.startswith("Ours: "))
    assert "recipe fast and record" in ours, "every row's recipe is named"


def test_record_with_another_field_stands_beside_where_five_seeds_have_it():
    changed = [result("resnet56", 40, seed, preset="record") for seed in range(5)]
    for one in changed:
        one["recipe"]["augment"]["erase"] = 0.5
    results = [result("resnet20", 8), result("resnet20", 20), *changed]
    assert {label: len(runs) for label, runs in beside(results).items()} == {
        "resnet56, record, erase 0.5, 40 epochs": 5
    }
    assert beside(results[:-1]) == {}
    document = Document.of(BUDGETS, recorded(BUDGETS, results))
    assert words_of(document.picture()).count("ResNet-56, record, erase 0.5") == 1
    changed[0]["recipe"]["data"]["split"] = "40k/5k/5k"
    assert beside(results) == {}, "trained on other images"


def test_ten_seeds_are_told_of_with_what_their_mean_is_at_most():
    runs = [result("resnet20", 30, seed, preset="record") for seed in range(10)]
    for seed, run in enumerate(runs):
        run["result"]["val_error"] = 8.0 + 0.1 * seed
    told = Document.of(BUDGETS, recorded(BUDGETS, runs)).finding
    assert "resnet20, record, 30 epochs: 8.45 % of 5,000 validation images, the mean of 10 seeds" in told.beside
    assert "at most 8.63 % (over seeds alone; so many images leave a standard error of 0.39 points)" in told.beside
    assert told.beside.endswith("0.39 points), where the paper has 8.75 %")
    assert told.holds is None
    assert Document.of(BUDGETS, recorded(BUDGETS, runs[:9])).finding.beside == ""


def test_a_line_needs_two_budgets():
    one, two = [result("resnet20", 8), result("resnet56", 16)], [result("resnet20", 8), result("resnet20", 30)]
    assert not enough(recorded(BUDGETS, one)) and enough(recorded(BUDGETS, two))
    assert not enough(recorded(BUDGETS, [])) and words_of(Document.of(BUDGETS, recorded(BUDGETS, [])).picture())


def test_what_is_not_finished_is_said(tmp_path):
    work = Reproduction((BUDGETS,), Setting.nominal("smoke"), 1, Shelf(Surroundings()), tmp_path)
    first, *others = work.jobs(0)
    done = Outcome(first, {**invented(first.recipe)["result"], "epochs": 0.16, "seconds": 3.0})
    work.take_in([done, *(Outcome(job, None, "not finished yet") for job in others)])
    document = Document.of(BUDGETS, work.so_far("budgets"), work.failed["budgets"])
    text = document.markdown()
    assert (
        "Not finished yet: ResNet-20, 0.32 epochs; ResNet-56, 0.16 epochs; " in text
        and row(document, "resnet20, 0.16 epochs").n == 1
    )
    assert "ResNet-20" in words_of(document.picture())


def test_runs_that_somebody_made_have_their_places_by_length(tmp_path):
    records = []
    for epochs in (8, 20):
        run = result("resnet20", epochs)
        records.append(read_record(write_run(tmp_path / f"r{epochs}", run["recipe"], [], run["result"]).path))
    given = given_runs(BUDGETS, records)
    assert set(given.found) == {"resnet20, 8 epochs", "resnet20, 20 epochs"}
    document = Document.of(BUDGETS, given, asked="--from RUN")
    assert row(document, "resnet20, 8 epochs").n == 1 and "of resnet20 is" not in document.finding.words
    assert "ResNet-20, fast" in words_of(document.picture())
    other = result("resnet20", 20, preset="record")
    record = read_record(write_run(tmp_path / "other", other["recipe"], [], other["result"]).path)
    with pytest.raises(UsageError, match=r"is resnet20 A recipe record, 7,031 steps; budgets compares"):
        given_runs(BUDGETS, [record])
