"""`reslab reproduce` as a user types it."""

import json
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest
from PIL import Image

from reslab.cli.minutes import budget
from reslab.cli.reproduce import documents_of, length, places
from reslab.errors import DataError
from reslab.experiments.costs import seconds_behind
from reslab.experiments.registry import EXPERIMENTS, named
from reslab.experiments.reproduce import Reproduction
from reslab.experiments.scales import Setting, Shelf
from reslab.experiments.tested import SMOKE_TESTED
from reslab.store import read_trained
from reslab.training import Surroundings
from tests.cli.test_commands import Answer
from tests.experiments.invented_experiments import invented
from tests.reporting.invented_runs import write_run


@pytest.fixture(autouse=True)
def short_trials(monkeypatch):
    monkeypatch.setattr("reslab.experiments.trial.TRIAL_SECONDS", 0.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tabel6"], "did you mean table6"),
        (["table6", "--scale", "smal"], "did you mean small"),
        (["table6", "--seeds", "0"], "1 or more"),
        (["table6", "--minutes", "0"], "more than 0 minutes"),
        (["table6", "--data", "photos", "--scale", "small"], "--data is for the ImageNet nets, and table6 has none"),
        (["table2", "--data", "photos", "--scale", "smoke"], "on the embedded digits"),
        (["table2", "--data", "photos"], "on the embedded digits"),
        (["figure1", "--data", "photos", "--scale", "smoke"], "figure1 has none"),
        (["figure1", "--finished"], "nothing of figure1 is finished in"),
        (["figure1", "--finished", "--dry-run"], "trains nothing: leave --from and --dry-run out"),
        (["all", "--from", "runs/x"], "--from is for one experiment"),
        (["table1", "--from", "runs/x", "--scale", "small"], "with --from leave out --scale small"),
        (["table1", "--from", "runs/x", "--seeds", "2"], "with --from leave out --seeds 2"),
        (["table1", "--from", "nowhere"], "no run folder"),
    ],
)
def test_mistakes_are_one_clear_line(words, message, tmp_path):
    answer = Answer("reproduce", *words, "--runs", tmp_path / "runs")
    assert answer.code in (1, 2) and message in answer.err and answer.out == ""
    assert not (tmp_path / "runs").exists(), "nothing is begun that cannot be done"


def test_without_its_data_the_smaller_scale_is_offered(tmp_path):
    answer = Answer("reproduce", "table2", "--scale", "small", "--data-root", tmp_path, "--runs", tmp_path / "runs")
    assert answer.code == 1 and "no tiny-imagenet-20 in" in answer.err and "--scale smoke needs less" in answer.err


@pytest.mark.parametrize("name", ["lesion", "gradients", "landscape", "construction"])
def test_what_only_looks_at_images_is_refused_without_them_too(name, tmp_path):
    answer = Answer("reproduce", name, "--scale", "small", "--data-root", tmp_path, "--runs", tmp_path / "runs")
    assert answer.code == 1 and f"{name}: CIFAR-10 is not in" in answer.err and answer.out == ""
    assert "reslab data fetch cifar10" in answer.err and "--scale smoke needs less" in answer.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("words", [(), ("--finished",)])
def test_without_images_the_nets_of_the_package_are_offered(words, tmp_path):
    asked = ("--scale", "small", "--data-root", tmp_path, "--runs", tmp_path / "runs")
    answer = Answer("reproduce", "figure1", *asked, *words)
    assert answer.code == 1 and "\n" not in answer.err
    _, _, command = answer.err.strip().rpartition("without images: reslab ")
    assert command == "reproduce figure1 --from plain20-cifar10 --from plain56-cifar10"
    drawn = Answer(*command.split(), "--data-root", tmp_path, "--out", tmp_path / "out", "--json")
    assert drawn.code == 0 and all(row["ours"] for row in drawn.json["rows"])
    other = Answer("reproduce", "table2", *asked)
    assert "without images" not in other.err


