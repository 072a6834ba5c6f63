"""Photographs in folds: disjoint, whole, alike in size and classes, and decoded once for all of them."""

from dataclasses import replace

import numpy as np
import pytest

from reslab import data
from reslab.data import cache as cache_module
from reslab.data.splits import folds, stratified
from reslab.errors import DataError, UsageError

COUNTS = {"cat": 11, "dog": 7, "cow": 2}


@pytest.fixture
def pets(tmp_path, make_photos):
    return make_photos(tmp_path / "pets", COUNTS)


@pytest.mark.parametrize("count", [2, 3, 5, 10])
def test_folds_are_disjoint_and_whole_and_each_class_is_spread_evenly(count):
    labels = np.repeat(np.arange(6), [50, 1, 2, 13, 99, 7])
    parts = folds(labels, count)
    assert len(parts) == count and sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    sizes = np.array([np.bincount(labels[part], minlength=6) for part in parts])
    assert (np.ptp(sizes, axis=0) <= 1).all() and np.ptp(sizes.sum(axis=1)) <= 1


def test_they_are_the_same_for_ever_and_others_with_another_seed():
    labels = np.arange(20) % 4
    assert [part.tolist() for part in folds(labels, 3)] == GOLDEN
    assert [part.tolist() for part in folds(labels, 3, seed=1)] != GOLDEN
    assert stratified(np.arange(40) % 4, (80, 20))[1].tolist() == [0, 3, 6, 13, 16, 21, 23, 30], "as before"


GOLDEN = [[0, 9, 10, 11, 12, 13, 15], [2, 3, 8, 14, 16, 17, 19], [1, 4, 5, 6, 7, 18]]


def test_each_photograph_is_held_out_once(pets):
    found = [data.load_dataset(pets, size=8, split=f"fold{number}/4") for number in range(1, 5)]
    held = [photo for dataset in found for photo in dataset.index.files["val"]]
    assert len(held) == 20 and sorted(held) == sorted({*held})
    for dataset in found:
        files = dataset.index.files
        assert {*files["train"], *files["val"]} == {*held} and not {*files["train"]} & {*files["val"]}
        assert dataset.fingerprint == data.load_dataset(pets, size=8).fingerprint, "the photographs are the same"
        assert dataset.notes[0] == "no folder for val or test: one of 4 folds, 5 images each, is held out as val"
    assert sum(any("has no image of" in note for note in dataset.notes) for dataset in found) == 2


def test_all_folds_share_one_cache_and_have_the_pixels_of_the_files(pets, cache, monkeypatch):
    first = data.load_dataset(pets, size=8, split="fold1/3")
    monkeypatch.setattr(cache_module, "_build", lambda *_: pytest.fail("decoded again"))
    found = [first, *(data.load_dataset(pets, size=8, split=f"fold{number}/3") for number in (2, 3))]
    found.append(data.load_dataset(pets, size=8, index=found[1].index))
    for dataset in found:
        for images in dataset.splits.values():
            for row, file in enumerate(images.photos.files):
                assert (images.pixels[row] == data.read_photo(pets / file, 8)).all()
            rows = np.array([2, 0])
            assert (images.only(rows).pixels[:] == images.pixels[rows]).all()
            assert images.pixels[1:].shape == (len(images) - 1, 8, 8, 3)
    assert found[3].index == found[1].index and found[3].index.fold == "fold2/3"


def test_photographs_that_cannot_be_read_are_left_out_of_their_fold(pets):
    (pets / "cat" / "003.png").write_bytes(b"none")
    whole = [data.load_dataset(pets, size=8, split=f"fold{number}/3", on_bad="skip") for number in (1, 2, 3)]
    held = [
        (file, image)
        for one in whole
        for file, image in zip(one.index.files["val"], one.splits["val"].pixels[:], strict=True)
    ]
    assert len(held) == 19
    assert all((image == data.read_photo(pets / file, 8)).all() for file, image in held)


def test_a_fold_is_written_down_and_read_back(pets):
    index = data.index_folder(pets, split="fold2/3")
    assert data.FolderIndex.from_dict(index.to_dict()) == replace(index, notes=()) and index.fold == "fold2/3"
    assert "fold" not in data.index_folder(pets).to_dict()


def test_a_test_split_stays_as_it_is(tmp_path, make_photos):
    for split, counts in {"train": COUNTS, "test": {"cat": 3, "dog": 1}}.items():
        make_photos(tmp_path / split, counts)
    index, plain = data.index_folder(tmp_path, split="fold5/5"), data.index_folder(tmp_path)
    assert list(index.files) == ["train", "val", "test"] and index.files["test"] == plain.files["test"]
    assert {*index.files["train"], *index.files["val"]} == {*plain.files["train"]}
    assert index.notes[0] == "no folder for val: one of 5 folds, 4 images each, is held out as val"


def test_a_table_is_divided_in_the_same_way(pets):
    rows = [f"{photo.relative_to(pets).as_posix()},{photo.parent.name}" for photo in sorted(pets.glob("*/*.png"))]
    (pets / "labels.csv").write_text("\n".join(["path,label", *reversed(rows)]), encoding="utf-8")
    index = data.index_folder(pets / "labels.csv", split="fold2/3")
    assert index.files == data.index_folder(pets, split="fold2/3").files and index.fold == "fold2/3"
    assert "labels.csv names no val or test" in index.notes[0]


@pytest.mark.parametrize(
    ("split", "reason"),
    [
        ("80/20", "of a folder or a table it is a fold, as fold2/5"),
        ("fold2", "as fold2/5"),
        ("fold0/3", "numbered from 1 to 3"),
        ("fold4/3", "numbered from 1 to 3"),
        ("fold1/1", "2 folds or more"),
        ("fold1/21", "has 20 photographs; 20 folds at most"),
    ],
)
def test_what_is_no_fold_is_refused(pets, split, reason):
    with pytest.raises(UsageError, match=reason):
        data.index_folder(pets, split=split)


def test_what_cannot_be_divided_is_refused(tmp_path, make_photos):
    make_photos(tmp_path / "one", {"cat": 3, "dog": 1, "cow": 1})
    with pytest.raises(DataError, match=r"the class cow \(and 1 more such\) has one photograph, and none to learn"):
        data.index_folder(tmp_path / "one", split="fold1/2")
    for split in ("train", "val"):
        make_photos(tmp_path / "own" / split, {"cat": 3, "dog": 3})
    with pytest.raises(UsageError, match="has photographs for validation already; leave the fold out"):
        data.index_folder(tmp_path / "own", split="fold1/2")
    with pytest.raises(UsageError, match="only cifar10 and cifar100 have named splits"):
        data.load_dataset("digits", split="fold1/2")
