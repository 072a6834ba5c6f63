"""Every experiment: what it says of itself, how many runs it needs, that its rows are whole and its picture is one."""

import json
from xml.etree import ElementTree

import pytest

from reslab.data import load_dataset
from reslab.errors import UsageError
from reslab.experiments.document import Document
from reslab.experiments.experiment import Runs
from reslab.experiments.registry import EXPERIMENTS, named
from reslab.experiments.reproduce import kept_for, kinds_of_images, kinds_of_nets, needs_of
from reslab.experiments.scales import SCALES, Setting
from reslab.training import facts_of
from reslab.training.suitable import check
from tests.experiments.invented_experiments import invented_runs

EVERY = list(EXPERIMENTS.values())
OF_ONE_SCALE = ("figure2", "figure3", "table1")
ROW_KEYS = ["label", "paper", "ours", "deviation", "n", "images", "std", "unit", "on"]
# Runs of each, every round of it: (smoke, small and full).
SIZES = {
    "figure1": (2, 2), "construction": (0, 0), "figure2": (0, 0), "figure3": (0, 0), "table1": (0, 0),
    "figure4": (4, 4), "table2": (4, 4),
    "table3": (7, 7), "figure5": (0, 0), "bottleneck": (0, 0), "table4": (5, 5), "table5": (6, 6), "figure6": (10, 10),
    "table6": (6, 6), "figure7": (5, 5), "degradation": (4, 12), "overfit": (7, 8),
    "budgets": (4, 13), "gradients": (0, 0), "shattered": (0, 0), "lesion": (0, 0),
    "landscape": (0, 0),
}  # fmt: skip


def words_of(svg: bytes) -> str:
    return " ".join(e.text or "" for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("text"))


@pytest.mark.parametrize("experiment", EVERY, ids=lambda e: e.name)
def test_it_says_what_it_is(experiment):
    assert experiment.claim.endswith(".") and ". " not in experiment.claim, "a claim is one sentence"
    assert experiment.title and experiment.place
    for needs in experiment.rounds:
        labels = [need.label for need in needs(Runs(Setting.nominal("small")))]
        assert len(labels) == len(set(labels)) > 0


@pytest.mark.parametrize("name", SIZES)
def test_the_size_of_its_plan(name):
    """Of our own nets: competitors come in addition, as they can be built."""
    for scale in SCALES:
        needs = [n for e in named(name) for r in e.rounds for n in r(Runs(Setting.nominal(scale))) if n.alike]
        recipes = {(n.label, n.recipe.digest()) for n in needs}
        assert len(needs) == SIZES[name][scale != "smoke"] + 2 * (name == "degradation" and scale == "smoke"), scale
        assert len(recipes) == len(needs)


def test_all_smokes_share_their_runs():
    needs = needs_of(EVERY, Setting.nominal("smoke"))
    parts = "ten of figure 6, six to compare, two more rates, three with stochastic depth, nine for ImageNet"
    assert len(needs) == 36, f"{parts}, four under record, two budgets of a step"
    digits = {size: facts_of(load_dataset("digits", size=size).with_train(100)) for size in (8, 16)}
    for need in needs:
        check(need.recipe, digits[need.recipe.data.size])
        assert need.recipe.steps == 2 or (need.label.endswith("0.16 epochs") and need.recipe.steps == 1)


def test_scales_are_the_presets():
    small, full = Setting.nominal("small"), Setting.nominal("full")
    assert (small.recipe("resnet20").name, small.recipe("resnet20").data.name) == ("fast", "cifar10")
    assert (small.recipe("resnet18").name, small.recipe("resnet18").data.size) == ("small", 64)
    assert (full.recipe("plain56").name, full.recipe("plain56").steps) == ("paper", 64_000)
    assert (full.recipe("resnet34", "A").data.name, full.recipe("resnet34", "A").model.classes) == ("imagenet", 1000)
    nin, vgg = (full.recipe(name) for name in ("nin", "vgg16"))
    assert (nin.name, nin.steps, nin.optimizer.weight_decay) == ("original", 120_000, 1e-5), "its authors' own"
    assert (vgg.name, vgg.steps, vgg.data.size) == ("original", 370_000, 224)
    assert small.recipe("nin").steps == small.recipe("resnet20").steps and small.recipe("nin").name == "fast"
    half = Setting.nominal("full", 0.5).recipe("resnet20").schedule
    assert (half.steps, half.drops) == (32_000, (16_000, 24_000))


