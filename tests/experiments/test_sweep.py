"""Tables, picture and values of seeds and sweeps, from invented results."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reslab.errors import RunError, UsageError
from reslab.experiments.grid import points_of, read_axes
from reslab.experiments.jobs import Outcome
from reslab.experiments.seeds import seeds_table, summary, with_seeds
from reslab.experiments.sweep import (
    VALUES,
    Sweep,
    same_sweep,
    search_split,
    sweep_figure,
    sweep_files,
    sweep_table,
    sweep_values,
)
from reslab.store import ENVIRONMENT, RunFolder
from tests.experiments.test_grid import make
from tests.experiments.test_queue import jobs
from tests.reporting.invented_runs import ENVIRONMENT_VALUES, recipe_values, result_values

GRID = ["optimizer.lr=0.1,0.2", "optimizer.weight_decay=1e-4,5e-4"]


def sweep(grid: list[str] | None = None, models: str | None = None, seeds: int = 2) -> Sweep:
    axes = read_axes(GRID if grid is None else grid, models)
    return Sweep(axes, tuple(points_of(axes, make)), seeds)


def ended(asked: Sweep, runs: Path, failed: tuple[int, ...] = ()) -> list[Outcome]:
    """Outcomes whose errors fall from job to job; those whose number is in `failed` have none."""
    outcomes = []
    for number, job in enumerate(asked.jobs(runs, "cifar10")):
        job.folder.mkdir(parents=True)
        RunFolder(job.folder).write(ENVIRONMENT, ENVIRONMENT_VALUES)
        error, seed = 20.0 - number, job.recipe.seed
        result = result_values(recipe_values(seed=seed), val_error=error, val_images=5000, test_error=99.0)
        outcomes.append(Outcome(job, None, "it *failed*") if number in failed else Outcome(job, result))
    return outcomes


def changes(*texts: str, seeds: int = 2) -> Sweep:
    axes = read_axes([], None, texts)
    points = points_of(axes, make)
    return Sweep(axes, tuple(points), seeds, points[0], make(None, []))


def rows(table: str) -> list[list[str]]:
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_runs_are_those_of_reslab_train_and_first_seeds_come_first(tmp_path):
    asked = sweep()
    todo = asked.jobs(tmp_path, "cifar10")
    assert [job.recipe.seed for job in todo] == [0] * 4 + [1] * 4
    assert todo[5].label == "lr 0.1, weight_decay 5e-4, seed 1"
    assert todo[0].folder.name == f"cifar10-resnet20-paper-{asked.points[0].recipe.digest()}-s0"


def test_the_table_has_a_row_a_point_and_the_lowest_error_first(tmp_path):
    table = sweep_table(sweep(), ended(sweep(), tmp_path))
    assert rows(table)[0] == ["0.2", "5e-4", "15.00 ± 2.83", "-3.00 ± 0.00", "2", "5,000"]
    assert rows(table)[-1][2:4] == ["18.00 ± 2.83", "base"]
    assert "The difference is to lr 0.1, weight_decay 1e-4, seed by seed" in table and "standard error of that" in table
    assert [row[2] for row in rows(table)] == ["15.00 ± 2.83", "16.00 ± 2.83", "17.00 ± 2.83", "18.00 ± 2.83"]
    assert "15.00 % on 5,000 images has a standard error of 0.50 points" in table
    assert "Some Processor 9000 (AVX-512), 2 threads, engine torch, fp32" in table and "not chosen on" in table
    assert "99" not in table and "test" not in table


def test_no_mean_hides_a_seed_that_failed(tmp_path):
    asked = sweep()
    outcomes = ended(asked, tmp_path, failed=(3,))
    table = sweep_table(asked, outcomes)
    assert rows(table)[-1] == ["0.2", "5e-4", "", "", "1 of 2", ""]
    assert rows(table)[0][:3] == ["0.2", "1e-4", "16.00 ± 2.83"]
    assert "- lr 0.2, weight_decay 5e-4, seed 0: it \\*failed\\*" in table
    values = sweep_values(asked, outcomes)
    assert values["points"][-1]["difference_mean"] is None and values["points"][-1]["pairs"] == 0
    assert values["points"][-1]["val_error_mean"] is None and len(values["points"][-1]["runs"]) == 1
    assert [failed["why"] for failed in values["failed"]] == ["it *failed*"]


def test_the_values_say_what_they_rest_on_and_nothing_of_test_images(tmp_path):
    values = sweep_values(sweep(), ended(sweep(), tmp_path))
    best = values["points"][0]
    assert (best["n"], best["val_error_mean"], best["val_images"]) == (2, 15.0, 5000)
    assert best["val_error_std"] == pytest.approx(2.8284) and best["recipe"]["optimizer"]["lr"] == 0.2
    assert values["seeds"] == [0, 1] and values["split"] == "45k/5k" and values["versions"]["torch"] == ["2.13.0"]
    assert "test_error" not in json.dumps(values) and "99.0" not in json.dumps(values)


def test_differences_are_paired_by_seed(tmp_path):
    asked = replace(sweep(seeds=3), base=sweep().points[3])
    outcomes = ended(asked, tmp_path)
    drawn = iter([0.5, -0.1, 0.2])
    for number, outcome in enumerate(outcomes):  # what a seed does to all points alike is in no difference
        alike = 5.0 * outcome.job.recipe.seed
        other = next(drawn) if number % 4 == 1 else 0.0
        outcome.result["val_error"] = 10.0 + alike + other
    values = sweep_values(asked, outcomes)
    assert values["base"] == {"optimizer.lr": "0.2", "optimizer.weight_decay": "5e-4"}
    found = {tuple(p["values"].values()): (p["difference_mean"], p["difference_error"]) for p in values["points"]}
    assert found[("0.1", "5e-4")] == (pytest.approx(0.2), pytest.approx(0.3 / 3**0.5, abs=1e-4))
    assert found[("0.2", "5e-4")] == found[("0.1", "1e-4")] == (0.0, 0.0)
    assert [p["pairs"] for p in values["points"]] == [3] * 4
    assert "+0.20 ± 0.17" in sweep_table(asked, outcomes)


def test_a_base_that_is_the_presets_own_is_called_so(tmp_path):
    chosen = sweep()
    own = replace(chosen, own=make(None, []))
    assert chosen.points[0].recipe == own.own, "the paper's rate and decay, in the grid"
    outcomes = ended(own, tmp_path)
    assert "The difference is to lr 0.1, weight_decay 1e-4 (the preset's own), seed by seed" in sweep_table(
        own, outcomes
    )
    assert "preset" not in sweep_table(chosen, outcomes)
    named = replace(own, base=own.points[1])
    assert "to lr 0.1, weight_decay 5e-4, seed by seed" in sweep_table(named, outcomes)
    said = [sweep_values(s, outcomes)["base_is_own"] for s in (chosen, own, named)]
    assert said == [False, True, False]
    for asked, words in ((own, "the preset's own"), (named, "the base")):
        key = "small: one seed, large: mean of seeds, ringed: " + words
        assert key in words_of(sweep_figure(asked, outcomes))


def test_without_its_base_there_is_no_difference(tmp_path):
    one = sweep(seeds=1)
    alone = sweep_values(one, ended(one, tmp_path))["points"][0]
    assert (alone["difference_mean"], alone["difference_error"]) == (-3.0, None)
    lost = sweep_values(sweep(), ended(sweep(), tmp_path / "lost", failed=(0,)))
    assert {p["difference_mean"] for p in lost["points"]} == {None}


def words_of(svg: bytes) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]


def test_the_picture_has_the_first_field_below_and_a_line_for_each_value_of_the_second(tmp_path):
    svg = sweep_figure(sweep(), ended(sweep(), tmp_path))
    words = words_of(svg)
    assert {"optimizer.lr", "0.1", "0.2", "weight_decay 1e-4", "weight_decay 5e-4", "validation error %"} <= set(words)
    assert svg == sweep_figure(sweep(), ended(sweep(), tmp_path / "again"))


def test_a_sweep_over_nets_alone(tmp_path):
    nets = sweep([], "plain20,resnet20,resnet32", seeds=1)
    table = sweep_table(nets, ended(nets, tmp_path))
    assert [row[0] for row in rows(table)] == ["resnet32", "resnet20", "plain20"]
    assert [row[1:3] for row in rows(table)] == [["18.00", "-2.00"], ["19.00", "-1.00"], ["20.00", "base"]]
    assert "One seed has no ±" in table
    assert {"model", "plain20", "resnet32"} <= set(words_of(sweep_figure(nets, ended(nets, tmp_path / "again"))))


def test_nothing_finished_is_still_a_table(tmp_path):
    nets = sweep([], "plain20,resnet20", seeds=1)
    files = sweep_files(nets, ended(nets, tmp_path, failed=(0, 1)))
    assert b"0 of 1" in files["sweep.md"] and json.loads(files["sweep.json"])["points"][0]["val_error_mean"] is None


def test_a_folder_of_another_sweep_is_kept(tmp_path):
    asked = sweep()
    same_sweep(asked, tmp_path)
    (tmp_path / VALUES).write_bytes(sweep_files(asked, ended(asked, tmp_path / "runs"))[VALUES])
    same_sweep(sweep(list(reversed(GRID))), tmp_path)
    for other in (sweep(seeds=3), sweep(GRID[:1])):
        with pytest.raises(RunError, match="another sweep; name another --out"):
            same_sweep(other, tmp_path)


@pytest.mark.parametrize("name", ["sweep.md", "sweep.svg"])
def test_files_of_somebody_else_are_not_written_over(name, tmp_path):
    (tmp_path / name).write_text("mine")
    with pytest.raises(RunError, match=f"{name} is none of reslab's .* name another --out"):
        same_sweep(sweep(GRID), tmp_path)
    with pytest.raises(RunError, match="is a file; name a folder"):
        same_sweep(sweep(GRID), tmp_path / name)


def test_cifar_is_searched_on_images_that_are_not_reported():
    assert search_split("cifar10") == search_split("cifar100") == "40k/5k/5k"
    assert search_split("digits") is None and search_split("cifar10-of-my-own") is None


def test_seeds_follow_the_recipes_own(recipe):
    assert [seeded.seed for seeded in with_seeds(recipe, 3)] == [0, 1, 2]
    with pytest.raises(UsageError, match="1 or more"):
        with_seeds(recipe, 0)


def test_the_seeds_table_and_its_mean(recipe, tmp_path):
    todo = jobs(recipe, tmp_path, 3)
    results = [result_values(recipe_values(seed=s), val_error=2.0 + s, test_error=None) for s in range(3)]
    outcomes = [Outcome(job, result) for job, result in zip(todo, results, strict=True)]
    table = seeds_table(outcomes)
    assert "test" not in table, "there are no test images"
    assert rows(table)[0] == ["0", "0.00", "2.00", "0.5", "s0"]
    assert rows(table)[-1] == ["mean of 3", "0.00 ± 0.00", "3.00 ± 1.00", "", ""]
    assert "1,077 training, 360 validation images" in table and "standard error of 0.90 points" in table
    found = summary(results)
    assert (found["n"], found["val_error_mean"], found["val_error_std"]) == (3, 3.0, 1.0)
    assert (found["test_error_mean"], found["test_images"]) == (None, 0)


def test_a_seed_that_failed_is_an_empty_row(recipe, tmp_path):
    todo = jobs(recipe, tmp_path, 2)
    table = seeds_table([Outcome(todo[0], result_values(recipe_values())), Outcome(todo[1], None, "no")])
    assert rows(table)[1] == ["1", "", "", "", "", "s1"]
    assert rows(table)[2][0] == "mean of 1" and "±" not in rows(table)[2][2]
    assert rows(seeds_table([Outcome(todo[1], None, "no")])) == [["1", "", "s1"]]


def test_changes_are_compared_with_no_change_and_drawn_a_row_each(tmp_path):
    asked = changes("smoothing=0.1", "average=0.9,statistics_batches=50")
    outcomes = ended(asked, tmp_path, failed=(5,))
    table = sweep_table(asked, outcomes)
    assert [row[0] for row in rows(table)] == ["smoothing=0.1", "no change", "average=0.9,statistics_batches=50"]
    assert [row[2] for row in rows(table)] == ["-1.00 ± 0.00", "base", ""]
    assert "The difference is to no change (the preset's own), seed by seed" in table
    picture = sweep_figure(asked, outcomes)
    texts = [element.text for element in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]
    assert texts.index("smoothing=0.1") < texts.index("no change") < texts.index("average=0.9,statistics_batches=50")
    assert picture == sweep_figure(asked, outcomes) and "validation error %" in texts


def test_changes_to_several_nets_are_compared_net_by_net(tmp_path):
    axes = read_axes([], "plain20,resnet20", ["smoothing=0.1"])
    points = points_of(axes, make)
    asked = Sweep(axes, tuple(points), 1, points[2], make("resnet20", []))
    outcomes = ended(asked, tmp_path)  # 20, 19, 18, 17: each change is worth a point
    found = {(row[0], row[1]): row[3] for row in rows(sweep_table(asked, outcomes))}
    assert found == {
        ("plain20", "no change"): "base",
        ("plain20", "smoothing=0.1"): "-1.00",
        ("resnet20", "no change"): "base",
        ("resnet20", "smoothing=0.1"): "-1.00",
    }
    assert "The difference is to the same without the change, seed by seed" in sweep_table(asked, outcomes)
    told = sweep_values(asked, outcomes)["points"]
    assert [point["difference_mean"] for point in told] == [-1.0, 0.0, -1.0, 0.0]


def test_a_sweep_with_another_base_or_of_a_change_is_another_one():
    grid, change = sweep(["smoothing=0,0.1"]), changes("smoothing=0.1")
    assert {p.recipe.digest() for p in grid.points} == {p.recipe.digest() for p in change.points}
    assert grid.digest() != change.digest()
    assert replace(grid, base=grid.points[1]).digest() != replace(grid, base=grid.points[0]).digest() == grid.digest()
