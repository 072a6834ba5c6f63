"""Folders that are too large to be decoded whole: the same pixels, read from the files at each use."""

import json
import os
import threading

import numpy as np
import pytest

from reslab.data import LazyPixels, cache, checked, load_folder, measure, preprocessing, quiet
from reslab.data.photo import read_photo
from reslab.errors import DataError

PHOTO = 8 * 8 * 3  # bytes


@pytest.fixture
def folder(tmp_path, make_photos):
    for split, counts in {"train": {"cat": 9, "dog": 8}, "val": {"cat": 2, "dog": 1}}.items():
        make_photos(tmp_path / "photos" / split, counts)
    return tmp_path / "photos"


@pytest.fixture
def few(monkeypatch):
    """No more than four photographs are decoded whole."""
    monkeypatch.setattr(cache, "MOST_BYTES", 4 * PHOTO)


@pytest.fixture
def looks(monkeypatch):
    """Which files were looked at, how."""
    seen, lock = [], threading.Lock()

    def counted(how, look):
        def looked(path, *more):
            with lock:
                seen.append((how, path.name))
            return look(path, *more)

        return looked

    monkeypatch.setattr(checked, "glance", counted("beginning", checked.glance))
    monkeypatch.setattr(checked, "open_photo", counted("whole", checked.open_photo))
    return seen


def tear(path):
    """Its beginning is that of a photograph."""
    path.write_bytes(path.read_bytes()[:-200])


def test_a_small_split_is_decoded_whole_and_a_large_one_is_not(folder, few):
    said = []
    splits = load_folder(folder, 8, say=said.append).splits
    assert isinstance(splits["train"].pixels, LazyPixels) and isinstance(splits["val"].pixels, np.memmap)
    assert said[0] == "17 images would take 0.0 GB decoded: they are read from their files at each use"


def test_rows_are_those_of_the_decoded_folder(folder, monkeypatch):
    whole = load_folder(folder, 8).splits["train"]
    monkeypatch.setattr(cache, "MOST_BYTES", 0)
    found = load_folder(folder, 8)
    assert all(isinstance(images.pixels, LazyPixels) for images in found.splits.values())
    lazy = found.splits["train"]
    assert (lazy.pixels.shape, lazy.pixels.dtype, lazy.pixels.ndim) == ((17, 8, 8, 3), np.uint8, 4)
    assert len(lazy.pixels) == 17 and lazy.size == 8 and (lazy.labels == whole.labels).all()
    for rows in (
        slice(None),
        slice(3, 9),
        slice(None, None, 5),
        slice(12, 99),
        np.array([4, 4, -1, 0]),
        np.int64(3),
        16,
    ):
        assert (lazy.pixels[rows] == whole.pixels[rows]).all(), rows
    assert lazy.pixels[slice(20, 30)].shape == (0, 8, 8, 3)


def test_some_of_them_keep_labels_and_photographs(folder, few):
    data = load_folder(folder, 8)
    train = data.splits["train"]
    for rows in (slice(2, None, 3), np.array([16, 0, 5])):
        some = train.only(rows)
        assert isinstance(some.pixels, LazyPixels) and (some.labels == train.labels[rows]).all()
        for pixels, file in zip(some.pixels[:], some.photos.files, strict=True):
            assert (pixels == read_photo(folder / file, 8)).all()
    kept = data.with_train(6).splits["train"]
    assert len(kept) == 6 and set(kept.labels) == {0, 1} and isinstance(kept.pixels, LazyPixels)


def test_the_working_folder_may_change(folder, few, monkeypatch):
    monkeypatch.chdir(folder.parent)
    lazy = load_folder(type(folder)(folder.name), 8).splits["train"].pixels
    monkeypatch.chdir("/")
    assert lazy[0].shape == (8, 8, 3)


def test_very_many_images_are_measured_on_every_kth(folder, few, monkeypatch):
    train = load_folder(folder, 8).splits["train"]
    assert train.thinned(17 * 64) is train
    assert len(train.thinned(16 * 64)) == 9 and len(train.thinned(5 * 64)) == 5 and len(train.thinned(1)) == 1
    pixels = train.pixels[::4].astype(np.float64)
    monkeypatch.setattr(preprocessing, "ENOUGH_PIXELS", 5 * 64)
    found = measure(train, "pixel")
    assert found.mean == pytest.approx(pixels.mean(axis=0), rel=1e-6)
    assert found.std == pytest.approx(np.sqrt(np.square(pixels - pixels.mean(axis=0)).mean()), rel=1e-6)


