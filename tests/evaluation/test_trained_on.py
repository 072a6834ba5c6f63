"""Photographs that a net has learned are counted where they are tested, whatever they are called there."""

import shutil
from pathlib import Path

import pytest

from reslab.data import copies, load_dataset
from reslab.evaluation import evaluate
from reslab.store import RunFolder
from reslab.training import train_on, with_start
from tests.conftest import short_recipe
from tests.evaluation.test_source import ONE_THREAD, make_photos, trained_on


@pytest.fixture
def pets(tmp_path) -> Path:
    return make_photos(tmp_path / "pets", {"cat": 10, "dog": 10})


@pytest.fixture
def run(pets, tmp_path) -> Path:
    return trained_on(pets, tmp_path / "run")


@pytest.fixture
def other(pets, run, tmp_path) -> Path:
    """Five new photographs, two that were learned under other names, one that was held out."""
    folder = make_photos(tmp_path / "other", {"cat": 3, "dog": 2}, seed=1)
    split = RunFolder(run).read("split.json")["files"]
    for number, file in enumerate([*split["train"][:2], split["val"][0]]):
        shutil.copy(pets / file, folder / "cat" / f"again {number}.bmp")
    return folder


def told(*words, **choices) -> tuple[int | None, list[str]]:
    """What is counted, and what is said of it."""
    found = evaluate(*words, **choices)
    assert found.to_dict()["trained_on"] == found.trained_on
    return found.trained_on, [note for note in found.notes if "learned" in note or "not known" in note]


def test_what_was_learned_is_counted_and_tested_all_the_same(run, other):
    count, [note] = told(run, other)
    assert count == 2 and evaluate(run, other).images == 8
    assert note == f"2 of the 8 photographs that are tested are among those that {run} learned, byte for byte"


def test_of_its_own_split_nothing_is_said(run, pets):
    assert told(run) == told(run, pets) == (0, [])
    assert told(run, split="train") == (16, [])
    assert told(run, split="all") == (
        16,
        [f"16 of the 20 photographs that are tested are among those that {run} learned"],
    )
    assert told(run / "model.safetensors", pets) == (0, [])


def test_new_photographs_alone(run, tmp_path):
    assert told(run, make_photos(tmp_path / "new", {"cat": 3}, seed=2)) == (0, [])


def test_of_a_part_of_the_training_photographs(pets, tmp_path):
    data = load_dataset(pets, size=8)
    recipe = short_recipe(data, 2, batch=8)
    recipe = type(recipe).from_dict({**recipe.to_dict(), "data": {**recipe.to_dict()["data"], "images": 8}})
    train_on(data, recipe, tmp_path / "part", ONE_THREAD)
    assert told(tmp_path / "part", split="all")[0] == 8
    shutil.copytree(pets, tmp_path / "copy" / "train")
    assert told(tmp_path / "part", tmp_path / "copy")[0] == 8


def test_where_it_is_not_known(run, pets, other, tmp_path):
    only = "only its run folder names those that it learned"
    assert told(run / "model.safetensors", other)[0] == 2, "it lies in its run folder"
    model = Path(shutil.copy(run / "model.safetensors", tmp_path))
    assert told(model, other) == (
        None,
        [f"whether {model} was trained on some of these photographs is not known: {only}"],
    )
    pets.rename(pets.with_name("away"))
    for there in ("without their folder", "in an empty one"):
        count, [note] = told(run, other)
        assert count is None and note.endswith(f"is not known: its own are not in {pets} any more"), there
        pets.mkdir(exist_ok=True)


def test_photographs_that_were_moved_after_two_trainings_on_them(run, pets, tmp_path):
    second = tuned(run, pets, tmp_path / "second")
    before = told(second, pets, split="all")
    place = pets.rename(tmp_path / "moved")
    assert told(second, place, split="all")[0] == before[0] == 16
    assert told(second, place) == (0, [])
    (place / RunFolder(run).read("split.json")["files"]["train"][0]).write_bytes(b"other")
    count, notes = told(second, make_photos(tmp_path / "new", {"cat": 3}, seed=2))
    assert count is None and notes[-1].endswith(f"is not known: its own are not in {pets} any more")


@pytest.mark.parametrize("tuned_further", [False, True])
def test_other_photographs_in_the_place_of_the_learned_ones_are_compared_with_nothing(
    run, pets, other, tmp_path, tuned_further
):
    begun = tuned(run, make_photos(tmp_path / "b" / "photos", {"cat": 5, "dog": 5}, seed=4), tmp_path / "second")
    net = begun if tuned_further else run
    assert told(net, other)[0] == 2
    make_photos(pets, {"cat": 10, "dog": 10}, seed=7)
    count, [note] = told(net, other)
    assert count is None and note.endswith(f"is not known: its own are not in {pets} any more")


def test_what_is_gone_is_compared_with_nothing_and_said(run, pets, other):
    for file in RunFolder(run).read("split.json")["files"]["train"][1:4]:
        (pets / file).unlink()
    count, [note] = told(run, other)
    assert count == 1 and note.endswith("learned, byte for byte; 3 of those are gone, and are compared with nothing")


