"""Cross-validation: what is made of the runs of all folds, counted again from their models."""

import json
import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reslab.data import load_dataset
from reslab.errors import UsageError
from reslab.evaluation import evaluate
from reslab.experiments.folds import first_fold, fold_values, folds_table, with_folds
from reslab.experiments.jobs import Job, Outcome, outcome_of
from reslab.store import RunFolder, lineage_from, load, write_lineage
from reslab.training import default_folder, train_on
from reslab.training.division import divided_otherwise
from tests.conftest import short_recipe
from tests.evaluation.test_source import ONE_THREAD, make_photos

FOLDS = 3


@pytest.fixture(scope="module")
def pets(tmp_path_factory) -> Path:
    return make_photos(tmp_path_factory.mktemp("photos") / "pets", {"cat": 10, "dog": 6, "cow": 4})


@pytest.fixture(scope="module")
def jobs(pets, tmp_path_factory) -> list[Job]:
    """Trained, a step each."""
    runs = tmp_path_factory.mktemp("runs")
    held = [load_dataset(pets, size=8, split=f"fold{number}/{FOLDS}") for number in range(1, FOLDS + 1)]
    recipes = with_folds(short_recipe(held[0], 1, batch=8), FOLDS)
    made = [Job(recipe, default_folder(recipe, runs), pets, "") for recipe in recipes]
    for job, dataset in zip(made, held, strict=True):
        train_on(dataset, job.recipe, job.folder, ONE_THREAD)
    return made


def test_recipes_differ_in_their_fold_alone(jobs):
    assert [job.recipe.data.split for job in jobs] == ["fold1/3", "fold2/3", "fold3/3"]
    assert len({job.folder for job in jobs}) == FOLDS
    assert len({replace(job.recipe, data=replace(job.recipe.data, split=None)) for job in jobs}) == 1


def test_rows_of_a_shared_cache_train_to_the_same_bytes(jobs, pets, tmp_path):
    shared = load_dataset(pets, size=8, split="fold2/3")
    apart = {split: replace(images, pixels=images.pixels[:]) for split, images in shared.splits.items()}
    train_on(replace(shared, splits=apart), jobs[1].recipe, tmp_path / "apart", ONE_THREAD)
    names = ("model.safetensors", "predictions.safetensors")
    assert all((tmp_path / "apart" / name).read_bytes() == (jobs[1].folder / name).read_bytes() for name in names)


def test_values_are_those_that_the_models_have(jobs, pets):
    outcomes = [outcome_of(job) for job in jobs]
    values = fold_values(outcomes)
    found = [evaluate(job.folder, split="val") for job in jobs]
    wrong = {
        answer.file: (answer, number) for number, one in enumerate(found, 1) for answer in one.answers.mistakes(99)
    }
    assert sum(one.images for one in found) == 20
    assert values["pooled"]["val_images"] == 20
    assert values["pooled"]["val_error"] == pytest.approx(100 * len(wrong) / 20)
    share = len(wrong) / 20
    assert values["pooled"]["val_standard_error"] == pytest.approx(100 * (share * (1 - share) / 20) ** 0.5, abs=1e-3)
    errors = [one.top1_error for one in found]
    assert values["summary"]["val_error_mean"] == pytest.approx(statistics.fmean(errors), abs=1e-3)
    assert values["summary"]["val_error_std"] == pytest.approx(statistics.stdev(errors), abs=1e-3)
    assert values["summary"]["n"] == values["folds"] == FOLDS and values["learned_before"] == 0
    assert len(values["mistakes"]) == len(wrong) > 0
    for mistake in values["mistakes"]:
        answer, number = wrong[mistake["file"]]
        assert (pets / mistake["file"]).is_file() and mistake["file"].startswith(mistake["true"])
        assert (mistake["true"], mistake["predicted"], mistake["fold"]) == (answer.true, answer.predicted, number)
        assert mistake["probability"] == pytest.approx(answer.probability, abs=1e-3)
    sureness = [mistake["probability"] for mistake in values["mistakes"]]
    assert sureness == sorted(sureness, reverse=True)
    json.dumps(values)


