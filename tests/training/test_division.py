"""A new run beside one that divided the same folder otherwise says so."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from reslab.data import load_dataset
from reslab.training import Surroundings, default_folder, train_on
from reslab.training.division import divided_otherwise
from tests.conftest import short_recipe
from tests.evaluation.test_source import make_photos


@pytest.fixture
def folder(tmp_path) -> Path:
    """Of which an earlier version knew no split but train: it held some of that out, and used no other folder."""
    for split in ("train", "valset"):
        make_photos(tmp_path / "pets" / split, {"cat": 10, "dog": 10}, seed=len(split))
    return tmp_path / "pets"


def begun_before(folder: Path, place: Path) -> Path:
    """A run as that version left it."""
    hidden = folder / "valset"
    hidden.rename(folder / ".valset")
    data = load_dataset(folder, size=8)
    run = default_folder(short_recipe(data, 1, batch=8), place)
    train_on(data, short_recipe(data, 1, batch=8), run, Surroundings())
    (folder / ".valset").rename(hidden)
    return run


def said_on(folder: Path, place: Path) -> list[str]:
    data, said = load_dataset(folder, size=8), []
    recipe = short_recipe(data, 1, batch=8)
    train_on(data, recipe, default_folder(recipe, place), Surroundings(say=said.append))
    return [line for line in said if "other splits or classes" in line]


def test_it_is_said_once_and_names_the_way_to_the_old_one(folder, tmp_path):
    before = begun_before(folder, tmp_path / "runs")
    told = f"{before} has photographs of this folder in other splits or classes; a new run is begun, and"
    assert said_on(folder, tmp_path / "runs") == [f"{told} reslab train --run {before} gives the result of that one"]
    assert said_on(folder, tmp_path / "runs") == [], "the run is there by now"
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_nothing_is_said_of_other_photographs_recipes_and_seeds(folder, tmp_path):
    before = begun_before(folder, tmp_path / "runs")
    data = load_dataset(folder, size=8)
    recipe = short_recipe(data, 1, batch=8)
    assert divided_otherwise(data, default_folder(recipe, tmp_path / "runs"))
    assert divided_otherwise(data, default_folder(replace(recipe, seed=1), tmp_path / "runs")) is None
    assert divided_otherwise(data, default_folder(replace(recipe, name="mine"), tmp_path / "runs")) is None
    assert divided_otherwise(data, default_folder(recipe, tmp_path / "nowhere")) is None
    assert divided_otherwise(data, tmp_path / "runs" / "mine") is None
    (before / "result.json").unlink()
    words = divided_otherwise(data, default_folder(recipe, tmp_path / "runs"))
    assert words and words.endswith(f"that one goes on with: reslab train --run {before}")
    changed = json.loads((before / "split.json").read_text()) | {"fingerprint": "0123"}
    (before / "split.json").write_text(json.dumps(changed))
    assert divided_otherwise(data, default_folder(recipe, tmp_path / "runs")) is None
    (before / "split.json").write_text("{}")
    assert divided_otherwise(data, default_folder(recipe, tmp_path / "runs")) is None


def test_the_same_division_under_another_rate_is_no_matter(folder, tmp_path):
    said_on(folder, tmp_path / "runs")
    (run,) = (tmp_path / "runs").iterdir()
    shutil.copytree(run, tmp_path / "runs" / run.name.replace(run.name.rsplit("-", 2)[1], "01234567"))
    shutil.rmtree(run)
    assert said_on(folder, tmp_path / "runs") == []
