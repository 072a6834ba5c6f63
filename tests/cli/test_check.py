"""`reslab data check`: what it prints, what a script reads of it, and how it ends."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from reslab.cli.app import app
from reslab.cli.check import WORDS
from reslab.data.findings import NOTES, PROBLEMS
from reslab.errors import ReslabError


def check(*words) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    result = CliRunner().invoke(app, ["data", "check", *map(str, words)])
    if isinstance(result.exception, ReslabError):
        return result.exception.exit_code, result.stdout, f"{result.stderr}{result.exception}"
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def pets(tmp_path) -> Path:
    folder, random = tmp_path / "pets", np.random.default_rng(0)
    for split, count in (("train", 10), ("val", 2)):
        for name in ("cat", "[bold]dog"):
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                pixels = Image.fromarray(random.integers(0, 256, (5, 6, 3), np.uint8))
                pixels.resize((60, 50), Image.Resampling.BICUBIC).save(folder / split / name / f"{number}.png")
    return folder


def test_a_good_folder(pets):
    code, out, err = check(pets, "--size", 50)
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert out.startswith("pets: 2 classes, 24 photographs\n")
    assert ["class", "train", "val"] in lines and ["[bold]dog", "10", "2"] in lines and ["all", "20", "4"] in lines
    assert "sizes   60 x 50 smallest, 60 x 50 median, 60 x 50 largest by the shorter side" in out
    assert out.endswith("result  no problem found\n")


def test_what_to_do_with_photographs_of_phones(pets):
    (pets / "train" / "cat" / "x.HEIC").write_bytes(b"something")
    _, out, _ = check(pets)
    assert "is ignored: train/cat/x.HEIC; save .heic photographs as .jpg\n" in out


def test_problems_and_notes_are_a_line_each_and_end_with_1(pets):
    for number in range(4):
        (pets / "train" / "cat" / f"bad{number}.jpg").write_bytes(b"no image")
    shutil.copy(pets / "train" / "cat" / "0.png", pets / "val" / "cat" / "again.png")
    Image.open(pets / "train" / "cat" / "1.png").resize((90, 75)).save(pets / "train" / "cat" / "larger.png")
    (pets / "train" / "cat" / "x.txt").write_text("")
    code, out, err = check(pets)
    assert (code, err) == (1, "")
    bad = ", ".join(f"train/cat/bad{number}.jpg (not a format that Pillow decodes)" for number in range(3))
    assert out.splitlines()[6:] == [
        "sizes    60 x 50 smallest, 60 x 50 median, 90 x 75 largest by the shorter side; "
        "26 smaller than the 224 px of training, and scaled up; --size 50 takes most as they are",
        f"problem  4 photographs cannot be read: {bad} and 1 more; training leaves them out with --on-bad skip",
        "problem  1 photograph lies in two splits, byte for byte: train/cat/0.png = val/cat/again.png; "
        "what is tested was learned: keep one of each",
        "note     1 photograph lies twice in its class, nearly the same: train/cat/1.png ~ train/cat/larger.png",
        "note     1 file has no suffix of a picture that Pillow reads, and is ignored: train/cat/x.txt",
        "result   2 problems",
    ]


def test_no_size_is_advised_that_training_refuses(pets):
    for photo in pets.rglob("*.png"):
        Image.open(photo).resize((8, 7)).save(photo)
    _, out, _ = check(pets)
    assert "24 smaller than the 224 px of training, and scaled up\n" in out


def test_json_is_one_object_with_everything(pets):
    for number in range(5):
        (pets / "train" / "cat" / f"bad{number}.jpg").write_bytes(b"no image")
    code, out, err = check(pets, "--json")
    told = json.loads(out)
    assert (code, err) == (1, "")
    assert told["counts"] == {"train": {"[bold]dog": 10, "cat": 10}, "val": {"[bold]dog": 2, "cat": 2}}
    assert (told["data"], told["folder"], told["images"], told["whole"]) == ("pets", str(pets), 24, None)
    sides = {"smallest": [60, 50], "median": [60, 50], "largest": [60, 50]}
    assert told["sizes"] == {**sides, "training": 224, "smaller": 24}
    (problem,) = told["problems"]
    assert (problem["kind"], problem["count"]) == ("unreadable", 5)
    assert problem["items"] == [f"train/cat/bad{number}.jpg" for number in range(5)] == list(told["unreadable"])
    assert problem["message"].startswith("5 photographs cannot be read") and told["notes"] == []


def test_of_very_many_classes_the_ends_are_shown(tmp_path):
    grey = Image.new("L", (8, 8), 9)
    for number in range(60):
        (tmp_path / "many" / "train" / f"c{number:02}").mkdir(parents=True)
        for photo in range(1 + number % 20):
            grey.save(tmp_path / "many" / "train" / f"c{number:02}" / f"{photo}.png")
    code, out, _ = check(tmp_path / "many")
    assert code == 1, "all photographs are one"
    lines = [line.split() for line in out.splitlines()[:24]]
    assert out.startswith("many: 60 classes, 630 photographs; the 10 largest and smallest classes (all: --json)\n")
    assert [line[0] for line in lines[2:5]] == ["c19", "c39", "c59"] and lines[12][:2] == ["(40", "others)"]
    assert lines[21][0] in ("c00", "c20", "c40") and lines[23][0] == "all"
    assert sum(int(line[-2]) for line in lines[2:23]) == int(lines[23][1])
    assert len(json.loads(check(tmp_path / "many", "--json")[1])["counts"]["train"]) == 60


def test_what_training_will_hold_out_is_said(pets):
    shutil.rmtree(pets / "val")
    code, out, _ = check(pets)
    assert code == 0
    assert "val     4 of the photographs, which training will hold out, as there is no folder for val or test" in out


def test_too_few_photographs_to_hold_any_out(pets):
    shutil.rmtree(pets / "val")
    for photo in pets.rglob("[1-9].png"):
        photo.unlink()
    code, out, _ = check(pets)
    assert code == 1 and "problem  too few photographs to hold any out: nothing will test what is learned" in out
    assert "which training will hold out" not in out and "split" not in out


def test_what_training_refuses_is_a_problem_in_its_own_words(pets):
    shutil.rmtree(pets / "val")
    shutil.rmtree(pets / "train" / "cat")
    code, out, _ = check(pets)
    assert code == 1 and "problem  training refuses the folder: " in out and "holds one class only ([bold]dog)" in out


def test_named_data_sets(tmp_path):
    code, out, err = check("digits")
    assert (
        (code, err) == (0, "") and out.startswith("digits: 10 classes, 1,797 of 1,797 images\n") and "sizes" not in out
    )
    told = json.loads(check("digits", "--json")[1])
    assert (told["whole"], told["folder"], told["sizes"], told["problems"]) == (1_797, None, None, [])
    code, _, err = check("cifar10", "--data-root", tmp_path)
    assert code == 1 and "reslab data fetch cifar10" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing-like-it"], "unknown data set 'nothing-like-it'"),
        (["ciphar10"], "did you mean cifar10"),
        (["digits", "--size", "8"], "digits has images of one size: leave --size out"),
        (["digits", "--size", "0"], "size must be at least 1 pixel"),
        ([".", "--size", "7"], "size 7: a net needs images of at least 8 pixels"),
        ([".", "--size", "2049"], "size 2049: images of 2,048 pixels at most"),
        ([], "Missing argument"),
    ],
)
def test_wrong_usage_ends_with_2(words, message):
    code, out, err = check(*words)
    assert code == 2 and message in err and out == ""


def test_a_class_of_nearly_the_same_name(pets):
    (pets / "train" / "cat").rename(pets / "train" / "dog ")
    (pets / "train" / "[bold]dog").rename(pets / "train" / "Dog")
    out = check(pets / "train")[1]
    assert "1 class has nearly another one's name: 'Dog' and 'dog '; if they are one, put them into one folder" in out


def test_there_are_words_for_every_finding():
    in_sentences = {"refused", "columns", "short", "imbalance"}
    assert set(WORDS) == {*PROBLEMS, *NOTES} - in_sentences
    assert all("{n}" in words.many and words.one != words.many for words in WORDS.values())


@pytest.mark.skipif(sys.platform == "win32", reason="names there have no line breaks")
def test_a_line_break_in_a_name_breaks_no_line(tmp_path):
    for name in ("cat", "do\ng"):
        for number in range(2):
            (tmp_path / name).mkdir(exist_ok=True)
            Image.new("RGB", (9, 9), (number, 9 * len(name), 0)).save(tmp_path / name / f"{number}.png")
    lines = check(tmp_path)[1].splitlines()
    assert any(line.split() == [r"do\ng", "1", "1"] for line in lines) and not any(line == "g" for line in lines)