def painted(folder: Path, counts: dict[str, int], colours: dict[str, tuple[int, int, int]]) -> Path:
    """Photographs of a colour for each class, with some noise."""
    random = np.random.default_rng(0)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = random.normal(colours[name], 20, (8, 8, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def test_a_wrong_label_is_the_surest_mistake(tmp_path):
    folder = painted(tmp_path / "paint", {"red": 24, "blue": 24}, {"red": (190, 60, 60), "blue": (60, 60, 190)})
    (folder / "red" / "5.png").rename(folder / "blue" / "wrong.png")
    outcomes = []
    for number in (1, 2):
        dataset = load_dataset(folder, size=8, split=f"fold{number}/2")
        recipe = short_recipe(dataset, 40, batch=16)
        job = Job(recipe, default_folder(recipe, tmp_path), folder, "")
        train_on(dataset, recipe, job.folder, ONE_THREAD)
        outcomes.append(outcome_of(job))
    values = fold_values(outcomes)
    worst = values["mistakes"][0]
    assert (worst["file"], worst["true"], worst["predicted"]) == ("blue/wrong.png", "blue", "red")
    assert worst["probability"] > 0.6 and len(values["mistakes"]) <= 4


def test_the_table_says_what_each_number_is(jobs):
    outcomes = [outcome_of(job) for job in jobs]
    values = fold_values(outcomes)
    lines = folds_table(outcomes, values).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:6]] == ["1", "2", "3", "all"]
    assert [line.split("|")[3].strip() for line in lines[2:6]] == ["7", "7", "6", "20"]
    text = "\n".join(lines)
    assert "each of the 20 photographs is judged once, by a net that was not trained on it; counting" in text
    assert f"standard error of {values['pooled']['val_standard_error']:.2f} points" in text
    assert "± is the standard deviation over folds" in text and "test" not in text


def test_no_fold_stands_in_for_one_that_failed(jobs):
    outcomes = [outcome_of(job) for job in jobs]
    whole = fold_values(outcomes)
    outcomes[1] = Outcome(jobs[1], None, "diverged")
    values = fold_values(outcomes)
    assert values["pooled"] is None and values["summary"] is None
    assert [run["fold"] for run in values["runs"]] == [1, 3]
    assert values["mistakes"] == [mistake for mistake in whole["mistakes"] if mistake["fold"] != 2]
    table = folds_table(outcomes, values)
    assert "| all" not in table and "judged once" not in table and jobs[1].folder.name in table


def test_a_net_that_learned_the_photographs_before_is_named(jobs):
    """To begin from a run on the same folder is to have seen most of what judges."""
    start = jobs[0].folder
    outcomes = [outcome_of(job) for job in jobs]
    write_lineage(RunFolder(jobs[1].folder), lineage_from(load(start)))
    try:
        values = fold_values(outcomes)
        assert values["learned_before"] == 7, "all of the second fold; the first held out others"
        assert "(but a net before it was trained on 7 of them)" in folds_table(outcomes, values)
    finally:
        (jobs[1].folder / "lineage.json").unlink()


def test_a_model_file_alone_knows_what_it_held_out(jobs, pets, tmp_path):
    for job in jobs:
        alone = tmp_path / "model.safetensors"
        alone.write_bytes((job.folder / "model.safetensors").read_bytes())
        found, own = evaluate(alone, pets, "val"), evaluate(job.folder, split="val")
        assert {answer.file for answer in found.answers} == {answer.file for answer in own.answers}
    both = evaluate(jobs[1].folder, split="val", ensemble=[jobs[0].folder])
    assert (both.images, both.trained_on) == (7, 7), "what one held out the other has learned"


def test_another_fold_is_no_other_division_of_the_folder(jobs, pets):
    plain = load_dataset(pets, size=8)
    assert divided_otherwise(plain, jobs[0].folder.parent / "pets-resnet8-small-00000000-s0") is None
    data = load_dataset(pets, size=8, split="fold2/3")
    assert divided_otherwise(data, jobs[0].folder.parent / "pets-resnet8-small-00000000-s0") is None


def test_fewer_than_two_folds_are_none():
    with pytest.raises(UsageError, match="--folds 1: photographs are divided into 2 folds or more"):
        first_fold(1)