def test_what_needs_no_run_is_there_at_once(tmp_path):
    answer = Answer("reproduce", "table1", "--runs", tmp_path, "--json")
    assert answer.code == 0 and answer.json["claim_holds"] is True and len(answer.json["rows"]) == 8
    written = {Path(file).name for file in answer.json["files"]}
    assert written == {"table1.md", "table1.json", "table1.svg"}
    values = json.loads((tmp_path / "reproduced" / "table1.json").read_text())
    assert values == {k: v for k, v in answer.json.items() if k != "files"}
    text = Answer("reproduce", "table1", "--out", tmp_path / "elsewhere").out
    assert "It holds here" in text and "11.28" in text and (tmp_path / "elsewhere" / "table1.svg").is_file()


def test_what_there_is_and_what_it_costs():
    answer = Answer("reproduce", "all", "--json")
    found = {e["name"]: e for e in answer.json["experiments"]}
    assert set(found) == set(EXPERIMENTS)
    scales = found["figure1"]["scales"]
    assert list(scales) == ["smoke", "small", "full"] and scales["smoke"]["runs"] == 2
    assert (
        scales["full"]["expected_seconds"] > scales["small"]["expected_seconds"] > scales["smoke"]["expected_seconds"]
    )
    assert scales["small"]["measured"] >= 1, "results/ has plain20 under fast"


def test_runs_are_shown_before_anything_is_done(tmp_path):
    answer = Answer("reproduce", "figure1", "--scale", "smoke", "--runs", tmp_path / "runs", "--dry-run")
    assert answer.code == 0 and answer.out.count("to do") == 2 and answer.err.startswith("2 runs; ")
    assert not (tmp_path / "runs").exists()


def test_the_time_that_is_said_has_the_measuring_in_it(tmp_path, monkeypatch):
    words = ("reproduce", "figure1", "--scale", "smoke", "--runs", tmp_path / "runs", "--dry-run", "--json")
    monkeypatch.setattr("reslab.experiments.costs.MEASURING", 36_000.0)
    answer = Answer(*words)
    assert answer.json["expected_seconds"] > 36_000 and "about 10 h" in answer.err
    assert seconds_behind(named("figure1"), Setting.nominal("small")) == 0, "hours of training do not need it"


def test_minutes_choose_what_fits_and_stay_with_it(tmp_path):
    words = (
        "reproduce",
        "figure1",
        "--minutes",
        "1",
        "--data-root",
        tmp_path / "none",
        "--runs",
        tmp_path,
        "--dry-run",
    )
    first = Answer(*words)
    assert first.code == 0 and "--minutes 1: scale smoke" in first.err
    (kept,) = json.loads((tmp_path / "reproduced" / "budgets.json").read_text()).values()
    assert kept == {"scale": "smoke", "part": 1.0}
    assert "--minutes 1: scale" not in Answer(*words).err, "what was chosen stays chosen"
    (tmp_path / "none" / "cifar-10-batches-bin").mkdir(parents=True)
    assert "--minutes 1: scale smoke" in Answer(*words).err, "with other data it is another question"
    little = Answer(*words[:3], "0.001", *words[4:])
    assert little.code == 2 and "give more minutes" in little.err


def test_minutes_are_for_the_experiments_whose_images_are_here(tmp_path, monkeypatch):
    def cifar_alone(scale, nets, *_):
        if scale != "smoke" and True in nets:
            raise DataError("no photographs")
        return Setting.nominal(scale)

    monkeypatch.setattr("reslab.experiments.scales.setting_of", cifar_alone)
    folder, shelf = tmp_path / "reproduced", Shelf(Surroundings(data_root=tmp_path))

    def tried(*_):  # another command chooses meanwhile
        folder.mkdir(exist_ok=True)
        (folder / "budgets.json").write_text('{"another": {"scale": "smoke", "part": 1.0}}')
        return 1e-11

    monkeypatch.setattr("reslab.experiments.costs._tried", tried)
    both = (EXPERIMENTS["figure1"], EXPERIMENTS["table2"], EXPERIMENTS["table1"])
    assert budget(both, None, 60.0, 1, shelf, folder, Surroundings()) == ("small", 1.0)
    assert len(json.loads((folder / "budgets.json").read_text())) == 2
    some = (EXPERIMENTS["table2"], EXPERIMENTS["table1"])
    assert budget(some, None, 60.0, 1, shelf, folder, Surroundings()) == ("smoke", 1.0), "not what trains nothing alone"
    with pytest.raises(DataError, match="no photographs"):
        budget(both[1:2], "small", 60.0, 1, shelf, folder, Surroundings())


