"""What is tested: a run's own held-out photographs wherever they lie, or all of another folder."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image

from reslab.data import load_dataset
from reslab.data.imagenet import names_by_synset
from reslab.engine import Request
from reslab.errors import DataError, UsageError
from reslab.evaluation import evaluate, source
from reslab.store import load
from reslab.training import Surroundings, train_on
from tests.conftest import short_recipe

ONE_THREAD = Surroundings(Request("torch", precision="fp32", threads=1))
CAFE = "café"


def make_photos(folder: Path, counts: dict[str, int], seed: int = 0) -> Path:
    """Photographs of noise, no two the same; all of one length in bytes."""
    random = np.random.default_rng(seed)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8)).save(folder / name / f"{number}.bmp")
    return folder


def trained_on(folder: Path, run: Path) -> Path:
    data = load_dataset(folder, size=8)
    train_on(data, short_recipe(data, 2, batch=8), run, ONE_THREAD)
    return run


@pytest.fixture(scope="module")
def pets(tmp_path_factory) -> Path:
    return make_photos(tmp_path_factory.mktemp("photos") / "pets", {"cat": 10, "dog": 10, CAFE: 10})


@pytest.fixture(scope="module")
def run(pets, tmp_path_factory) -> Path:
    return trained_on(pets, tmp_path_factory.mktemp("runs") / "pets")


def measured(*words, **choices) -> tuple[str, int]:
    """Split and number of images."""
    found = evaluate(*words, **choices)
    return found.split, found.images


def test_of_another_folder_without_splits_all_is_tested(run, tmp_path):
    other = make_photos(tmp_path / "other", {"cat": 5, "dog": 5}, seed=1)
    found = evaluate(run, other)
    assert (found.split, found.images, found.data) == ("all", 10, "other")
    assert found.notes == ("no folder for train, val or test: everything is tested",)
    assert measured(run, other, "all") == ("all", 10)
    with pytest.raises(UsageError, match="unknown split of other 'val'"):
        evaluate(run, other, "val")


def test_its_own_folder_keeps_its_split(run, pets, tmp_path):
    assert measured(run) == measured(run, pets) == ("val", 6)
    assert measured(run, split="all") == measured(run, pets, "all") == ("all", 30)
    moved = shutil.copytree(pets, tmp_path / "renamed")
    assert measured(run, moved) == ("val", 6), "the same photographs elsewhere"
    shutil.copy(run / "model.safetensors", tmp_path / "model.safetensors")
    assert measured(tmp_path / "model.safetensors", moved) == ("val", 6), "a model file knows their fingerprint"
    make_photos(moved, {"cat": 12}, seed=2)
    assert measured(tmp_path / "model.safetensors", moved) == ("all", 32)


def test_all_of_its_own_folder_are_those_that_came_since_too(tmp_path):
    folder = make_photos(tmp_path / "pets", {"cat": 10, "dog": 10})
    run = trained_on(folder, tmp_path / "run")
    assert evaluate(run, split="all").notes == (
        f"16 of the 20 photographs that are tested are among those that {run} learned",
    )
    for number in (11, 12, 13):
        Image.new("RGB", (9, 9)).save(folder / "dog" / f"{number}.bmp")
    assert measured(run) == ("val", 4)
    left = "(new, or left out in training): not tested; --split all tests them, if it can"
    (note,) = evaluate(run, folder).notes
    assert note == f"3 photographs are in no split that was written down of {folder} {left}"
    moved = Path(shutil.copytree(folder, tmp_path / "moved"))
    for words in ((run,), (run, folder), (run, moved)):
        found = evaluate(*words, split="all")
        assert (found.images, found.trained_on) == (23, 16)
        place = words[1] if len(words) > 1 else folder
        came = f"3 photographs are in no split that was written down of {place} (new, or left out in training): tested"
        assert found.notes[0].startswith(came) and not any("changed" in note for note in found.notes)
    Image.new("RGB", (10, 10)).save(folder / "dog" / "3.bmp")
    assert "some images have changed since their split was written down" in evaluate(run, split="all").notes
    make_photos(folder, {"owl": 1}, seed=3)
    way = r"pets: the class folder owl came after the training, .* take it away, or train on it, too \(reslab train"
    with pytest.raises(DataError, match=way):
        evaluate(run, split="all")
    assert measured(run) == ("val", 4)


def test_a_photograph_that_was_left_out_of_the_training(tmp_path):
    folder = make_photos(tmp_path / "pets", {"cat": 10, "dog": 11})
    (folder / "dog" / "3.bmp").write_bytes(b"no image")
    data = load_dataset(folder, size=8, on_bad="skip")
    train_on(data, short_recipe(data, 2, batch=8), tmp_path / "run", ONE_THREAD)
    for net in (tmp_path / "run", tmp_path / "run" / "model.safetensors"):
        assert measured(net, folder, on_bad="skip") == ("val", len(data.splits["val"]))
    for on_bad in ("error", "skip"):
        found = evaluate(tmp_path / "run", split="all", on_bad=on_bad)
        (note, *_) = found.notes
        assert found.images == 20 and note.startswith("1 photograph is in no split that was written down of ")
        assert "and cannot be read: left out, the first: " in note and "3.bmp: cannot be read as an image" in note
    assert "1 photograph is in no split" in evaluate(tmp_path / "run", split="train").notes[0]
    whole = next(path for path in (folder / "cat").iterdir())
    (folder / "cat" / "torn.bmp").write_bytes(whole.read_bytes()[:-60])
    Image.new("RGB", (9, 9)).save(folder / "cat" / "new.bmp")
    found = evaluate(tmp_path / "run", split="all")
    assert found.images == 21 and found.notes[0].endswith("(new, or left out in training): tested")
    assert found.notes[1].startswith("2 photographs are in no split") and not any("changed" in n for n in found.notes)
    whole.write_bytes(b"no image")
    with pytest.raises(DataError, match=f"1 image cannot be used: .*{whole.name}"):
        evaluate(tmp_path / "run", split="all")


def test_another_folder_of_the_same_name_is_another_data_set(run, tmp_path):
    assert measured(run, make_photos(tmp_path / "a" / "pets", {"cat": 3, "dog": 2}, seed=3)) == ("all", 5)
    numbered = make_photos(tmp_path / "b" / "pets", {"cat": 10, "dog": 10, CAFE: 10})
    Image.new("RGB", (9, 9)).save(numbered / "cat" / "0.bmp")
    assert measured(run, numbered) == ("all", 30), "the same names of files, and other lengths"


def test_other_pixels_under_the_same_names_and_lengths_are_another_data_set(tmp_path):
    folder = make_photos(tmp_path / "pets", {"cat": 10, "dog": 10})
    run = trained_on(folder, tmp_path / "run")
    camera = make_photos(tmp_path / "camera" / "pets", {"cat": 10, "dog": 10}, seed=1)
    moved = shutil.copytree(folder, tmp_path / "moved")
    assert measured(run, camera) == ("all", 20) and measured(run, moved) == ("val", 4)
    shutil.copy(camera / "cat" / "0.bmp", moved / "cat")
    assert measured(run, moved) == ("val", 4), "one that was touched up makes no other folder"
    forget_samples(run)  # as an earlier version wrote it
    assert measured(run, camera) == ("all", 20), "its own photographs are still there to be compared with"
    folder.rename(tmp_path / "away")
    said: list[str] = []
    assert measured(run, camera, say=said.append) == ("val", 4)
    assert said[0].endswith(f"are taken for those of {run} by names and lengths, all that it recorded")


def forget_samples(run: Path) -> None:
    split = json.loads((run / "split.json").read_text())
    del split["samples"]
    (run / "split.json").write_text(json.dumps(split))


def test_what_its_own_folder_lost_is_an_error(tmp_path):
    folder = make_photos(tmp_path / "pets", {"cat": 6, "dog": 6})
    run = trained_on(folder, tmp_path / "run")
    (folder / "cat" / "0.bmp").unlink()
    for words in ((run,), (run, folder)):
        with pytest.raises(DataError, match=r"images of the data set are gone \(1\), the first is cat/0\.bmp"):
            evaluate(*words)
    folder.rename(tmp_path / "moved")
    with pytest.raises(UsageError, match=r"are not in .*pets any more; reslab eval .*run NEW_PLACE"):
        evaluate(run)


def test_a_test_folder_alone(run, tmp_path):
    folder = tmp_path / "new"
    make_photos(folder / "test", {"cat": 3, "dog": 2}, seed=4)
    assert measured(run, folder) == measured(run, folder, "test") == ("test", 5)
    assert measured(run, folder, "all") == ("all", 5)
    make_photos(folder / "Validation", {"dog": 4}, seed=5)
    assert measured(run, folder) == ("test", 5) and measured(run, folder, "val") == ("val", 4)
    assert measured(run, folder, "all") == ("all", 9)
    with pytest.raises(UsageError, match="unknown split of new 'train'"):
        evaluate(run, folder, "train")


def test_class_folders_beside_a_test_folder_are_said(run, tmp_path):
    make_photos(tmp_path / "test", {"cat": 3, "dog": 2}, seed=4)
    make_photos(tmp_path, {"cat": 1, "dog": 1}, seed=5)
    found = evaluate(run, tmp_path)
    assert (found.split, found.images) == ("test", 5)
    assert found.notes == ("not used, since they lie beside test/: cat, dog",)


def test_one_class_will_do(run, tmp_path):
    found = evaluate(run, make_photos(tmp_path, {"dog": 4, "empty": 0}, seed=6))
    assert (found.split, found.images) == ("all", 4)
    assert found.confusions.sum(axis=1).tolist() == [0, 0, 4] and found.classes[2] == "dog"
    assert found.notes[0] == "no image that Pillow reads is in empty"


def test_nothing_to_test(run, tmp_path):
    with pytest.raises(DataError, match="has no class folder; put the images of each class"):
        evaluate(run, tmp_path)
    make_photos(tmp_path, {"cat": 0, "dog": 0})
    with pytest.raises(DataError, match="holds no image that Pillow reads"):
        evaluate(run, tmp_path)


def test_a_folder_around_the_classes_is_named(run, tmp_path):
    make_photos(tmp_path / "new" / "photos", {"cat": 2, "dog": 2})
    with pytest.raises(DataError, match=r"know class 'photos' of new.*folders in .*photos have names that it knows"):
        evaluate(run, tmp_path / "new")
    make_photos(tmp_path / "new" / "photos", {"cow": 2})
    with pytest.raises(DataError, match=f"it knows {CAFE}, cat, dog$"):
        evaluate(run, tmp_path / "new")


def test_a_class_that_may_be_two_of_imagenets_is_refused_naming_both(digits):
    cranes, imagenet = replace(digits, classes=("crane",) * 10), tuple(names_by_synset().values())
    both = r"class 'crane' .*it knows 'crane \(bird\)' \(n02012849\) and 'crane \(machine\)' \(n03126707\): call"
    with pytest.raises(DataError, match=both):
        source.by_name(cranes, "val", imagenet)
    machines = replace(digits, classes=("crane (machine)",) * 10)
    assert set(source.by_name(machines, "val", imagenet).labels) == {517}


def test_a_class_that_the_net_does_not_know_is_refused_before_any_photograph_is_read(run, tmp_path, monkeypatch):
    def reading(*words):
        raise AssertionError("read")

    monkeypatch.setattr(source, "load_folder", reading)
    with pytest.raises(DataError, match="the net does not know class 'cow' of new; it knows"):
        evaluate(run, make_photos(tmp_path / "new", {"cat": 2, "cow": 2}))
    make_photos(tmp_path / "more" / "train", {"cat": 2, "cow": 2})
    make_photos(tmp_path / "more" / "test", {"cat": 2})
    with pytest.raises(AssertionError, match="read"):
        evaluate(run, tmp_path / "more")  # its test photographs are all of a known class


def test_only_what_is_tested_is_read(run, tmp_path):
    make_photos(tmp_path / "train", {"cat": 2, "dog": 2}, seed=7)
    make_photos(tmp_path / "test", {"cat": 2, "dog": 2}, seed=8)
    (tmp_path / "train" / "cat" / "0.bmp").write_bytes(b"no image")
    assert measured(run, tmp_path) == ("test", 4)
    with pytest.raises(DataError, match="1 image cannot be used"):
        evaluate(run, tmp_path, "train")


def test_classes_that_look_the_same_are_the_same(run, tmp_path):
    other = make_photos(tmp_path / "other", {normalize("NFD", CAFE): 3, "dog": 2}, seed=9)
    found = evaluate(run, other)
    assert normalize("NFD", CAFE) not in found.classes
    images = dict(zip(found.classes, found.confusions.sum(axis=1).tolist(), strict=True))
    assert images == {"cat": 0, "dog": 2, CAFE: 3}


def test_members_of_an_ensemble_may_spell_their_classes_otherwise(run, pets, tmp_path):
    spelled = shutil.copytree(pets, tmp_path / "pets")
    (spelled / CAFE).rename(spelled / normalize("NFD", CAFE))
    other = trained_on(spelled, tmp_path / "run")
    assert load(other).classes == (normalize("NFD", CAFE), "cat", "dog") != load(run).classes
    assert evaluate(run, ensemble=[other]).images == 6


def test_links_to_a_run_s_own_folder_are_its_own(run, pets, tmp_path):
    (tmp_path / "link").symlink_to(pets)
    assert measured(run, tmp_path / "link") == ("val", 6)
