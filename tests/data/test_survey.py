"""A folder with every kind of trouble, and each named with its files; named data sets; and nothing is written."""

import os
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reslab.data import cifar as cifar_module
from reslab.data import index_folder, survey_dataset
from reslab.data import survey as survey_module
from reslab.data.dataset import Dataset, Images
from reslab.data.survey import Survey, survey_folder, survey_images
from reslab.errors import DataError, UsageError


@pytest.fixture
def pets(tmp_path, make_scene) -> Path:
    """Two classes in train and val, of which there is nothing to say."""
    folder = tmp_path / "pets"
    for number, name in enumerate(("cat", "dog")):
        for split, count in (("train", 10), ("val", 3)):
            (folder / split / name).mkdir(parents=True)
            for i in range(count):
                make_scene(100 * number + 50 * (split == "val") + i, (60, 40)).save(folder / split / name / f"{i}.png")
    return folder


def found(folder: Path, *kinds: str) -> dict[str, list]:
    """What is found in a folder, but for the number of photographs where that is not what is asked for."""
    survey = survey_folder(folder)
    return {finding.kind: list(finding.items) for finding in survey.findings if not kinds or finding.kind in kinds}


def copy(folder: Path, one: str, other: str) -> None:
    (folder / other).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / one, folder / other)


def test_of_a_good_folder_there_is_nothing_to_say(pets):
    survey = survey_folder(pets, 40)
    assert survey.findings == ()
    assert survey.counts == {"train": {"cat": 10, "dog": 10}, "val": {"cat": 3, "dog": 3}}
    assert (survey.name, survey.classes, survey.images, survey.held_out) == ("pets", ("cat", "dog"), 26, False)


def test_sizes_are_told_by_the_shorter_side(pets, make_scene):
    make_scene(1, (500, 30)).save(pets / "train" / "cat" / "0.png")
    make_scene(2, (80, 100)).save(pets / "train" / "cat" / "1.png")
    assert survey_folder(pets, 41).sizes == ((500, 30), (60, 40), (80, 100), 41, 25)
    assert survey_folder(pets, 40).sizes.smaller == 1
    assert survey_folder(pets).sizes.training == 224


def test_what_cannot_be_read_is_named_with_its_reason_and_not_counted(pets):
    torn = pets / "train" / "cat" / "0.png"
    torn.write_bytes(torn.read_bytes()[:-100])
    for name in ("1.png", "2.png"):
        (pets / "val" / "dog" / name).write_bytes(b"")
    survey = survey_folder(pets)
    assert survey.counts == {"train": {"cat": 9, "dog": 10}, "val": {"cat": 3, "dog": 1}}
    kinds = [finding.kind for finding in survey.findings]
    assert kinds == ["unreadable", "few"], "empty files are no copies of each other"
    assert list(survey.unreadable) == ["train/cat/0.png", "val/dog/1.png", "val/dog/2.png"]
    assert "truncated" in survey.unreadable["train/cat/0.png"]
    assert survey.unreadable["val/dog/1.png"] == "not a format that Pillow decodes"


def test_copies_in_two_splits_in_two_classes_and_in_one(pets):
    copy(pets, "train/cat/3.png", "val/cat/a.png")
    copy(pets, "train/cat/3.png", "train/cat/b.png")
    copy(pets, "train/dog/4.png", "train/cat/c.png")
    copy(pets, "val/dog/0.png", "val/dog/d.png")
    assert found(pets) == {
        "copies_in_splits": [("train/cat/3.png", "val/cat/a.png", "train/cat/b.png")],
        "copies_in_classes": [("train/cat/c.png", "train/dog/4.png")],
        "copies_within": [("val/dog/0.png", "val/dog/d.png")],
    }


def again(folder: Path, one: str, other: str, factor: float = 1, quality: int = 85) -> None:
    """The same photograph, scaled and encoded anew."""
    picture = Image.open(folder / one).convert("RGB")
    size = (round(picture.width * factor), round(picture.height * factor))
    picture.resize(size, Image.Resampling.LANCZOS).save(folder / other, quality=quality)


