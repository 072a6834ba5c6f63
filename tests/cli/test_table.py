"""A table of photographs in place of a folder, in every verb; and what predict writes as such a table."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reslab.data import load_dataset
from reslab.errors import RunError
from reslab.store import RunFolder, load
from reslab.training import Recipe, together
from tests.cli.test_commands import Answer

SHORT = ("--model", "resnet8", "--size", "16", "--steps", "6", "--batch", "8")


@pytest.fixture
def things(tmp_path) -> Path:
    """Ten photographs of each of two classes, in folders that are called so, and a table that says the same."""
    random, rows = np.random.default_rng(0), []
    for name, shade in (("chair, old", 60), ("猫", 190)):
        (tmp_path / "things" / name).mkdir(parents=True)
        for number in range(10):
            pixels = (shade + random.integers(-30, 31, (20, 24, 3))).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "things" / name / f"{number}.png")
            rows.append(f'"{name}/{number}.png","{name}"\n')
    (tmp_path / "things" / "labels.csv").write_text("path,label\n" + "".join(rows), encoding="utf-8")
    return tmp_path / "things"


def trained(data: Path, run: Path) -> dict:
    answer = Answer("train", data, *SHORT, "--run", run, "--json")
    assert answer.code == 0, answer.err
    return answer.json


def weights(run: Path) -> dict:
    return load(run).state_dict()


def test_the_same_net_as_from_class_folders(things, tmp_path):
    one, other = trained(things, tmp_path / "one"), trained(things / "labels.csv", tmp_path / "other")
    same = ("train_error", "train_images", "val_error", "val_images", "test_error", "test_images")
    assert {key: one[key] for key in same} == {key: other[key] for key in same}
    theirs = weights(tmp_path / "other")
    assert all((value == theirs[name]).all() for name, value in weights(tmp_path / "one").items())
    assert (one["data"], other["data"]) == ("things", "labels.csv")


def test_the_run_finds_its_photographs_again(things, tmp_path):
    table, run = things / "labels.csv", tmp_path / "r"
    result = trained(table, run)
    for words in ((), (table,), (things,)):
        found = Answer("eval", run, *words, "--json").json
        assert (found["split"], found["images"], found["top1_error"]) == ("val", 4, result["val_error"])
        assert found["data"] == "labels.csv"
    assert Answer("eval", run, "--split", "all", "--json").json["images"] == 20
    assert Answer("analyze", "responses", run, "--json").code == 0
    assert Answer("report", run).code == 0
    answer = Answer("train", table, *SHORT, "--run", run, "--json")
    assert answer.json == result and "is done" in answer.err
    table.unlink()
    assert Answer("train", table, *SHORT, "--run", run, "--json").json == result
    assert Answer("eval", run, "--json").json["top1_error"] == result["val_error"], "its labels are written down"


def test_rows_that_all_say_train_are_the_runs_own_again(things, tmp_path):
    table, run = things / "labels.csv", tmp_path / "r"
    rows = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([f"{rows[0]},split", *(f"{row},train" for row in rows[1:])]), encoding="utf-8")
    result = trained(table, run)
    assert trained(table, run) == result and result["val_images"] == 4
    for split, images in (("val", 4), ("all", 20)):
        found = Answer("eval", run, table, "--split", split, "--json").json
        assert (found["split"], found["images"]) == (split, images)


def test_a_table_of_another_name_is_not_the_one_that_is_gone(things, tmp_path):
    table, run = things / "labels.csv", tmp_path / "r"
    trained(table, run)
    wrong = Answer("train", things / "lables.csv", *SHORT, "--run", run, "--json")
    assert wrong.code == 2 and "lables.csv" in wrong.err
    trained(things, tmp_path / "folder")
    assert Answer("train", things / "any.csv", *SHORT, "--run", tmp_path / "folder").code == 2


def test_stopped_it_goes_on_with_the_same_bytes(things, tmp_path, monkeypatch):
    table = things / "labels.csv"
    trained(table, tmp_path / "whole")
    monkeypatch.setattr("reslab.training.run.finish", _stop)
    assert Answer("train", table, *SHORT, "--run", tmp_path / "r", "--save-every", "0").code == 1
    monkeypatch.undo()
    assert RunFolder(tmp_path / "r").has_state
    assert Answer("train", "--run", tmp_path / "r").code == 0
    assert (tmp_path / "r" / "model.safetensors").read_bytes() == (
        tmp_path / "whole" / "model.safetensors"
    ).read_bytes()


def _stop(*_):
    raise RunError("stopped")


def test_a_table_that_moved_is_the_same_run_and_a_changed_one_is_not(things, tmp_path):
    words = (*SHORT, "--runs", tmp_path / "runs", "--json")
    first = Answer("train", things / "labels.csv", *words).json
    moved = things.rename(tmp_path / "moved")
    table = moved / "labels.csv"
    again = Answer("train", table, *words)
    assert again.json == first and "is done" in again.err
    assert Answer("eval", first["run"], table, "--json").json["images"] == 4
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace('0.png","猫"', '0.png","chair, old"'), encoding="utf-8")
    answer = Answer("train", table, *SHORT, "--run", first["run"])
    assert answer.code == 1 and "labels.csv does not name, or names otherwise, the photographs that" in answer.err
    unfinished = shutil.copytree(first["run"], tmp_path / "unfinished")
    (unfinished / "result.json").unlink()
    answer = Answer("train", table, "--run", unfinished)
    assert answer.code == 1 and "labels.csv names other photographs, classes or splits" in answer.err
    assert "goes on with its own photographs: for others, give another --run" in answer.err
    other = Answer("train", table, *words)
    assert other.json["run"] != first["run"] and "in other splits or classes; a new run is begun" in other.err
    found = Answer("eval", first["run"], table, "--json")
    assert (found.json["split"], found.json["images"]) == ("all", 20), "other data, which it was trained on in part"
    assert "16 of the 20 photographs that are tested are among those that" in found.err


def test_predictions_are_a_table_to_train_on_and_to_test_on(things, tmp_path, monkeypatch):
    run = tmp_path / "r"
    trained(things / "labels.csv", run)
    monkeypatch.chdir(things)
    (things / "new").mkdir()
    for number, file in enumerate(sorted(things.glob("*/*.png"))):
        shutil.copy(file, things / "new" / f"no {number}.png")
    (things / "new" / "bad.png").write_bytes(b"no image")
    answer = Answer("predict", run, "new", "--csv", "--top", "2")
    Path("guesses.csv").write_text(answer.out, encoding="utf-8")
    assert answer.out.startswith("path,class,probability,class2,probability2\n")
    found = Answer("eval", run, "guesses.csv", "--json")
    assert (found.json["images"], found.json["top1_error"]) == (20, 0), "it agrees with itself"
    assert "1 row has no class, and not used, such as new/bad.png" in found.err
    dataset = load_dataset("guesses.csv", size=16)
    assert sum(map(len, dataset.splits.values())) == 20 and set(dataset.classes) == {"chair, old", "猫"}


def test_whoever_looks_at_photographs_takes_those_that_a_table_names(things, tmp_path):
    run, rows = tmp_path / "r", ["猫/3.png", "chair, old/0.png", "猫/3.png", "猫/1.png"]
    trained(things, run)
    table = things / "ask.csv"
    table.write_text("image_id\n" + "".join(f'"{row}"\n' for row in rows), encoding="utf-8")
    answer = Answer("predict", run, table, "--json")
    assert answer.code == 0, answer.err
    expected = [str(things / row) for row in (rows[0], rows[1], rows[3])]
    assert [one["path"] for one in answer.json["predictions"]] == expected, "in its order, each once, without classes"
    assert answer.json["predictions"] == Answer("predict", run, *expected, "--json").json["predictions"]
    assert len(Answer("analyze", "cam", run, table, "--out", tmp_path / "cam", "--json").json["maps"]) == 3
    (things / "all.csv").write_text(table.read_text(encoding="utf-8") + "gone.png\n", encoding="utf-8")
    for words in (("predict", run), ("analyze", "responses", run, "--images")):
        answer = Answer(*words, things / "all.csv")
        assert answer.code == 1 and "all.csv: names a photograph that is not there, such as gone.png" in answer.err
    looked = Answer("analyze", "responses", run, "--images", things / "labels.csv", "--json").json["nets"][0]
    there = Answer("analyze", "responses", run, "--images", things, "--json").json["nets"][0]
    assert (looked["data"], looked["images"], looked["layers"]) == ("labels.csv", 20, there["layers"])
    answer = Answer("analyze", "responses", run, "--images", things / "none.csv")
    assert answer.code == 1 and "no folder" in answer.err and "or a .csv table of them" in answer.err


def test_other_verbs_take_it(things, tmp_path):
    table = things / "labels.csv"
    answer = Answer("data", "check", table)
    assert answer.code == 0 and answer.out.startswith("labels.csv: 2 classes, 20 photographs\n")
    assert "4 of the photographs, which training will hold out, as there is no row of val or test" in answer.out
    assert Answer("data", "check", table, "--json").json["folder"] == str(table)
    assert Answer("train", table, *SHORT, "--dry-run").code == 0
    answer = Answer("train", table, "--download", "--runs", tmp_path)
    assert answer.code == 2 and "labels.csv is a table of photographs, which are not fetched" in answer.err
    with table.open("a", encoding="utf-8") as more:
        more.write("gone.png,猫\nnobody.png,\n")
    answer = Answer("data", "check", table)
    assert answer.code == 1
    assert "problem  1 photograph that the table names is not there: gone.png; training leaves them out" in answer.out
    assert "note     1 row of the table has no class, and is not used: nobody.png" in answer.out
    answer = Answer("train", table, *SHORT, "--runs", tmp_path)
    assert answer.code == 1 and "names a photograph that is not there (gone.png; " in answer.err
    assert Answer("train", table, *SHORT, "--runs", tmp_path, "--on-bad", "skip").code == 0


def test_processes_that_take_part_read_what_the_first_one_did(things, tmp_path):
    trained(things / "labels.csv", tmp_path / "r")
    run, dataset = RunFolder(tmp_path / "r"), load_dataset(things / "labels.csv", size=16)
    told = {"data": str(dataset.folder), "data_root": None, "on_bad": "error", "split": run.read("split.json")}
    there = together._data(Recipe.from_dict(run.recipe()), json.loads(json.dumps(told)))
    assert (there.name, there.fingerprint, there.classes) == ("labels.csv", dataset.fingerprint, dataset.classes)
    assert (there.splits["train"].labels == dataset.splits["train"].labels).all()


@pytest.mark.slow
def test_several_runs_at_once(things, tmp_path):
    table = things / "labels.csv"
    words = ("--model", "resnet8", "--size", "16", "--steps", "3", "--runs", tmp_path, "--json")
    answer = Answer("train", table, *words, "--seeds", "2")
    assert answer.code == 0, answer.err
    assert [run["val_images"] for run in answer.json["runs"]] == [4, 4]
    assert Answer("sweep", table, *words, "--grid", "balance=0,1").code == 0
