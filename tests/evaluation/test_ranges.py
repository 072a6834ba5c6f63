"""Which photographs a net is quantised with, and by which it is judged: never by those of the test."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from reslab.errors import DataError, UsageError
from reslab.evaluation import looked_at, ranges
from reslab.store import load
from tests.evaluation.test_source import make_photos, trained_on
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
    assert found.held_out is None and found.held_out_source == "no validation images of resnet8 are at hand"


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
    assert looked_at(net, folder).held_out is None, "whose classes it does not know"


def test_photographs_that_are_others_by_now_or_none(pets, run, tmp_path, monkeypatch):
    net = classifier("resnet8", 8)
    net.identity = replace(net.identity, fingerprint="0" * 12)
    monkeypatch.chdir(pets.parent)
    with pytest.raises(DataError, match=r"in pets are not those that resnet8 was trained on; --images FOLDER"):
        looked_at(net)
    with pytest.raises(DataError, match=r"no folder .*nowhere"):
        looked_at(net, tmp_path / "nowhere")
