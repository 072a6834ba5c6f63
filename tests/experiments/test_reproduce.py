"""Experiments through the queue: their jobs, what is taken in, runs that somebody made, and what they cost."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from reslab.engine import Request, this_machine
from reslab.errors import DataError, RunError, UsageError
from reslab.experiments.costs import PARTS, Paces, costs, expected_seconds, fitting_part, seconds_behind
from reslab.experiments.degradation import DEGRADATION, best_rate
from reslab.experiments.document import Document
from reslab.experiments.figure1 import FIGURE1
from reslab.experiments.figure6 import FIGURE6
from reslab.experiments.jobs import Outcome
from reslab.experiments.registry import EXPERIMENTS, named
from reslab.experiments.reproduce import Reproduction, given_runs, needs_of
from reslab.experiments.scales import Setting, Shelf, setting_of, smaller
from reslab.store import load, read_record
from reslab.training import Recipe, Surroundings
from tests.experiments.invented_experiments import invented
from tests.reporting.invented_runs import write_run


def work(tmp_path: Path, *names: str, seeds: int = 1) -> Reproduction:
    experiments = tuple(EXPERIMENTS[name] for name in names)
    return Reproduction(experiments, Setting.nominal("smoke"), seeds, Shelf(Surroundings()), tmp_path)


def ended(jobs, **changes):
    return [Outcome(job, invented(job.recipe, **changes)["result"]) for job in jobs]


def test_a_run_that_several_need_is_one_job(tmp_path):
    both = work(tmp_path, "figure1", "figure6", seeds=2)
    jobs = both.jobs(0)
    assert len(jobs) == 20 and [job.recipe.seed for job in jobs] == [0] * 10 + [1] * 10
    names = [job.recipe.model.name for job in jobs]
    assert names[:2] == ["plain56", "plain20"], "the cheaper experiment first, and of it the longest run"
    assert names[2:4] == ["resnet1202", "resnet110"]
    assert jobs[0].folder.parent == tmp_path and jobs[0].label == "plain56, seed 0"
    both.take_in(ended(jobs))
    assert [run["recipe"]["seed"] for run in both.so_far("figure1").of("plain56")] == [0, 1]
    assert both.so_far("figure6").of("plain56") == both.so_far("figure1").of("plain56")


def test_rounds_follow_each_other(tmp_path):
    only = work(tmp_path, "degradation")
    assert only.rounds == 2 and len(only.jobs(0)) == 4 + 4, "two rates of two nets, and four nets under record"
    only.take_in(ended(only.jobs(0)))
    finals = only.jobs(1)
    assert [job.label for job in finals] == ["plain56", "resnet56"]
    only.take_in(ended(finals))
    assert set(only.so_far("degradation").found) >= {"plain56", "resnet56", "plain56 at 0.2", "plain20 under record"}


def test_a_rate_that_diverges_is_an_answer_and_not_chosen(tmp_path):
    """Of one seed alone: the mean of the others would flatter the rate."""
    only = work(tmp_path, "degradation", seeds=2)
    jobs = only.jobs(0)
    lost = next(job for job in jobs if job.label == "plain56 at 0.2, seed 1")
    others = ended([job for job in jobs if job is not lost], val_error=20.0)
    best = replace_result(others, "plain56 at 0.2, seed 0", val_error=1.0)
    only.take_in([*best, Outcome(lost, None, "diverged", diverged=True)])
    runs = only.so_far("degradation")
    assert runs.diverged == ("plain56 at 0.2",) and only.failed["degradation"] == [], "nothing is left to be done"
    assert best_rate(runs, "plain56") == 0.1 and best_rate(runs, "resnet56") == 0.1
    only.take_in(ended(only.jobs(1)))
    words = EXPERIMENTS["degradation"].finding(only.so_far("degradation")).words
    assert (
        "plain56 at 0.2 diverged with one seed or more" in words
        and "the rate of plain56, 0.1, is the smallest tried" in words
    )
    assert "was not chosen" not in words and "one seed, which" not in words


def test_where_every_rate_diverges_none_is_chosen(tmp_path):
    only = work(tmp_path, "degradation")
    jobs = only.jobs(0)
    only.take_in(
        [*ended(j for j in jobs if "record" in j.label)]
        + [Outcome(job, None, "diverged", diverged=True) for job in jobs if "record" not in job.label]
    )
    assert only.jobs(1) == []


def replace_result(outcomes, label, **changes):
    return [replace(o, result={**o.result, **changes}) if o.job.label == label else o for o in outcomes]


def test_what_failed_is_told(tmp_path):
    only = work(tmp_path, "figure1")
    plain20, plain56 = sorted(only.jobs(0), key=lambda job: job.label)
    only.take_in([*ended([plain20]), Outcome(plain56, None, "diverged: *so*")])
    document = Document.of(FIGURE1, only.so_far("figure1"), only.failed["figure1"])
    assert document.values()["failed"] == [{"run": str(plain56.folder), "label": "plain56", "why": "diverged: *so*"}]
    assert "- plain-56: diverged: \\*so\\*" in document.markdown() and document.finding.holds is None


def recorded(tmp_path: Path, model: str, seed: int = 0, done: bool = True, **changes):
    recipe = replace(Setting.nominal("small").recipe(model), seed=seed, **changes)
    run = invented(recipe)
    result = run["result"] if done else None
    return read_record(write_run(tmp_path / f"{model}-{seed}", recipe.to_dict(), run["metrics"], result).path)


def test_runs_that_somebody_made(tmp_path):
    records = [recorded(tmp_path, "plain20", 1), recorded(tmp_path, "plain20", 0), recorded(tmp_path, "plain56")]
    document = Document.of(FIGURE1, given_runs(FIGURE1, records), asked="--from RUN")
    assert [row.n for row in document.rows] == [2, 1, 2, 1] and document.finding.holds is None
    assert document.stem == "figure1-given" and "reslab reproduce figure1 --from RUN" in document.markdown()


def test_a_trained_net_is_a_run_by_its_name():
    (run,) = given_runs(FIGURE1, [read_record("plain56-cifar10")]).of("plain56")
    assert run["result"]["run"] == "plain56-cifar10" == run["name"]
    assert load(run["result"]["run"]).identity.model == "plain56"
    kept = given_runs(EXPERIMENTS["figure7"], [read_record("plain56-cifar10")]).measured["responses"]
    assert list(kept) == ["plain56"] and len(kept["plain56"][0]["layers"]) == 55


def test_given_runs_of_stochastic_depth_and_of_competitors_have_places_of_their_own(tmp_path):
    overfit, table6 = EXPERIMENTS["overfit"], EXPERIMENTS["table6"]
    recipe = Setting.nominal("small").recipe("resnet20", images=5_000, steps=20)
    records = []
    for survival in (1.0, 0.5):
        changed = replace(recipe, model=replace(recipe.model, survival=survival))
        run = invented(changed)
        folder = write_run(tmp_path / f"survival-{survival}", changed.to_dict(), run["metrics"], run["result"])
        records.append(read_record(folder.path))
    assert set(given_runs(overfit, records).found) == {"resnet20", "resnet20, survival 0.5"}
    whole = recorded(tmp_path, "resnet56")
    with pytest.raises(UsageError, match="resnet56 A; overfit compares resnet20, "):
        given_runs(overfit, [whole])  # it learned from all images
    own = [recorded(tmp_path, "resnet20"), recorded(tmp_path, "nin")]
    assert set(given_runs(table6, own).found) == {"resnet20", "nin"}, "its recipe is not to be theirs"


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"model": "resnet26"}, UsageError, "resnet26 A; figure1 compares plain20, plain56"),
        ({"model": "plain56", "done": False}, RunError, "is not finished; go on with: reslab train --run"),
        ({"model": "plain56", "batch": 64}, RunError, "these differ in:\n  batch: 128 .*, 64 "),
    ],
)
def test_runs_that_have_no_place(tmp_path, more, error, message):
    with pytest.raises(error, match=message):
        given_runs(FIGURE1, [recorded(tmp_path, "plain20"), recorded(tmp_path, **more)])


def test_a_net_with_a_function_of_its_own_is_none_of_the_papers(tmp_path):
    usual = recorded(tmp_path, "resnet20")
    net = {**usual.recipe["model"], "residual": "mine:leaky", "residual_digest": "0" * 8}
    own = replace(usual, recipe={**usual.recipe, "model": net})
    with pytest.raises(UsageError, match="has the residual function mine:leaky: it is none of the nets that table6"):
        given_runs(EXPERIMENTS["table6"], [own])


def test_one_seed_twice_and_experiments_without_runs(tmp_path):
    one = recorded(tmp_path, "plain20")
    with pytest.raises(UsageError, match="leave one of them out"):
        given_runs(FIGURE1, [one, one])
    with pytest.raises(UsageError, match="table1 needs no runs"):
        given_runs(EXPERIMENTS["table1"], [one])


def test_missing_data_say_what_to_put_where(tmp_path):
    shelf = Shelf(Surroundings(data_root=tmp_path))
    with pytest.raises(DataError, match=r"CIFAR-10 is not in .*; --scale smoke needs less"):
        setting_of("full", {False}, shelf)
    with pytest.raises(DataError, match=r"no tiny-imagenet-20 in .*/train and .*/val, or .*--data; --scale smoke"):
        setting_of("small", {True}, shelf)
    with pytest.raises(DataError, match=r"--data .*nowhere: no such folder of images: [^;]*$"):
        setting_of("small", {True}, Shelf(Surroundings(data_root=tmp_path), tmp_path / "nowhere"))
    assert setting_of("small", set(), shelf) == Setting.nominal("small"), "what is not needed is not looked for"


def photographs(folder: Path, bad: str | None = None) -> Path:
    """A folder of two classes, ten photographs each; `bad` is one more that cannot be read."""
    for name, shade in (("cat", 60), ("dog", 200)):
        (folder / name).mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (70, 80), (shade, number, 0)).save(folder / name / f"{number}.png")
    if bad:
        (folder / "cat" / bad).write_bytes(b"no photograph")
    return folder


def test_the_smaller_scale_that_is_offered_has_its_data(tmp_path):
    photographs(tmp_path / "tiny-imagenet-20")
    shelf = Shelf(Surroundings(data_root=tmp_path))
    with pytest.raises(DataError, match=r"no imagenet in .*; --scale small needs less"):
        setting_of("full", {True}, shelf)
    assert smaller("full", {True, False}, shelf) == "smoke", "there is no CIFAR-10"
    assert smaller("smoke", {True}, shelf) is None
    assert smaller("small", {True}, Shelf(Surroundings(), tmp_path / "tiny-imagenet-20")) is None, "no place for digits"


def test_where_an_image_is_bad_no_other_scale_is_offered(tmp_path):
    folder = photographs(tmp_path / "mine", bad="torn.png")
    with pytest.raises(DataError, match=r"torn.png.*--on-bad skip[^;]*$"):
        setting_of("small", {True}, Shelf(Surroundings(data_root=tmp_path), folder))
    skipping = setting_of("small", {True}, Shelf(Surroundings(data_root=tmp_path, on_bad="skip"), folder))
    assert skipping.imagenet.train_images == 16 and skipping.imagenet.classes == 2


def test_where_data_lie(tmp_path):
    photographs(tmp_path / "tiny-imagenet-20")
    here = {"tiny-imagenet-20": str((tmp_path / "tiny-imagenet-20").resolve())}
    assert Shelf(Surroundings(data_root=tmp_path)).sources({True, False}) == here
    fetching = Shelf(Surroundings(data_root=tmp_path, download=True)).sources({True, False})
    assert fetching == {"cifar10": str(tmp_path.resolve()), **here}
    assert Shelf(Surroundings(data_root=tmp_path)).sources(set()) == {}


class Flat(Paces):
    """A second a step, whatever the net."""

    def __init__(self) -> None:
        pass

    def seconds(self, recipe: Recipe) -> float:
        return float(recipe.steps)


def test_the_part_that_fits():
    small = Setting.nominal("small")
    whole = costs([FIGURE1], small, Flat())
    assert fitting_part([FIGURE1], small, Flat(), whole) == 1.0
    part = fitting_part([FIGURE1], small, Flat(), whole / 3)
    assert part in PARTS and costs([FIGURE1], replace(small, part=part), Flat()) <= whole / 3 and part > 0.2
    assert fitting_part([FIGURE1], small, Flat(), 1.0) is None
    assert costs([FIGURE1], small, Flat(), seeds=4) == pytest.approx(4 * whole, rel=0.01) or whole < 7_100
    assert expected_seconds(Flat(), []) == 0.0


def test_what_comes_behind_the_runs_must_fit_too():
    smoke = Setting.nominal("smoke")
    runs, behind = costs([FIGURE1], smoke, Flat()), seconds_behind([FIGURE1], smoke)
    assert behind > 0 and fitting_part([FIGURE1], smoke, Flat(), runs) is None
    assert fitting_part([FIGURE1], smoke, Flat(), runs + behind) == 1.0


def test_every_round_is_in_the_estimate():
    needs = needs_of([DEGRADATION], Setting.nominal("small"))
    assert len(needs) == 12 + 4 and sum(" at " in need.label for need in needs) == 10
    shared = needs_of([FIGURE1, FIGURE6], Setting.nominal("small"))
    assert len(shared) == 10


def test_deeper_nets_cost_more():
    smoke = Setting.nominal("smoke")
    paces = Paces.tried_here(smoke, {False}, Request(device="cpu"))
    seconds = [paces.seconds(smoke.recipe(name)) for name in ("resnet20", "resnet56", "resnet1202")]
    assert 4 < seconds[0] < seconds[1] < seconds[2]
    assert all(need.label for need in needs_of(named("all"), smoke))


def test_a_pace_that_was_tried_is_remembered_and_tried_again_only_where_that_is_asked_for(monkeypatch):
    trials = []
    monkeypatch.setattr("reslab.experiments.costs._tried", lambda *_: trials.append(1) or 1e-9 / len(trials))
    smoke, recipe = Setting.nominal("smoke"), Setting.nominal("smoke").recipe("resnet20")

    def remembered(engine: str = "auto") -> float | None:
        found = Paces.remembered(smoke, {False}, Request(engine))
        return found and found.seconds(recipe)

    assert remembered() is None and not trials, "nothing is tried to remember it"
    first = Paces.tried_here(smoke, {False}, Request()).seconds(recipe)
    assert remembered() == first and len(trials) == 1
    assert Paces.tried_here(smoke, {False}, Request()).seconds(recipe) == remembered() < first, "the fastest is kept"
    assert Paces.remembered(smoke, {False, True}, Request()) is None, "of the other kind of nets nothing was tried"
    assert remembered("torch") is None, "another engine has a pace of its own"
    other = replace(this_machine(), fingerprint="of another generation")
    monkeypatch.setattr("reslab.experiments.costs.this_machine", lambda: other)
    assert remembered() is None and len(trials) == 2, "another processor of the same name, too"