def test_minutes_do_not_choose_a_scale_that_leaves_out_what_a_smaller_one_has(tmp_path, monkeypatch):
    def no_imagenet(scale, nets, *_):
        if scale == "full" and True in nets:
            raise DataError("no ImageNet")
        return Setting.nominal(scale)

    monkeypatch.setattr("reslab.experiments.scales.setting_of", no_imagenet)
    monkeypatch.setattr("reslab.experiments.costs._tried", lambda *_: 0.0)
    shelf, both = Shelf(Surroundings(data_root=tmp_path)), (EXPERIMENTS["figure1"], EXPERIMENTS["table2"])
    assert budget(both, None, 100_000.0, 1, shelf, tmp_path, Surroundings()) == ("small", 1.0)
    assert budget(both[:1], None, 100_000.0, 1, shelf, tmp_path, Surroundings()) == ("full", 1.0)


def test_what_measuring_takes_is_in_the_minutes(tmp_path, monkeypatch):
    monkeypatch.setattr("reslab.experiments.costs._tried", lambda *_: 0.0)
    monkeypatch.setattr("reslab.experiments.costs.MEASURING", 36_000.0)
    answer = Answer("reproduce", "figure1", "--minutes", "5", "--data-root", tmp_path, "--runs", tmp_path / "runs")
    assert answer.code == 2 and "scale smoke takes about 10 h 0 min here at the least" in answer.err


def test_no_net_is_timed_for_what_trains_none(tmp_path, monkeypatch):
    tried = []
    monkeypatch.setattr("reslab.experiments.costs._tried", lambda recipe, *_: tried.append(recipe.model.name) or 0.0)
    words = ("--minutes", "5", "--data-root", tmp_path, "--runs", tmp_path / "runs", "--dry-run")
    lesion = Answer("reproduce", "lesion", *words)
    assert lesion.code == 0 and "--minutes 5: scale smoke" in lesion.err and tried == []
    assert Answer("reproduce", "figure1", *words).code == 0 and set(tried) == {"resnet20"}


def test_what_is_finished_is_drawn_and_nothing_trained(tmp_path):
    words = ("reproduce", "figure1", "--scale", "smoke", "--runs", tmp_path / "runs", "--out", tmp_path)
    ahead = Answer(*words, "--dry-run", "--json").json["runs"]
    (plain20,) = [Path(run) for run in ahead if "plain20" in run]
    recipe = replace(Setting.nominal("smoke").recipe("plain20"), seed=0)
    write_run(plain20, recipe.to_dict(), [], invented(recipe)["result"])
    answer = Answer(*words, "--finished", "--json")
    assert answer.code == 0, answer.err
    assert [row["ours"] for row in answer.json["rows"]] == [7.0, None, 9.0, None]
    assert [(failed["label"], failed["why"]) for failed in answer.json["failed"]] == [("plain56", "not finished yet")]
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [plain20.name]
    text = (tmp_path / "figure1-smoke.md").read_text()
    assert "Not finished yet: plain-56." in text and "- plain-56" not in text
    assert f"Made by `reslab reproduce figure1 --scale smoke --runs {tmp_path / 'runs'} --finished`." in text


