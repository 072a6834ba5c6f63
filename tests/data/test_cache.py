import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from reslab.data import cache as cache_module
from reslab.data import decoding
from reslab.data import threads as threads_module
from reslab.data.cache import Decoded
from reslab.data.lazy import LazyPixels
from reslab.data.photo import read_photo
from reslab.errors import DataError, UsageError

FILES = ["cat/000.png", "cat/001.png", "dog/000.png"]


def decode_folder(folder, files, size, **words):
    """Of a folder with one split."""
    pixels, bad, _ = decoding.decode_folder(folder, {"train": files}, size, **words)
    return Decoded(pixels["train"], bad)


@pytest.fixture
def folder(tmp_path, make_photos):
    return make_photos(tmp_path / "photos", {"cat": 2, "dog": 1})


@pytest.fixture
def decodings(monkeypatch):
    """The paths that were decoded, in order of their decoding."""
    paths = []
    lock = threading.Lock()

    def counted(path, size):
        with lock:
            paths.append(path.name)
        return read_photo(path, size)

    monkeypatch.setattr(cache_module, "read_photo", counted)
    return paths


def entries(cache):
    return sorted(path.name for path in (cache / "folders").iterdir() if not path.name.startswith("."))


def test_pixels_are_those_of_read_photo_in_the_order_asked_for(folder):
    pixels, bad, _ = decode_folder(folder, FILES[::-1], 8)
    assert pixels.shape == (3, 8, 8, 3) and pixels.dtype == np.uint8
    for row, file in zip(pixels, FILES[::-1], strict=True):
        assert (row == read_photo(folder / file, 8)).all()
    assert bad == {}


def test_they_are_decoded_once_and_then_mapped_read_only(folder, decodings, cache):
    first = decode_folder(folder, FILES, 8).pixels
    again = decode_folder(folder, FILES, 8).pixels
    assert len(decodings) == 3
    assert len(entries(cache)) == 1
    assert isinstance(again, np.memmap) and not again.flags.writeable
    assert (first == again).all()


def test_progress_counts_images(folder):
    seen, said = [], []
    decode_folder(folder, FILES, 8, say=said.append, progress=lambda *at: seen.append(at))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert len(said) == 1 and "3 images" in said[0]
    decode_folder(folder, FILES, 8, say=said.append, progress=lambda *at: seen.append(at))
    assert len(seen) == 3 and len(said) == 1


def test_more_images_than_are_in_flight_at_once(folder, monkeypatch):
    monkeypatch.setattr(threads_module, "SLICE", 2)
    seen = []
    pixels = decode_folder(folder, FILES, 8, progress=lambda *at: seen.append(at)).pixels
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert (pixels[2] == read_photo(folder / FILES[2], 8)).all()


def test_a_changed_file_or_size_makes_another_cache(folder, cache):
    decode_folder(folder, FILES, 8)
    decode_folder(folder, FILES, 9)
    assert len(entries(cache)) == 2
    os.utime(folder / FILES[0], ns=(1, 1))
    decode_folder(folder, FILES, 8)
    assert len(entries(cache)) == 3


def tear(place):
    with (place / "pixels.npy").open("r+b") as file:
        file.truncate(300)


def empty(place):
    (place / "pixels.npy").write_bytes(b"")


def lose_index(place):
    (place / "index.json").unlink()


def tear_index(place):
    (place / "index.json").write_text('{"decoder": 1, "ba')


def other_index(place):
    (place / "index.json").write_text("[]")


def other_version(place):
    about = json.loads((place / "index.json").read_text())
    (place / "index.json").write_text(json.dumps(about | {"decoder": 0}))


def other_shape(place):
    np.save(place / "pixels.npy", np.zeros((3, 4, 4, 3), np.uint8))


def other_type(place):
    np.save(place / "pixels.npy", np.zeros((3, 8, 8, 3), np.float32))


def objects(place):
    np.save(place / "pixels.npy", np.array([None]), allow_pickle=True)


DAMAGES = [tear, empty, lose_index, tear_index, other_index, other_version, other_shape, other_type, objects]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_left_alone_and_made_anew_beside_it(folder, cache, damage):
    right = np.array(decode_folder(folder, FILES, 8).pixels)
    (name,) = entries(cache)
    damage(cache / "folders" / name)
    said = []
    assert (decode_folder(folder, FILES, 8, say=said.append).pixels == right).all()
    assert "damaged" in said[0]
    assert entries(cache) == [name, f"{name}-2"]
    said.clear()
    decode_folder(folder, FILES, 8, say=said.append)
    assert said == [] and len(entries(cache)) == 2


def test_what_a_killed_process_left_is_swept_away(folder, cache):
    decode_folder(folder, FILES, 8)
    (name,) = entries(cache)
    (cache / "folders" / name).rename(cache / "folders" / f".{name}.part")
    decode_folder(folder, FILES, 8)
    assert entries(cache) == [name]
    assert not (cache / "folders" / f".{name}.part").exists()


