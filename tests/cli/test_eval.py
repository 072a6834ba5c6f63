"""`reslab eval` with views, scales and ensembles, as a user types it."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reslab.data import load_dataset
from reslab.evaluation import evaluate
from reslab.store import load
from tests.cli.test_commands import Answer


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> list[Path]:
    place = tmp_path_factory.mktemp("runs")
    for name, seed in (("first", 0), ("second", 1)):
        words = ("--model", "resnet8", "--steps", "15", "--seed", seed, "--run", place / name, "--threads", "1")
        assert Answer("train", *words).code == 0
    return [place / "first", place / "second"]


def test_views_scales_and_members_are_told(runs):
    answer = Answer("eval", runs[0], "--ensemble", runs[1], "--views", "flip", "--scales", "8,10,12", "--json")
    assert answer.out.count("\n") == 1 and answer.code == 0
    assert (answer.json["views"], answer.json["scales"], answer.json["dense"]) == (6, [8, 10, 12], True)
    assert answer.json["members"] == [str(run) for run in runs] and answer.json["images"] == 360
    assert answer.json["top5_error"] <= answer.json["top1_error"]
    assert "no larger images than its 8 x 8 pixels" in answer.err


def test_in_words(runs):
    assert (
        "6 views at 8, 10, 12 pixels, dense, 2 nets"
        in Answer("eval", runs[0], "--ensemble", runs[1], "--views", "flip", "--scales", "8,10,12").out
    )
    assert "digits, test, 10 views at 9 pixels" in Answer("eval", runs[0], "--views", "10").out
    assert "digits, test, 1 view\n" in Answer("eval", runs[0], "--views", "1").out


def test_one_view_is_what_the_run_recorded(runs):
    plain, one = Answer("eval", runs[0], "--json").json, Answer("eval", runs[0], "--views", "1", "--json").json
    assert plain == one and plain["members"] == [str(runs[0])]


def test_classes_in_json(runs):
    found = Answer("eval", runs[0], "--json").json
    assert found["classes"] == list("0123456789") and len(found["class_errors"]) == 10
    matrix = np.array(found["confusions"])
    for row, entry in zip(matrix, found["class_errors"].values(), strict=True):
        assert row.sum() == entry["images"]
    wrong = 1 - np.diag(matrix) / matrix.sum(axis=1)
    assert [entry["error"] for entry in found["class_errors"].values()] == pytest.approx(100 * wrong, abs=1e-3)
    assert found["mean_class_error"] == pytest.approx(100 * wrong.mean(), abs=1e-3)


def test_classes_in_words(runs):
    found = Answer("eval", runs[0], "--json").json
    text = Answer("eval", runs[0], "--classes").out
    head, _, rest = text.partition("most often taken for")
    assert f"mean class error  {found['mean_class_error']:.2f} %, each of 10 classes counting alike" in head
    table, _, frequent = rest.partition("most frequent confusions")
    worst = sorted(found["class_errors"].items(), key=lambda item: -item[1]["error"])
    rows = [line.split() for line in table.strip().splitlines()]
    assert [row[0] for row in rows[:10]] == [name for name, _ in worst]
    assert rows[0][1:4] == [f"{worst[0][1]['error']:.2f}", "%", str(worst[0][1]["images"])]
    wrong = np.array(found["confusions"]) * (1 - np.eye(10, dtype=int))
    assert [line.split()[2] for line in frequent.strip().splitlines()[1:]] == [
        str(count) for count in sorted(wrong.ravel())[:-4:-1]
    ]
    assert "most often taken for" not in Answer("eval", runs[0]).out


def test_few_classes_have_no_top5_row_and_equal_ones_no_mean(tmp_path):
    random = np.random.default_rng(0)
    for name, shade in (("cat", 40), ("dog", 200)):
        for split, images in (("train", 6), ("test", 4)):
            (tmp_path / "pets" / split / name).mkdir(parents=True)
            for number in range(images):
                pixels = (shade + random.integers(-30, 31, (16, 16, 3))).astype(np.uint8)
                Image.fromarray(pixels).save(tmp_path / "pets" / split / name / f"{number}.png")
    words = ("--model", "resnet8", "--size", "16", "--steps", "3", "--batch", "8", "--run", tmp_path / "r")
    assert Answer("train", tmp_path / "pets", *words, "--threads", "1").code == 0
    text = Answer("eval", tmp_path / "r").out
    assert "top-1 error" in text and "top-5" not in text and "mean class error" not in text
    loaded = evaluate(load(tmp_path / "r"))
    assert (loaded.images, loaded.split, loaded.notes) == (8, "test", ()), "it knows the folder of its photographs"
    shutil.copytree(tmp_path / "pets", tmp_path / "others")
    (tmp_path / "others" / "test" / "dog" / "0.png").unlink()
    assert "each of 2 classes counting alike" in Answer("eval", tmp_path / "r", tmp_path / "others").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--views", "12"], "unknown views '12'"),
        (["--scales", "8,x"], "--scales 8,x: whole numbers of pixels, as 224,256"),
        (["--scales", "8,8"], "named more than once"),
        (["--scales", "4"], "scale 4: the net need"),
        (["--views", "10", "--scales", "7"], "crops of 8 pixels need a shorter side from 8"),
    ],
)
def test_mistakes(runs, words, message):
    answer = Answer("eval", runs[0], *words)
    assert answer.code == 2 and message in answer.err and answer.out == ""


def test_a_member_that_is_no_run(runs, tmp_path):
    answer = Answer("eval", runs[0], "--ensemble", tmp_path / "nothing")
    assert answer.code == 1 and "nothing" in answer.err


def test_mistakes_in_json_and_in_words(runs):
    found = Answer("eval", runs[0], "--mistakes", "4", "--json").json
    told = found["mistakes"]
    assert len(told) == 4 and all(set(m) == {"file", "true", "predicted", "probability"} for m in told)
    assert [m["probability"] for m in told] == sorted((m["probability"] for m in told), reverse=True)
    assert all(m["true"] != m["predicted"] for m in told)
    assert "mistakes" not in Answer("eval", runs[0], "--json").json
    text = Answer("eval", runs[0], "--mistakes", "4").out
    head, _, rest = text.partition("taken for")
    assert "top-1 error" in head and head.splitlines()[-1].split() == ["file", "class"]
    rows = [line.split() for line in rest.splitlines()[1:]]
    expected = [[m["file"], m["true"], m["predicted"], f"{100 * m['probability']:.1f}", "%"] for m in told]
    assert rows == expected


def test_no_mistake_is_said(runs, tmp_path):
    answers = evaluate(runs[0]).answers
    right = [int(answer.file) for answer in answers if answer.correct][:1]
    test = load_dataset("digits").splits["test"]
    place = tmp_path / answers[right[0]].true
    place.mkdir()
    Image.fromarray(test.pixels[right[0]]).save(place / "0.png")
    assert Answer("eval", runs[0], tmp_path, "--mistakes", "3").out.endswith("no mistake in 1 image\n")


def test_every_answer_as_csv(runs, tmp_path):
    file = tmp_path / "answers.csv"
    found = Answer("eval", runs[0], "--csv", file, "--views", "flip", "--json").json
    content = file.read_bytes()
    assert b"\r" not in content and content.endswith(b"\n")
    header, *rows = csv.reader(content.decode().splitlines())
    assert header == ["file", "true", "predicted", "probability", "correct"]
    assert [row[0] for row in rows] == [str(row) for row in range(360)]
    assert all((true == predicted) == (correct == "true") for _, true, predicted, _, correct in rows)
    wrong = sum(row[4] == "false" for row in rows)
    assert 100 * wrong / 360 == pytest.approx(found["top1_error"], abs=1e-3)
    assert all(0.1 <= float(row[3]) <= 1 for row in rows)
    again = Answer("eval", runs[0], "--csv", file, "--split", "val")
    assert again.code == 0 and file.read_bytes() != content, "answers are replaced by answers"


def test_a_table_of_labels_is_not_written_over(runs, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("path,label\na.png,cat\n")
    answer = Answer("eval", runs[0], "--csv", labels)
    assert answer.code == 2 and f"--csv {labels} is there already, and holds no answers of reslab" in answer.err
    assert labels.read_text() == "path,label\na.png,cat\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--mistakes", "0"], "--mistakes 0: ask for at least 1"),
        (["--csv", "."], "--csv . is a folder: name a file"),
        (["--csv", "photo.jpg"], "--csv photo.jpg: name a file that ends in .csv"),
        (["--csv", "nowhere/x.csv"], "--csv nowhere/x.csv: there is no folder nowhere"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_test(runs, words, message):
    answer = Answer("eval", runs[0] / "not looked at", *words)
    assert answer.code == 2 and message in answer.err and answer.out == ""


def test_all_of_a_folder_is_a_split_in_words_and_in_json(runs, tmp_path):
    place = tmp_path / "mine" / "7"
    place.mkdir(parents=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(place / "0.png")
    answer = Answer("eval", runs[0], tmp_path / "mine")
    assert "mine, all, 1 view" in answer.out and "everything is tested" in answer.err
    found = Answer("eval", runs[0], tmp_path / "mine", "--split", "all", "--json").json
    assert (found["split"], found["images"], found["trained_on"]) == ("all", 1, None)