def test_members_of_an_ensemble(run, pets, other, tmp_path):
    second = trained_on(make_photos(tmp_path / "more", {"cat": 6, "dog": 6}, seed=3), tmp_path / "second")
    shutil.copy(tmp_path / "more" / RunFolder(second).read("split.json")["files"]["train"][0], other / "dog" / "x.bmp")
    count, notes = told(run, other, ensemble=[second, run])
    assert count == 3 and [note.split()[0] for note in notes] == ["2", "1"] and str(second) in notes[1]
    alone = shutil.copy(second / "model.safetensors", tmp_path)
    assert told(run, other, ensemble=[alone])[0] is None


def test_what_is_no_folder(digits, tmp_path):
    train_on(digits, short_recipe(digits, 1), tmp_path / "digits", ONE_THREAD)
    assert told(tmp_path / "digits") == (None, [])
    folder = make_photos(tmp_path / "photos", {"1": 2, "2": 2})
    assert told(tmp_path / "digits", folder) == (None, [])


def test_little_is_read_whole(tmp_path, monkeypatch):
    first, second = (make_photos(tmp_path / name, {"cat": 5}, seed=seed) for name, seed in (("a", 0), ("b", 1)))
    shutil.copy(first / "cat" / "0.bmp", second / "cat" / "1.bmp")
    read, digest = [], copies._digest
    monkeypatch.setattr(copies, "_digest", lambda path: read.append(path) or digest(path))
    ours, theirs = (sorted(folder.rglob("*.bmp")) for folder in (first, second))
    assert copies.among([*ours, tmp_path / "gone"], theirs) == {ours[0]} and sorted(read) == [ours[0], theirs[1]]


@pytest.fixture
def third(run, tmp_path) -> Path:
    """A run that began from one that began from `run`, each on photographs of its own."""
    second = tuned(run, make_photos(tmp_path / "b" / "photos", {"cat": 5, "dog": 5}, seed=4), tmp_path / "second")
    return tuned(second, make_photos(tmp_path / "c" / "photos", {"cat": 5, "dog": 5}, seed=5), tmp_path / "third")


def tuned(source: Path, folder: Path, place: Path) -> Path:
    data = load_dataset(folder, size=8)
    train_on(data, with_start(short_recipe(data, 1, batch=8), str(source)), place, ONE_THREAD)
    return place


def test_what_a_net_began_from_has_learned_too(run, third, other, tmp_path):
    second = tmp_path / "second"
    learned = RunFolder(second).read("split.json")["files"]["train"][0]
    shutil.copy(tmp_path / "b" / "photos" / learned, other / "dog" / "again.bmp")
    said = "of the 9 photographs that are tested are among those that"
    expected = [
        f"1 {said} {second}, from which {third} began, learned, byte for byte",
        f"2 {said} {run}, from which {third} began, learned, byte for byte",
    ]
    assert told(third, other) == (3, expected)
    assert told(third) == (0, [])
    for place in (run, second):
        shutil.rmtree(place)
    assert told(third, other) == (3, expected), "it wrote down what those had learned"


def test_a_run_of_an_earlier_version_is_followed_as_far_as_it_goes(run, third, other, tmp_path):
    for place in (tmp_path / "second", third):
        (place / "lineage.json").unlink()
    assert told(third, other)[0] == 2
    run.rename(tmp_path / "away")
    why = "it was not written down when that began, and is not there as it was"
    unknown = f"whether {run}, from which {third} began, was trained on some of these photographs is not known: {why}"
    assert told(third, other) == (None, [unknown])
    shutil.copytree(tmp_path / "second", run)
    assert told(third, other) == (None, [unknown]), "other weights in its place"


def test_photographs_of_a_net_before_that_are_gone(run, pets, third, other, tmp_path):
    pets.rename(tmp_path / "away")
    count, [note] = told(third, other)
    assert count is None and note.endswith(
        f"{third} began, was trained on some of these photographs is not known: its own are not in {pets} any more"
    )


def test_in_the_folder_of_a_net_before_its_files_are_its_own(run, pets, third):
    count, [note] = told(third, pets)
    assert count == 16 and note.startswith(f"16 of the 20 photographs that are tested are among those that {run}, from")


def test_a_file_by_itself_says_that_there_was_something_before(third, tmp_path):
    model = Path(shutil.copy(third / "model.safetensors", tmp_path))
    count, notes = told(model, tmp_path / "c" / "photos")
    assert count is None and [note.split(",")[0] for note in notes] == ["whether photos", "whether pets"]
    assert all(f"a net before {model}" in note for note in notes), "it may have been taught, and does not say"
    assert all(note.endswith("only its run folder names those that it learned") for note in notes)


def test_a_net_before_that_learned_no_photographs_counts_for_nothing(digits, pets, tmp_path):
    train_on(digits, short_recipe(digits, 1), tmp_path / "digits", ONE_THREAD)
    run = tuned(tmp_path / "digits", pets, tmp_path / "tuned")
    assert told(run, split="all")[0] == 16 and told(run) == (0, [])
    assert told(shutil.copy(run / "model.safetensors", tmp_path), pets) == (0, [])