def test_two_at_once_decode_once(folder, decodings):
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(decode_folder, folder, FILES, 8) for _ in range(2)]
        first, second = (job.result().pixels for job in jobs)
    assert len(decodings) == 3
    assert (first == second).all()


def test_an_unusable_cache_folder_means_memory(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("RESLAB_CACHE", str(tmp_path / "file"))
    said = []
    pixels = decode_folder(folder, FILES, 8, say=said.append).pixels
    assert "decoded into memory" in said[0]
    assert (pixels[1] == read_photo(folder / FILES[1], 8)).all()


def test_a_full_disk_means_memory(folder, monkeypatch, cache):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache_module.os, "fsync", full)
    said = []
    assert decode_folder(folder, FILES, 8, say=said.append).pixels.shape == (3, 8, 8, 3)
    assert "No space left on device" in said[-1]
    assert entries(cache) == [] and not list((cache / "folders").glob(".*.part"))


def test_a_read_only_cache_is_read(folder, monkeypatch, decodings):
    def refused(*_):
        raise PermissionError(13, "Permission denied")

    decode_folder(folder, FILES, 8)
    monkeypatch.setattr(cache_module, "alone", refused)
    decode_folder(folder, FILES, 8)
    assert len(decodings) == 3


@pytest.fixture
def spoilt(folder):
    (folder / FILES[1]).write_bytes(b"spoilt")
    return folder


def test_images_that_cannot_be_read_are_an_error_that_counts_them(spoilt):
    with pytest.raises(DataError) as caught:
        decode_folder(spoilt, FILES, 8)
    assert "1 image cannot be used" in str(caught.value)
    assert FILES[1] in str(caught.value) and "--on-bad skip" in str(caught.value)
    (spoilt / FILES[0]).write_bytes(b"spoilt too")
    with pytest.raises(DataError, match=r"2 images cannot be used, the first of them: .*000\.png") as caught:
        decode_folder(spoilt, FILES, 8)
    assert str(caught.value).endswith(f"; reslab data check {spoilt} lists them all")


def test_they_may_be_skipped(spoilt):
    pixels, bad, _ = decode_folder(spoilt, FILES, 8, on_bad="skip")
    assert len(pixels) == 2
    assert (pixels[1] == read_photo(spoilt / FILES[2], 8)).all()
    assert list(bad) == [FILES[1]] and "cannot be read" in bad[FILES[1]]


def test_they_are_remembered(spoilt, decodings):
    with pytest.raises(DataError):
        decode_folder(spoilt, FILES, 8)
    decodings.clear()
    assert len(decode_folder(spoilt, FILES, 8, on_bad="skip").pixels) == 2
    assert set(decodings) <= {"001.png"}
    with pytest.raises(DataError):
        decode_folder(spoilt, FILES, 8)


def test_what_could_not_be_read_for_a_while_is_taken_in(folder, monkeypatch):
    def no_disk(path, size):
        raise DataError("the network drive is away")

    monkeypatch.setattr(cache_module, "read_photo", no_disk)
    assert len(decode_folder(folder, FILES, 8, on_bad="skip").pixels) == 0
    monkeypatch.setattr(cache_module, "read_photo", read_photo)
    assert len(decode_folder(folder, FILES, 8).pixels) == 3


def test_skipping_works_in_memory_too(spoilt, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("RESLAB_CACHE", str(tmp_path / "file"))
    pixels, bad, _ = decode_folder(spoilt, FILES, 8, on_bad="skip")
    assert len(pixels) == 2 and list(bad) == [FILES[1]]
    assert (pixels[1] == read_photo(spoilt / FILES[2], 8)).all()


def test_other_choices_are_unknown(folder):
    with pytest.raises(UsageError, match="did you mean skip"):
        decode_folder(folder, FILES, 8, on_bad="skp")


def test_more_images_than_disk_and_memory_should_hold_are_read_at_each_use(folder, decodings, monkeypatch):
    needed = 3 * 8 * 8 * 3
    monkeypatch.setattr(cache_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=2 * needed - 1))
    said = []
    monkeypatch.setattr(cache_module, "usable_memory", lambda: 4 * needed)
    assert isinstance(decode_folder(folder, FILES, 8, say=said.append).pixels, np.ndarray)
    assert "are free" in said[-1] and "into memory" in said[-1] and len(decodings) == 3
    monkeypatch.setattr(cache_module, "usable_memory", lambda: 4 * needed - 1)
    assert isinstance(decode_folder(folder, FILES, 8, say=said.append).pixels, LazyPixels)
    assert "more than a quarter of the memory" in said[-3] and said[-2].startswith("3 images would take")
    assert len(decodings) == 3


def test_half_of_the_free_disk_is_used(folder, monkeypatch, cache):
    monkeypatch.setattr(cache_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=2 * 3 * 8 * 8 * 3))
    decode_folder(folder, FILES, 8)
    assert len(entries(cache)) == 1
    monkeypatch.setattr(cache_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert isinstance(decode_folder(folder, FILES, 8).pixels, np.memmap), "what is there already is used"
