"""Which photographs a net is quantised with, and by which it is judged: never by those of the test."""

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from reslab.data import load_dataset
from reslab.errors import DataError, UsageError
from reslab.evaluation import evaluate, looked_at, ranges
from reslab.store import load
from reslab.training import train_on, with_start
from tests.conftest import short_recipe
from tests.evaluation.test_source import ONE_THREAD, make_photos, trained_on
from tests.interop.classifiers import classifier

COUNTS = {"cat": 6, "dog": 6}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on photographs in train/, val/ and test/, which lie beside it."""
    place = tmp_path_factory.mktemp("runs")
    for number, split in enumerate(("train", "val", "test")):
        make_photos(place / "pets" / split, COUNTS, seed=number)
    return trained_on(place / "pets", place / "run")


@pytest.fixture
def pets(run):
    """Its photographs, in their place again after the test."""
    yield run.with_name("pets")
    if (run / "away").exists():
        (run / "away").rename(run.with_name("pets"))


def pixels_of(found) -> set[bytes]:
    return {image.tobytes() for image in found}


def test_a_runs_own_training_photographs_and_those_that_it_held_out(run, pets, monkeypatch):
    data = ranges.tested_on(load(run), None, None, None, "error", print).dataset
    found = looked_at(load(run))
    assert pixels_of(found.pixels) == pixels_of(data.splits["train"].pixels)
    assert pixels_of(found.held_out.pixels) == pixels_of(data.splits["val"].pixels)
    assert found.source == "12 training images of pets" and found.held_out_source == "12 validation images of pets"
    monkeypatch.setattr(ranges, "COUNT", 3)
    some = looked_at(load(run))
    assert len(some.pixels) == 3 and pixels_of(some.pixels) < pixels_of(found.pixels), "of both classes, evenly"
    assert len(some.held_out) == 12


def test_labels_are_the_nets(run, pets):
    net = load(run)
    held_out = looked_at(net).held_out
    names = [file.split("/")[1] for file in held_out.photos.files]
    assert [net.classes[label] for label in held_out.labels] == names


def test_a_named_data_set(digits):
    net = classifier("resnet8", 8, classes=10)
    net.identity = replace(net.identity, data="digits", classes=digits.classes)
    found = looked_at(net)
    assert found.pixels.shape == (512, 8, 8, 3) and found.source == "512 training images of digits"
    assert len(found.held_out) == 360 and np.array_equal(found.held_out.pixels, digits.splits["val"].pixels)


def test_other_photographs_are_for_the_ranges_alone(run, pets, tmp_path):
    others = make_photos(tmp_path / "others" / "anything", {"": 5}, seed=7).parent
    found = looked_at(load(run), others)
    assert len(found.pixels) == 5 and found.source == "5 photographs in others"
    assert found.held_out_source == "12 validation images of pets"
    make_photos(others / "test", COUNTS, seed=8)
    assert pixels_of(looked_at(load(run), others).pixels) == pixels_of(found.pixels), "none that are to judge"


def test_of_a_table_rows_for_training_alone(run, pets, tmp_path):
    others = make_photos(tmp_path / "others" / "all", {"cat": 4, "dog": 4}, seed=7).parent
    files = sorted(path.relative_to(others).as_posix() for path in others.rglob("*.bmp"))
    rows = [f"{file},{file.split('/')[1]},{('train', 'val')[number % 2]}" for number, file in enumerate(files)]
    (others / "t.csv").write_text("\n".join(["path,label,split", *rows]), encoding="utf-8")
    found = looked_at(load(run), others / "t.csv")
    assert len(found.pixels) == 4 and found.source == "4 photographs in t.csv"
    assert "left out, since they judge: 4 in rows or folders for validation or testing" in found.notes[0]
    assert found.held_out_source == "12 validation images of pets"
    judged = looked_at(classifier("resnet8", 8), others / "t.csv")
    assert judged.held_out_source == "4 validation images of t.csv"
    assert not pixels_of(judged.pixels) & pixels_of(judged.held_out.pixels)


def test_its_own_photographs_in_another_place(run, pets, tmp_path):
    expected = looked_at(load(run))
    moved = shutil.copytree(pets, tmp_path / "moved" / "pets")
    pets.rename(run / "away")
    with pytest.raises(UsageError, match=r"are not in .*pets any more; --images FOLDER takes"):
        looked_at(load(run))
    found = looked_at(load(run), moved)
    assert found.source == expected.source and found.held_out_source == expected.held_out_source
    assert pixels_of(found.pixels) == pixels_of(expected.pixels)
    others = make_photos(tmp_path / "others" / "cat", {"": 5}, seed=7).parent
    found = looked_at(load(run), others)
    assert found.held_out is None
    first, *reasons = found.held_out_source.partition(": ")
    assert first == "no validation images of resnet8 are at hand"
    assert reasons[1].endswith("pets any more; and others has no val/"), "what was tried, and why that was nothing"


def test_where_the_nets_own_are_not_known_those_beside_the_others_judge(tmp_path):
    net = classifier("resnet8", 8)
    with pytest.raises(UsageError, match=r"trained on the photographs 'pets', and does not know .*; --images FOLDER"):
        looked_at(net)
    folder = tmp_path / "others"
    for number, split in enumerate(("train", "val", "test")):
        make_photos(folder / split, COUNTS, seed=number)
    found = looked_at(net, folder)
    assert found.source == "12 photographs in others" and found.held_out_source == "12 validation images of others"
    assert not pixels_of(found.pixels) & pixels_of(found.held_out.pixels)
    make_photos(folder / "val", {"horse": 1})
    found = looked_at(net, folder)
    assert found.held_out is None and "the net does not know class 'horse' of others" in found.held_out_source
    assert "does not know where they lie; and" in found.held_out_source and "--images" not in found.held_out_source


def test_photographs_that_are_others_by_now_or_none(pets, run, tmp_path, monkeypatch):
    net = classifier("resnet8", 8)
    net.identity = replace(net.identity, fingerprint="0" * 12)
    monkeypatch.chdir(pets.parent)
    with pytest.raises(DataError, match=r"in pets are not those that resnet8 was trained on; --images FOLDER"):
        looked_at(net)
    monkeypatch.chdir(tmp_path)
    net.identity = replace(net.identity, data="away")
    with pytest.raises(DataError, match=r"^no folder .*nowhere"):
        looked_at(net, tmp_path / "nowhere")


def test_a_few_thousand_judge_at_most_and_from_everywhere(run, pets, monkeypatch):
    monkeypatch.setattr(ranges, "JUDGED", 4)
    found = looked_at(load(run))
    assert len(found.held_out) == 4 and found.held_out_source == "4 of 12 validation images of pets"
    assert sorted(found.held_out.labels.tolist()) == [0, 0, 1, 1]


def test_what_the_net_before_it_learned_of_those_that_judge_is_said(tmp_path):
    for one, other in (("train", "val"), ("val", "train")):
        shutil.copytree(make_photos(tmp_path / "pets" / one, COUNTS, seed=len(one)), tmp_path / "old" / other)
    base = trained_on(tmp_path / "old", tmp_path / "base")
    data, run = load_dataset(tmp_path / "pets", size=8), tmp_path / "run"
    train_on(data, with_start(short_recipe(data, 2, batch=8), str(base)), run, ONE_THREAD)
    notes = looked_at(load(run)).notes
    assert notes == evaluate(run, split="val").notes and "12 of the 12 photographs that are tested" in notes[0]
    assert f"that {base}, from which {run} began, learned" in notes[0]


def test_a_name_that_is_no_text_is_escaped(run, pets, tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        make_photos(folder, {"": 3}, seed=4)
    except OSError:
        pytest.skip("this file system takes no such name")
    assert looked_at(load(run), folder).source == "3 photographs in caf\\udce9"
    make_photos(folder / "val", COUNTS, seed=5)
    found = looked_at(classifier("resnet8", 8), folder)
    assert found.held_out is None and found.held_out_source.endswith("caf\\udce9: the name is not UTF-8; rename it")