def test_which_nets_need_which_data():
    assert kinds_of_nets(named("figure6"), "small") == {False}
    assert kinds_of_nets(named("table3"), "small") == {True}
    assert kinds_of_nets(named("table1"), "small") == kinds_of_images(named("table1"), "small") == set()
    assert kinds_of_nets(named("lesion"), "small") == set(), "none is trained"
    assert kinds_of_images(named("lesion"), "small") == {False}
    assert kinds_of_images(named("table3"), "small") == {True}


@pytest.mark.parametrize("experiment", [e for e in EVERY if not e.rounds and e.measure], ids=lambda e: e.name)
def test_a_test_that_cannot_show_its_claim_says_so_though_it_trains_nothing(experiment):
    smoke, small = (Document.of(experiment, Runs(Setting.nominal(scale))) for scale in ("smoke", "small"))
    counted = experiment.name in ("bottleneck", "figure5", "construction")  # of these the claim holds in a test, too
    assert (smoke.too_small is None) is counted and small.too_small is None
    assert small.values()["too_small"] is False


def test_of_what_comes_with_the_package_is_drawn_what_these_are_runs_of():
    assert kept_for(EXPERIMENTS["figure1"]) == ["plain20-cifar10", "plain56-cifar10"]
    assert len(kept_for(EXPERIMENTS["figure7"])) == 5
    assert kept_for(EXPERIMENTS["overfit"]) == kept_for(EXPERIMENTS["table2"]) == []


@pytest.mark.parametrize("experiment", EVERY, ids=lambda e: e.name)
@pytest.mark.parametrize("seeds", [0, 1, 5])
def test_rows_are_whole_whatever_has_been_run(experiment, seeds):
    runs = invented_runs(experiment, seeds=seeds) if seeds else Runs(Setting.nominal("small"))
    document = Document.of(experiment, runs)
    one = {need.label for needs in experiment.rounds for need in needs(runs) if need.seeds == 1}
    values = json.loads(json.dumps(document.values()))
    assert values["rows"] and all(list(row)[: len(ROW_KEYS)] == ROW_KEYS for row in values["rows"])
    for row in values["rows"]:
        known = row["paper"] is not None and row["ours"] is not None and not row.get("read_off")
        known = known and "elsewhere" not in row and "rate chosen" not in row["label"]
        assert row["deviation"] == (pytest.approx(row["ours"] - row["paper"], abs=1e-5) if known else None)
        if row["unit"] == "error %" and row["ours"] is not None:
            assert (
                row["n"] == (seeds if row["label"] not in one else 1)
                and row["images"] >= 1_000
                and (row["std"] is None) == (row["n"] == 1 or "best" in row["label"])
            )
        if not seeds and experiment.rounds and row["unit"] != "rate":
            assert row["ours"] is None
    stem = experiment.name if experiment.name in OF_ONE_SCALE else f"{experiment.name}-small"
    assert set(document.files()) == {f"{stem}.{ending}" for ending in ("md", "json", "svg")}
    text = document.markdown()
    assert experiment.claim in text and "deviation" in text and f"reslab reproduce {experiment.name}" in text
    assert words_of(document.picture())
    assert document.files() == Document.of(experiment, runs).files(), "the same runs give the same bytes"


@pytest.mark.parametrize("name", OF_ONE_SCALE)
def test_what_neither_trains_nor_measures_is_the_same_at_every_scale(name):
    made = [Document.of(EXPERIMENTS[name], Runs(Setting.nominal(scale))).files() for scale in SCALES]
    assert made[0] == made[1] == made[2]


@pytest.mark.parametrize("experiment", [e for e in EVERY if e.rounds], ids=lambda e: e.name)
def test_a_run_too_small_says_so(experiment):
    smoke = Document.of(experiment, invented_runs(experiment, "smoke"))
    assert smoke.finding.holds is None and "nothing of the claim" in smoke.finding.words
    assert smoke.values()["too_small"] and "Not decided here" in smoke.markdown()
    runs = invented_runs(experiment)
    part = Document.of(experiment, Runs(Setting.nominal("small", 0.25), runs.found))
    if experiment.by_length:
        assert "shorter runs only" in part.markdown() and not part.values()["too_small"], "what there is, is whole"
        return
    assert part.finding.holds is None and "Only 25 % of the steps" in part.markdown()
    assert part.stem == f"{experiment.name}-small-0.25"


def test_names():
    assert named("all") == tuple(EVERY) and [e.name for e in named("table6")] == ["table6"]
    assert set(SIZES) == set(EXPERIMENTS), "none is left out"
    with pytest.raises(UsageError, match="unknown experiment 'tabel6': did you mean table6"):
        named("tabel6")
    with pytest.raises(UsageError, match="unknown scale 'smal': did you mean small"):
        Setting.nominal("smal")
