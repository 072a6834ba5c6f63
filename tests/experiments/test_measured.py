"""Our results beside the paper's: only runs of a preset just as it stands, and nothing where nothing was measured."""

from dataclasses import replace

import pytest

from reslab.experiments import by_preset, counts_table, fast_curves, measured_nets, measured_table6, paper
from reslab.experiments.measured import CIFAR10
from reslab.training import make_recipe, with_fields


def result(model: str, preset: str = "fast", seed: int = 0, error: float = 9.5, changes: tuple = (), steps: int = 0):
    recipe = replace(with_fields(make_recipe(CIFAR10, model, preset), list(changes)), seed=seed)
    recipe = recipe.stretched(steps) if steps else recipe
    metrics = [
        {"step": s, "epoch": s / 10, "train_error": 90 - s, "val_error": 91 - s, "val_images": 5000} for s in (10, 80)
    ]
    measured = {"data": "cifar10", "model": model, "val_error": error, "val_images": 5000, "epochs": 20.0}
    return {
        "name": f"{model}-s{seed}",
        "recipe": recipe.to_dict(),
        "result": measured,
        "environment": {},
        "metrics": metrics,
    }


def test_only_the_preset_as_it_stands_counts():
    good = [result("resnet20", seed=1), result("resnet20", seed=0)]
    others = [
        result("resnet20", steps=2),
        result("resnet20", changes=("optimizer.lr=0.1",)),
        result("resnet20", "paper"),
        result("resnet32"),
    ]
    assert by_preset(good + others, "resnet20", "fast") == [good[1], good[0]]
    assert by_preset(others, "resnet20", "fast") == []


def test_table6_has_ours_beside_the_papers():
    table = measured_table6([result("resnet20", seed=s, error=e) for s, e in ((0, 9.0), (1, 10.0))])
    row = next(line for line in table.splitlines() if line.startswith("| resnet20"))
    assert "8.75" in row and "9.50 ± 0.71 (n=2, 5,000 images)" in row
    empty = next(line for line in table.splitlines() if line.startswith("| resnet56"))
    assert [cell.strip() for cell in empty.split("|")[3:5]] == ["", ""]
    assert len(table.splitlines()) == 2 + 6 + 6


def test_table6_has_the_nets_of_the_comparison_under_their_own_recipes():
    table = measured_table6([result("nin", "original", error=9.9), result("dsn", error=20.0)])
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    rows = {name: others for name, *others in cells}
    assert list(rows)[:7] == ["maxout", "nin", "dsn", "fitnet19", "highway19", "highway32", "resnet20"]
    assert rows["nin"][:3] == ["8.81", "9.90 (n=1, 5,000 images)", ""]
    assert rows["nin"][3] == "`reslab train cifar10 --model nin --recipe original`"
    assert rows["dsn"][:3] == ["8.22", "", "20.00 (n=1, 5,000 images)"] and rows["maxout"][1:3] == ["", ""]
    assert rows["highway19"][0] == "7.54 (best), 7.72 ± 0.16"


def test_nets_stand_by_depth_with_a_column_for_each_preset():
    fast = [result("resnet20", seed=s, error=e) for s, e in ((0, 9.0), (1, 10.0))]
    others = [
        result("plain56", error=27.0),
        result("plain20", "record", error=11.0),
        result("plain20", "paper", error=9.04),
        result("plain56", "record", error=6.5, steps=10_547),
        result("resnet44", steps=2),
        result("nin"),
    ]
    lines = measured_nets(fast + others).splitlines()
    assert "`paper`, 182 epochs" in lines[0] and "`fast`, 20 epochs" in lines[0] and "`record`, 15 epochs" in lines[0]
    assert "`fast`, 60 epochs" in lines[0] and "`record`, 30 epochs" in lines[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:5]]
    assert rows == [
        ["plain20", "", "9.04 (n=1)", "", "", "11.00 (n=1)", ""],
        ["resnet20", "8.75", "", "9.50 ± 0.71 (n=2)", "", "", ""],
        ["plain56", "", "", "27.00 (n=1)", "", "", "6.50 (n=1)"],
    ]
    assert lines[5:] == ["", "Errors in %: the paper's on the test images, ours on 5,000 images for validation."]
    assert measured_nets([]) == ""


def test_every_net_that_the_paper_prints_is_counted():
    table = counts_table()
    assert "3,857,973,248" in table and "3.8e9" in table and "269,722" in table and "0.27M" in table
    assert table.count("resnet") == sum(name.startswith("resnet") for name in paper()["printed"])


def test_curves_name_their_nets():
    picture = fast_curves([result("resnet20"), result("plain20"), result("plain20", steps=3)]).decode()
    assert picture.count("plain20") >= 1 and "resnet20" in picture


@pytest.mark.parametrize(("name", "value"), [("plain18", 27.94), ("resnet34", 25.03)])
def test_table2_is_the_papers(name, value):
    assert paper()["table2"][name] == value