def test_similar_ones_in_two_splits_in_two_classes_and_in_one(pets):
    again(pets, "train/cat/3.png", "val/cat/a.jpg", 0.8)
    again(pets, "train/cat/3.png", "train/cat/b.jpg", 2)
    again(pets, "train/dog/4.png", "train/cat/c.webp", 1.5)
    again(pets, "val/dog/0.png", "val/dog/d.jpg")
    assert found(pets) == {
        "similar_in_splits": [("train/cat/3.png", "val/cat/a.jpg", "train/cat/b.jpg")],
        "similar_in_classes": [("train/cat/c.webp", "train/dog/4.png")],
        "similar_within": [("val/dog/0.png", "val/dog/d.jpg")],
    }


def test_what_is_similar_to_a_copy_is_told_apart_from_it(pets):
    copy(pets, "train/cat/3.png", "val/cat/a.png")
    again(pets, "train/cat/3.png", "train/cat/b.jpg")
    assert found(pets) == {
        "copies_in_splits": [("train/cat/3.png", "val/cat/a.png")],
        "similar_in_splits": [("val/cat/a.png", "train/cat/b.jpg", "train/cat/3.png")],
    }


def test_without_splits_those_are_told_that_training_will_make(tmp_path, make_scene):
    for name in ("cat", "dog"):
        (tmp_path / "flat" / name).mkdir(parents=True)
        for i in range(15):
            make_scene(i + 100 * (name == "dog"), (60, 40)).save(tmp_path / "flat" / name / f"{i}.png")
    index = index_folder(tmp_path / "flat")
    survey = survey_folder(tmp_path / "flat")
    assert survey.held_out and survey.counts == {"train": {"cat": 12, "dog": 12}, "val": {"cat": 3, "dog": 3}}
    learned, held = index.files["train"][0], index.files["val"][0]
    shutil.copy(tmp_path / "flat" / learned, tmp_path / "flat" / held)
    assert found(tmp_path / "flat") == {"copies_in_splits": [tuple(sorted((learned, held)))]}


def test_classes_that_are_empty_strange_or_lacking(pets):
    (pets / "train" / "empty").mkdir()
    copy(pets, "val/cat/0.png", "val/cow/0.png")
    (pets / "val" / "cat" / "0.png").unlink()
    shutil.rmtree(pets / "val" / "dog")
    assert found(pets) == {"empty_classes": ["empty"], "strangers": ["cow"], "lacking": [("val", "dog")]}
    for photo in (pets / "train" / "dog").iterdir():
        photo.write_bytes(b"no image")
    assert found(pets, "empty_classes") == {"empty_classes": ["dog", "empty"]}, "as good as empty"


def test_a_split_without_photographs(pets):
    for photo in (pets / "val").rglob("*.png"):
        photo.unlink()
    assert found(pets) == {"empty_splits": ["val"]}


def test_what_else_training_refuses_is_passed_on_and_the_rest_is_looked_at(pets, make_scene):
    shutil.rmtree(pets / "val")
    shutil.rmtree(pets / "train" / "dog")
    make_scene(0, (60, 40)).convert("CMYK").save(pets / "train" / "cat" / "print.jpg")
    (refused,), traits = found(pets, "refused")["refused"], found(pets, "cmyk")
    assert refused.endswith("holds one class only (cat); a classifier needs two")
    assert traits == {"cmyk": ["train/cat/print.jpg"]}


def test_where_there_is_nothing_to_look_at_or_no_telling_the_splits_is_an_error(pets, tmp_path, make_photo):
    make_photo(tmp_path / "loose" / "a.png")
    with pytest.raises(DataError, match=r"has images \(1\) but no class folder"):
        survey_folder(tmp_path / "loose")
    (pets / "train").rename(pets / "test")
    with pytest.raises(DataError, match="but no train/"):
        survey_folder(pets)
    with pytest.raises(DataError, match="no such folder"):
        survey_folder(tmp_path / "gone")


def test_classes_whose_names_hardly_differ(pets):
    for number in range(10):
        copy(pets, f"train/cat/{number}.png", f"train/Cat/{number}.png")
    copy(pets, "val/cat/0.png", "val/Cat/0.png")
    assert found(pets, "hardly_differ") == {"hardly_differ": [("Cat", "cat")]}


def test_few_and_unequal_classes(pets):
    (pets / "train" / "cat" / "9.png").unlink()
    assert found(pets) == {"few": ["cat"]}
    for number in range(3, 9):
        (pets / "train" / "cat" / f"{number}.png").unlink()
    assert found(pets) == {"few": ["cat"], "imbalance": ["dog", "cat"]}