def test_what_is_no_photograph_is_found_before_training(folder, few, looks):
    (folder / "train" / "cat" / "003.png").write_bytes(b"")
    (folder / "train" / "dog" / "001.png").write_text("<html>")
    with pytest.raises(DataError, match=r"2 images cannot be used, the first of them: .*003\.png.*--on-bad skip"):
        load_folder(folder, 8)
    assert len(looks) == 17 and {how for how, _ in looks} == {"beginning"}
    with pytest.raises(DataError, match="2 images cannot be used"):
        load_folder(folder, 8)
    assert looks[17:] == [("whole", "003.png"), ("whole", "001.png")], "the others are remembered"


def test_one_that_is_torn_is_named_when_it_is_wanted(folder, few):
    tear(folder / "train" / "cat" / "003.png")
    train = load_folder(folder, 8).splits["train"]
    assert train.pixels[np.array([1, 2])].shape == (2, 8, 8, 3)
    with pytest.raises(DataError, match=r"003\.png: cannot be read as an image"):
        train.pixels[2:5]


def test_skipping_decodes_every_photograph_once(folder, few, looks):
    tear(folder / "train" / "cat" / "003.png")
    (folder / "train" / "dog" / "001.png").write_bytes(b"")
    for _ in range(2):
        data = load_folder(folder, 8, on_bad="skip")
        assert data.notes[-1].startswith("2 images that cannot be read were left out") and "003.png" in data.notes[-1]
        train = data.splits["train"]
        assert len(train) == 15 and train.photos.files == data.index.files["train"]
        for pixels, file in zip(train.pixels[:], train.photos.files, strict=True):
            assert (pixels == read_photo(folder / file, 8)).all()
    assert looks.count(("whole", "000.png")) == 2, "one cat and one dog"
    assert len(looks) == 17 + 2
    with pytest.raises(DataError, match="2 images cannot be used"):
        load_folder(folder, 8)  # what is known by now is not forgotten


def test_the_same_data_set_as_if_decoded_whole(folder, monkeypatch):
    tear(folder / "train" / "cat" / "003.png")
    whole = load_folder(folder, 8, on_bad="skip")
    monkeypatch.setattr(cache, "MOST_BYTES", 0)
    lazy = load_folder(folder, 8, on_bad="skip")
    assert (lazy.fingerprint, lazy.index, lazy.notes) == (whole.fingerprint, whole.index, whole.notes[:-1])
    assert "byte for byte" in whole.notes[-1], "only what is read to its end is compared"


def test_what_could_not_be_read_for_a_while_is_taken_in(folder, few, looks):
    path = folder / "train" / "cat" / "003.png"
    about = path.stat()
    good = path.read_bytes()
    path.write_bytes(bytes(len(good)))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert len(load_folder(folder, 8, on_bad="skip").splits["train"]) == 16
    path.write_bytes(good)
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert len(load_folder(folder, 8).splits["train"]) == 17


@pytest.mark.parametrize("torn", ['{"bad": [', "[]", '{"bad": 3}', "{}"])
def test_a_torn_memory_is_made_anew(folder, few, looks, torn):
    load_folder(folder, 8)
    (place,) = (cache.cache_dir() / "folders").glob("*-beginnings.json")
    place.write_text(torn)
    load_folder(folder, 8)
    assert len(looks) == 2 * 17 and json.loads(place.read_text()) == {"bad": []}


def test_without_a_cache_folder_nothing_is_remembered(folder, monkeypatch, tmp_path, looks):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("RESLAB_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(cache, "usable_memory", lambda: 0)
    for _ in range(2):
        assert isinstance(load_folder(folder, 8).splits["train"].pixels, LazyPixels)
    assert len(looks) == 2 * 20


def test_warnings_stay_as_they_were_when_two_threads_are_quiet():
    import warnings

    before, inside, leave = list(warnings.filters), threading.Event(), threading.Event()

    def other():
        with quiet():
            inside.set()
            leave.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(60)
    threading.Timer(0.05, leave.set).start()
    with quiet():  # not before the other has left
        assert leave.is_set()
    thread.join()
    assert warnings.filters == before
