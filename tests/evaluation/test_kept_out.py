"""No photograph that judges a net sets the ranges of its activations, wherever it lies."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reslab.errors import DataError
from reslab.evaluation import looked_at
from reslab.store import load
from tests.evaluation.test_ranges import COUNTS, pixels_of
from tests.evaluation.test_source import make_photos, trained_on
from tests.interop.classifiers import classifier


@pytest.fixture
def run(tmp_path) -> Path:
    """A run on photographs of which some were held out, in no folder of their own."""
    return trained_on(make_photos(tmp_path / "pets", COUNTS), tmp_path / "run")


def held_out(run: Path) -> set[bytes]:
    return pixels_of(looked_at(load(run)).held_out.pixels)


def copied(files: list[Path], to: Path) -> None:
    to.mkdir(parents=True)
    for number, file in enumerate(files):
        shutil.copy(file, to / f"{number}-{file.name}")


def test_copies_of_what_was_held_out_are_left_out_under_any_name(run, tmp_path):
    copied(sorted((tmp_path / "pets").rglob("*.bmp")), tmp_path / "others" / "deep")
    found = looked_at(load(run), tmp_path / "others")
    assert len(found.pixels) == 10 and not pixels_of(found.pixels) & held_out(run)
    assert found.notes == ("others: photographs that are left out, since they judge: 2 that resnet8 held out",)


def test_a_folder_around_its_own_photographs(run, tmp_path):
    found = looked_at(load(run), tmp_path)
    assert found.source.startswith("10 photographs in ") and not pixels_of(found.pixels) & held_out(run)


def test_its_own_folder_of_which_a_photograph_is_gone(run, tmp_path):
    expected = held_out(run)
    next(iter((tmp_path / "pets" / "cat").iterdir())).unlink()
    found = looked_at(load(run), tmp_path / "pets")
    assert len(found.pixels) >= 9 and not pixels_of(found.pixels) & expected


def test_what_is_not_there_any_more_is_known_by_its_name(run, tmp_path):
    expected = held_out(run)
    (tmp_path / "pets").rename(tmp_path / "elsewhere")
    make_photos(tmp_path / "elsewhere" / "horse", {"": 2}, seed=5)
    found = looked_at(load(run), tmp_path / "elsewhere" / "..")
    assert len(found.pixels) == 12 and not pixels_of(found.pixels) & expected
    (note,) = found.notes
    assert "2 that resnet8 held out; 2 that resnet8 held out are gone, and known by their names alone" in note


def test_a_test_set_and_flat_folders_of_validation(run, tmp_path):
    for place in ("test/cat", "more/val", "Testing"):
        make_photos(tmp_path / "others" / place, {"": 3}, seed=len(place))
    with pytest.raises(DataError, match=r"no photograph in .*others may set ranges: .*judge: 9 in folders for"):
        looked_at(load(run), tmp_path / "others")
    make_photos(tmp_path / "others" / "train", {"cat": 4}, seed=9)
    found = looked_at(load(run), tmp_path / "others")
    assert len(found.pixels) == 4 and "9 in folders for validation or testing" in found.notes[0]


def test_images_of_a_named_data_set_are_known_by_their_pixels(digits, tmp_path):
    net = classifier("resnet8", 8, classes=10)
    net.identity = replace(net.identity, data="digits", classes=digits.classes)
    (tmp_path / "png").mkdir()
    for split, count in (("train", 4), ("val", 3), ("test", 2)):
        for number, image in enumerate(np.array(digits.splits[split].pixels[:count])):
            Image.fromarray(image).save(tmp_path / "png" / f"{split}{number}.png")
    found = looked_at(net, tmp_path / "png")
    assert pixels_of(found.pixels) == pixels_of(digits.splits["train"].pixels[:4])
    assert "5 that resnet8 held out" in found.notes[0] and found.source == "4 photographs in png"


def test_that_it_is_not_known_what_was_held_out_is_said(tmp_path):
    found = looked_at(classifier("resnet8", 8), make_photos(tmp_path / "others", {"cat": 3}))
    (note,) = found.notes
    assert "which photographs resnet8 held out is not known, and copies of them are not left out" in note


def test_copies_of_those_that_judge_in_place_of_its_own(tmp_path):
    make_photos(tmp_path / "others" / "val", COUNTS)
    make_photos(tmp_path / "others" / "train", COUNTS, seed=1)
    copied(sorted((tmp_path / "others" / "val").rglob("*.bmp")), tmp_path / "others" / "more")
    found = looked_at(classifier("resnet8", 8), tmp_path / "others")
    assert len(found.held_out) == 12 and len(found.pixels) == 12
    assert not pixels_of(found.pixels) & pixels_of(found.held_out.pixels)