def test_where_nothing_is_finished_the_command_that_trains_is_named(tmp_path):
    words = ("--scale", "smoke", "--seeds", "2", "--finished", "--runs", tmp_path / "runs")
    answer = Answer("reproduce", "budgets", *words)
    assert answer.code == 1 and answer.out == "" and not (tmp_path / "runs").exists()
    assert f"train with: reslab reproduce budgets --scale smoke --seeds 2 --runs {tmp_path / 'runs'}" in answer.err


def test_where_nothing_is_finished_the_page_of_what_the_package_has_is_named(tmp_path):
    """Where it has a number of ours: nets of an ensemble that was never looked at are none of Table 5."""
    runs = ("--runs", tmp_path / "runs")
    page = "what was measured of figure1 before, and is recorded here: reslab report --paper"
    for scale in ("smoke", "small"):
        assert Answer("reproduce", "figure1", "--scale", scale, "--finished", *runs).err.endswith(f" ({page})")
    for name in ("table5", "overfit"):
        other = Answer("reproduce", name, "--scale", "smoke", "--finished", *runs)
        assert other.code == 1 and f"nothing of {name} is finished" in other.err and "--paper" not in other.err
    ahead = Answer("reproduce", "figure1", "--scale", "smoke", "--dry-run", *runs)
    assert ahead.err.splitlines()[-1] == page and "--paper" not in ahead.out


def test_a_trained_net_stands_in_for_its_run_and_needs_no_data(tmp_path):
    """Figure 7 of what is kept beside the nets that ship with the package."""
    nets = [word for name in ("plain56-cifar10", "resnet56-cifar10") for word in ("--from", name)]
    words = ("reproduce", "figure7", *nets, "--data-root", tmp_path / "none", "--runs", tmp_path)
    answer = Answer(*words, "--json")
    assert answer.code == 0, answer.err
    ours = {row["label"]: row["ours"] for row in answer.json["rows"]}
    for name in ("plain56", "resnet56"):
        kept = read_trained(f"{name}-cifar10")["measured"]["responses"]
        assert ours[name] == pytest.approx(fmean(layer["std"] for layer in kept["layers"]), abs=1e-4)
        assert answer.json["measured"]["responses"][name] == [{"run": f"{name}-cifar10", "seed": 0, **kept}]
    assert ours["plain20"] is None and [run["run"] for run in answer.json["runs"]] == nets[1::2]
    assert "plain-56" in (tmp_path / "reproduced" / "figure7-given.svg").read_text()


@pytest.mark.parametrize(
    ("words", "runs"),
    [(("figure7", "--from", "plain20-cifar10"), ["plain20-cifar10"]), (("figure2",), [])],
)
def test_a_dry_run_writes_nothing_where_nothing_is_trained(words, runs, tmp_path):
    ahead = Answer("reproduce", *words, "--dry-run", "--runs", tmp_path / "runs", "--json")
    assert ahead.code == 0 and "nothing is trained for this" in ahead.err
    assert ahead.json["runs"] == runs and ahead.json["ended"] == len(runs)
    assert not (tmp_path / "runs").exists()


def test_options_that_did_nothing_are_not_in_the_command(tmp_path):
    text = Answer("reproduce", "figure2", "--minutes", "5", "--seeds", "2", "--runs", tmp_path).out
    assert "Made by `reslab reproduce figure2`." in text


def test_the_command_is_the_one_that_was_given():
    one, other, whole = (EXPERIMENTS[name] for name in ("figure1", "figure5", "figure2"))
    work = Reproduction((one, other, whole), Setting.nominal("small"), 1, Shelf(Surroundings()), Path("runs"))
    images = places(Path("my photos"), Path("data"), download=True, on_bad="skip")
    assert images == ["--data 'my photos'", "--data-root data", "--download", "--on-bad skip"]
    alone = " ".join([*length("small", None, 3), *images[1:2], "--finished"])
    told = [document.command for document in documents_of(work, (one, other, whole), alone, "")]
    assert told == [
        "reslab reproduce figure1 --scale small --seeds 3 --data-root data --finished",
        "reslab reproduce figure5 --scale small",
        "reslab reproduce figure2",
    ]
    (document,) = documents_of(work, (one,), " ".join(length(None, 60.0, 1)), "all")
    assert document.command == "reslab reproduce all --minutes 60", "how long a run is depends on all that fits"
    assert length(None, None, 1) == ["--scale smoke"] and length("small", 5.0, 1) == ["--scale small", "--minutes 5"]


