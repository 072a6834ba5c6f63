"""The same photograph in two splits or two classes: said once, and no file is read for it that needs not be."""

import shutil
from pathlib import Path

import pytest

from reslab.data import cache as cache_module
from reslab.data import load_dataset
from reslab.data.copies import Comparison

SAID = "the same photograph twice, byte for byte: "


@pytest.fixture
def folder(tmp_path, make_photos) -> Path:
    make_photos(tmp_path / "pets" / "train", {"cat": 4, "dog": 4})
    return make_photos(tmp_path / "pets" / "val", {"cat": 0, "dog": 0, "cow": 0}).parent


def copy(folder: Path, one: str, other: str) -> None:
    (folder / other).parent.mkdir(exist_ok=True)
    shutil.copy(folder / one, folder / other)


def notes(folder: Path) -> list[str]:
    return [note for note in load_dataset(folder, size=8).notes if SAID in note]


@pytest.fixture
def pets(folder, make_photo) -> Path:
    shutil.rmtree(folder / "val" / "cow")
    for number, name in enumerate(("cat", "dog")):
        make_photo(folder / "val" / name / "own.png", seed=50 + number)
    return folder


def test_copies_in_two_splits_and_in_two_classes_are_counted(pets):
    assert notes(pets) == []
    copy(pets, "train/cat/000.png", "val/cat/a.png")
    copy(pets, "train/cat/001.png", "val/cat/b.png")
    copy(pets, "train/cat/002.png", "train/dog/c.png")
    said = f"{SAID}2 in two splits, 1 in two classes, such as train/cat/000.png and val/cat/a.png"
    assert notes(pets) == [said]
    assert notes(pets) == [said], "from the cache, where nothing is read again"


def test_copies_in_one_class_of_one_split_are_nobodys_business(pets):
    copy(pets, "train/cat/000.png", "train/cat/again.png")
    assert notes(pets) == []


def test_copies_are_found_without_a_cache_and_in_an_older_one_are_unknown(pets, tmp_path, monkeypatch, cache):
    copy(pets, "train/cat/000.png", "val/dog/a.png")
    assert "1 in two splits, 1 in two classes" in notes(pets)[0]
    (place,) = (path for path in (cache / "folders").iterdir() if path.is_dir())
    about = (place / "index.json").read_text(encoding="utf-8")
    (place / "index.json").write_text(about.replace('"copies"', '"else"'), encoding="utf-8")
    assert notes(pets) == []
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("RESLAB_CACHE", str(tmp_path / "file"))
    assert "1 in two splits" in notes(pets)[0]


def test_only_files_of_one_length_are_read_for_it(tmp_path, monkeypatch):
    for name, content in (("a", b"one"), ("b", b"two"), ("c", b"longer"), ("d", b"one")):
        (tmp_path / name).write_bytes(content)
    comparison = Comparison(tmp_path, ["a", "b", "c", "d", "gone"])
    (tmp_path / "c").unlink()
    (tmp_path / "c").mkdir()  # opened, it would be an error that is not hidden
    (tmp_path / "b").unlink()  # gone by now: the one who decodes it says so
    opened = []
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *more: opened.append(path.name) or real(path, *more))
    for name in ("a", "b", "c", "d", "gone"):
        comparison.look(name)
    assert comparison.found() == (("a", "d"),) and opened == ["a", "b", "d"]


def test_two_splits_that_are_decoded_apart_are_not_compared(pets, monkeypatch):
    copy(pets, "train/cat/000.png", "val/cat/a.png")
    monkeypatch.setattr(cache_module, "MOST_BYTES", 8 * 8 * 8 * 3)
    assert notes(pets) == []