def test_what_is_not_used(pets, make_photo):
    (pets / "train" / "cat" / "notes.txt").write_text("meow")
    (pets / "train" / "cat" / "deeper").mkdir()
    (pets / "train" / "cat" / "deeper" / "raw").write_text("meow")
    (pets / "val" / ".DS_Store").write_bytes(b"")
    (pets / "train" / ".ipynb_checkpoints").mkdir()
    make_photo(pets / "train" / "dog" / "__MACOSX" / "1.png")
    (pets / "train" / "dog" / "._0.png").write_bytes(b"resource fork")
    make_photo(pets / "train" / "lost.png")
    (pets / "annotations").mkdir()
    assert found(pets) == {
        "ignored": ["train/cat/deeper/raw", "train/cat/notes.txt"],
        "hidden": ["train/.ipynb_checkpoints", "train/dog/._0.png", "train/dog/__MACOSX", "val/.DS_Store"],
        "loose": ["train/lost.png"],
        "unused": ["annotations"],
    }


def test_odd_files(pets, make_scene):
    place, scene, exif = pets / "train" / "cat", make_scene(70, (60, 40)), Image.Exif()
    exif[0x0112] = 6
    make_scene(71, (60, 40)).save(place / "turned.jpg", exif=exif)
    deep = np.asarray(make_scene(72, (60, 40)).convert("L")).astype(np.uint16) * 257
    Image.fromarray(deep).save(place / "deep.png")
    make_scene(73, (60, 40)).convert("CMYK").save(place / "print.jpg")
    see_through = make_scene(74, (60, 40))
    see_through.putalpha(Image.linear_gradient("L").resize((60, 40)))
    see_through.save(place / "alpha.png")
    scene.save(place / "moves.gif", save_all=True, append_images=[make_scene(75, (60, 40))])
    make_scene(76, (90, 10)).save(place / "strip.png")
    assert found(pets) == {
        kind: [f"train/cat/{name}"]
        for kind, name in (
            ("turned", "turned.jpg"),
            ("deep", "deep.png"),
            ("cmyk", "print.jpg"),
            ("transparent", "alpha.png"),
            ("animated", "moves.gif"),
            ("strip", "strip.png"),
            ("grey", "deep.png"),
        )
    }
    assert survey_folder(pets).problems == (), "odd is not wrong"


def test_that_all_are_grey_is_nothing_odd(pets):
    for photo in pets.rglob("*.png"):
        Image.open(photo).convert("L").save(photo)
    assert found(pets) == {}


def listing(folder: Path) -> list[tuple]:
    return sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*"))


def test_nothing_is_written_and_each_photograph_is_decoded_once(pets, cache, monkeypatch):
    decoded: list[str] = []
    real = Image.open
    monkeypatch.setattr(Image, "open", lambda path, **more: decoded.append(Path(path).name) or real(path, **more))
    before, progress = (listing(pets), listing(cache), listing(pets.parent)), []
    survey_folder(pets, progress=lambda done, total: progress.append((done, total)))
    assert (listing(pets), listing(cache), listing(pets.parent)) == before
    assert len(decoded) == 26 and progress == [(done, 26) for done in range(1, 27)]


@pytest.fixture
def toys() -> Dataset:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 3), np.uint8)
    labels = np.arange(40) % 2
    splits = {
        "train": Images(pixels[:24], labels[:24]),
        "val": Images(pixels[24:32], labels[24:32]),
        "test": Images(pixels[32:], labels[32:]),
    }
    return Dataset("toys", ("car", "ship"), splits, notes=("test holds 8 of 10 images",))


def test_images_that_are_the_same_in_every_pixel(toys):
    clean = survey_images(toys, 42)
    assert (clean.images, clean.whole, clean.problems) == (40, 42, ())
    assert clean.counts["val"] == {"car": 4, "ship": 4}
    assert [(note.kind, note.items) for note in clean.notes] == [("short", ("test holds 8 of 10 images",))]
    train, val, test = (toys.splits[split].pixels for split in ("train", "val", "test"))
    val[2], test[0], train[5] = train[4], train[4], train[8]
    found = {finding.kind: finding.items for finding in survey_images(toys, 42).problems}
    assert found == {
        "copies_in_splits": (("train 4 (car)", "val 2 (car)", "test 0 (car)"),),
        "copies_in_classes": (("train 5 (ship)", "train 8 (car)"),),
    }
    train[5, 0, 0, 0] ^= 1
    assert len(survey_images(toys, 42).problems) == 1, "one pixel is enough to differ"