def test_a_bad_image_names_the_option_that_leaves_it_out(tmp_path):
    for name, shade in (("cat", 60), ("dog", 200)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (70, 80), (shade, number, 0)).save(tmp_path / "photos" / name / f"{number}.png")
    (tmp_path / "photos" / "cat" / "torn.png").write_bytes(b"no photograph")
    words = ("reproduce", "table2", "--scale", "small", "--data", tmp_path / "photos", "--runs", tmp_path)
    bad = Answer(*words)
    assert bad.code == 1 and "torn.png" in bad.err and "--on-bad skip" in bad.err and "--scale" not in bad.err
    skipped = Answer(*words, "--on-bad", "skip", "--dry-run")
    assert skipped.code == 0 and "left out" in skipped.err and skipped.out.count("to do") == 5


@pytest.mark.parametrize("length", [("--scale", "small"), ("--minutes", "100000", "--scale", "small")])
def test_a_dry_run_decodes_no_photograph(length, tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            (tmp_path / "photos" / name / f"{number}.png").write_bytes(b"whoever opens this cannot read it")
    words = ("reproduce", "table2", *length, "--data", tmp_path / "photos", "--runs", tmp_path, "--dry-run")
    plan = Answer(*words)
    assert plan.code == 0 and plan.out.count("to do") == 5, plan.err


@pytest.mark.slow
def test_a_cheap_one_from_end_to_end_and_again(tmp_path):
    words = ("reproduce", "figure1", "--scale", "smoke", "--seeds", "2", "--runs", tmp_path, "--json")
    first = Answer(*words)
    assert first.code == 0, first.err
    assert [row["n"] for row in first.json["rows"]] == [2] * 4 and first.json["too_small"] is True
    written = {path.name: path.read_bytes() for path in (tmp_path / "reproduced").iterdir()}
    again = Answer(*words)
    assert again.json == first.json and "nothing is left to do of 4 runs" in again.err
    assert {path.name: path.read_bytes() for path in (tmp_path / "reproduced").iterdir()} == written
    runs = [word for run in first.json["runs"] for word in ("--from", run["run"])]
    given = Answer("reproduce", "figure1", *runs, "--runs", tmp_path, "--json")
    assert [row["ours"] for row in given.json["rows"]] == [row["ours"] for row in first.json["rows"]]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_all_smokes(tmp_path):
    answer = Answer("reproduce", "all", "--scale", "smoke", "--runs", tmp_path, "--json")
    assert answer.code == 0, answer.err
    found = {e["experiment"]: e for e in answer.json["experiments"]}
    assert set(found) == set(EXPERIMENTS) and answer.json["missing"] == {}
    for name, values in found.items():
        assert values["failed"] == [] and values["rows"], name
        assert values["too_small"] is bool(EXPERIMENTS[name].rounds or EXPERIMENTS[name].of_a_test)
        assert all(Path(file).is_file() for file in values["files"])
        trained = [r for r in values["rows"] if r["unit"] == "error %" and r["ours"] is not None]
        assert all(r["n"] == 1 and r["images"] in (SMOKE_TESTED, 100, 360) for r in trained)
    assert len(list(tmp_path.glob("*/result.json"))) == 36, "runs are shared"
    assert all(found[f"table{n}"]["measured"]["images"] == SMOKE_TESTED for n in (2, 3, 4, 5))
    assert found["bottleneck"]["measured"]["px"] == 16
