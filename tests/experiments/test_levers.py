"""What levers are worth: the tables of recorded sweeps."""

from dataclasses import replace

import pytest

from reslab.experiments.grid import points_of, read_axes
from reslab.experiments.levers import levers_tables
from reslab.experiments.sweep import Sweep, sweep_values
from reslab.reporting.recipes import learned_images
from reslab.training import Recipe
from tests.experiments.test_grid import make
from tests.experiments.test_sweep import changes, ended, rows, sweep


def recorded(asked: Sweep, runs, epochs: float = 182.044, name: str = "x", **found) -> dict:
    """A sweep as `results/` has it."""
    outcomes = ended(asked, runs)
    for outcome in outcomes:
        outcome.result.update({"epochs": epochs, "val_images": 5000})
    return {"kind": "sweep", "name": name, "result": {**sweep_values(asked, outcomes), **found}}


def test_a_part_says_what_was_fixed_and_where_it_ran(tmp_path):
    text = levers_tables([recorded(changes("smoothing=0.1"), tmp_path)])
    heading, fixed, table, rest = text.split("\n\n")
    assert heading == "### cifar10: resnet20, `paper`, 182 epochs"
    assert fixed == "split 45k/5k, 45,000 training images, 32 px, seeds 0 to 1."
    assert [row[:3] for row in rows(table)] == [
        ["smoothing=0.1", "18.00 ± 1.41", "-1.00 ± 0.00"],
        ["no change", "19.00 ± 1.41", "base"],
    ]
    assert rest.startswith("The difference is to no change (the preset's own); counting 18.00 % on 5,000 images")
    assert rest.endswith("Machine: Some Processor 9000 (AVX-512), 2 threads, engine torch, fp32.")


def test_what_was_set_besides_is_told_and_what_is_varied_is_not(tmp_path):
    axes = read_axes(["optimizer.lr=0.2,0.4"])
    points = points_of(axes, lambda model, sets: make(model, [*sets, "smoothing=0.1"]))
    text = levers_tables([recorded(Sweep(axes, tuple(points), 1), tmp_path)])
    assert ", 32 px, seed 0, smoothing 0.1.\n" in text and "(the preset's own)" not in text


def test_what_a_change_sets_otherwise_is_not_common(tmp_path):
    axes = read_axes([], None, ["smoothing=0.2"])
    points = points_of(axes, lambda model, sets: make(model, sets or ["smoothing=0.1"]))
    assert ", 32 px, seed 0.\n" in levers_tables([recorded(Sweep(axes, tuple(points), 1), tmp_path)])


def test_rounded_epochs_do_not_change_the_number_of_images():
    recipe = Recipe().stretched(1406)  # 3.999 epochs of 45,000 images
    assert learned_images(recipe, 3.999, 45_000) == 45_000 != round(1406 * 128 / 3.999)
    assert learned_images(recipe, 3.999, 5_000) == pytest.approx(45_000, abs=10), "a part was judged"


def test_nets_that_are_compared_are_in_no_heading_and_lengths_have_a_column(tmp_path):
    nets = sweep([], "plain20,resnet20", seeds=1)
    assert "### cifar10: `paper`, 182 epochs\n" in levers_tables([recorded(nets, tmp_path / "nets")])
    asked = changes("schedule.steps=32000,schedule.drops=[16000,24000]", seeds=1)
    found = recorded(asked, tmp_path)
    found["result"]["points"][0]["runs"][0]["epochs"] = 91.022
    text = levers_tables([found])
    assert "### cifar10: resnet20, `paper`\n" in text and "45,000 training images" in text
    assert [row[-1] for row in rows(text)] == ["91", "182"]


def test_sweeps_of_one_net_stand_together_the_longest_first(tmp_path):
    long, short = changes("smoothing=0.1"), changes("smoothing=0.1")
    short = replace(short, points=tuple(replace(p, recipe=p.recipe.stretched(32000)) for p in short.points))
    short = replace(short, base=short.points[0])
    found = [recorded(short, tmp_path / "short", 91.022), recorded(long, tmp_path / "long")]
    lines = [line for line in levers_tables(found).splitlines() if line.startswith("#")]
    assert lines == ["### cifar10: resnet20, `paper`, 182 epochs", "### cifar10: resnet20, `paper`, 91 epochs"]
    assert levers_tables([]) == ""