def test_digits_are_whole_and_without_copies():
    survey = survey_dataset("digits")
    assert (survey.images, survey.whole, survey.findings) == (1_797, 1_797, ())
    assert {split: sum(count.values()) for split, count in survey.counts.items()} == {
        "train": 1_077,
        "val": 360,
        "test": 360,
    }


def test_a_folder_may_be_named_under_the_data_root(pets):
    assert isinstance(survey_dataset("pets", root=pets.parent), Survey)
    with pytest.raises(UsageError, match="did you mean pets"):
        survey_dataset("pest", root=pets.parent)


@pytest.mark.parametrize(
    ("name", "size", "message"), [("digits", 8, "leave --size out"), ("anything", 0, "at least 1 pixel")]
)
def test_sizes_that_make_no_sense_are_refused(name, size, message):
    with pytest.raises(UsageError, match=message):
        survey_dataset(name, size)


@pytest.mark.slow
def test_the_official_images_that_lie_here(real_data):
    survey = survey_dataset("cifar10", root=real_data)
    assert survey.whole == 60_000 and survey.images >= 50_000 + 1
    assert sum(survey.counts["train"].values()) == cifar_module.SPLITS[cifar_module.DEFAULT_SPLIT][0]
    short = [note for note in survey.notes if note.kind == "short"]
    assert bool(short) == (survey.images < 60_000)


def test_a_photograph_that_vanishes_meanwhile_cannot_be_read(pets, monkeypatch):
    gone = pets / "train" / "cat" / "0.png"
    real = Image.open

    def vanishing(path, **more):
        gone.unlink(missing_ok=True)
        return real(path, **more)

    monkeypatch.setattr(Image, "open", vanishing)
    assert survey_folder(pets).unreadable == {"train/cat/0.png": "No such file or directory"}


def test_links_that_lead_nowhere_are_named(pets):
    (pets / "train" / "cat" / "deeper").mkdir()
    for link in ("train/cat/0.jpg", "train/cat/deeper/1.jpg", "val/dog/2.jpg", "train/owl"):
        (pets / link).symlink_to(pets / "moved" / "away")
    (pets / "val" / "dog" / "itself.jpg").symlink_to("itself.jpg")
    (pets / "val" / "dog" / ".hidden").symlink_to("gone")
    links = ["train/owl", "train/cat/0.jpg", "train/cat/deeper/1.jpg", "val/dog/2.jpg", "val/dog/itself.jpg"]
    assert found(pets) == {"broken": links, "hidden": ["val/dog/.hidden"]}
    assert index_folder(pets).notes == ("5 links that lead nowhere ignored",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes by name")
def test_pipes_sockets_and_devices_are_named_and_not_opened(pets, monkeypatch):
    os.mkfifo(pets / "train" / "cat" / "pipe.jpg")
    (pets / "train" / "dog" / "deeper").mkdir()
    (pets / "train" / "dog" / "deeper" / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(pets / "val" / "pipe")
    monkeypatch.chdir(pets / "val")  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("cat/socket.png")
    special = ["train/cat/pipe.jpg", "train/dog/deeper/zero.png", "val/pipe", "val/cat/socket.png"]
    assert found(pets) == {"special": special}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes by name")
def test_a_photograph_that_became_a_pipe_cannot_be_read(pets, monkeypatch):
    contents = survey_module.scan(pets)
    for name in ("0.png", "1.png"):
        (pets / "train" / "cat" / name).unlink()
        os.mkfifo(pets / "train" / "cat" / name)
    monkeypatch.setattr(survey_module, "scan", lambda _: contents)
    assert survey_folder(pets).unreadable == dict.fromkeys(("train/cat/0.png", "train/cat/1.png"), "no regular file")


def test_classes_that_look_like_splits_are_refused_in_its_own_words(pets):
    (pets / "train").rename(pets / "fold1")
    (pets / "val").rename(pets / "fold2")
    (refused,) = found(pets, "refused")["refused"]
    assert "fold1, fold2 look like splits, not classes" in refused
