"""The answer to every image: the errors are those of all of them, and the surest mistakes come first."""

from pathlib import Path

import numpy as np
import pytest

from reslab.data import Images, Photos
from reslab.evaluation import evaluate, top_error
from reslab.evaluation.answered import Answer, answers_of
from reslab.store import load
from reslab.training import train_on
from tests.conftest import short_recipe
from tests.evaluation.test_source import ONE_THREAD, make_photos, trained_on

PIXELS = np.zeros((4, 8, 8, 3), np.uint8)
LABELS = np.array([0, 1, 1, 2])


def test_the_surest_mistakes_come_first():
    probabilities = np.array([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.1, 0.2, 0.7], [0.2, 0.2, 0.6]])
    answers = answers_of(Images(PIXELS, LABELS), probabilities, probabilities, ("a", "b", "c"))
    assert next(iter(answers)) == Answer("0", "a", "a", 0.6, True) and len(answers) == 4
    surest = [Answer("2", "b", "c", 0.7, False), Answer("1", "b", "a", 0.5, False)]
    assert answers.mistakes(5) == surest and answers.mistakes(1) == surest[:1]


def test_files_are_named_where_there_are_any():
    photos = Photos(Path("there"), ("a/0.png", "b/0.png", "b/1.png", "c/0.png"))
    found = np.eye(3)[[0, 1, 1, 0]]
    answers = answers_of(Images(PIXELS, LABELS, photos), found, found, ("a", "b", "c"))
    assert [answer.file for answer in answers] == list(photos.files)
    assert [answer.file for answer in answers.mistakes(9)] == ["c/0.png"]


def test_ties_and_what_is_no_number_count_as_in_the_error():
    scores = np.array([[1, 1, 0], [np.nan, 0, 0], [2, 2, 2], [0, 0, np.inf]])
    answers = answers_of(Images(PIXELS, LABELS), scores, scores, ("a", "b", "c"))
    assert answers.correct.tolist() == [True, False, False, False]
    assert top_error(scores, LABELS) == 75


@pytest.mark.parametrize("choice", [{}, {"views": "flip"}, {"ensemble": True}])
def test_the_error_is_that_of_all_answers(digits, tmp_path, choice):
    train_on(digits, short_recipe(digits, 8), tmp_path / "run", ONE_THREAD)
    if "ensemble" in choice:
        choice = {"ensemble": [tmp_path / "run"]}
    found = evaluate(tmp_path / "run", **choice)
    wrong = [not answer.correct for answer in found.answers]
    assert len(wrong) == found.images == 360 and 100 * np.mean(wrong) == pytest.approx(found.top1_error, abs=1e-3)
    answered = [answer.predicted for answer in found.answers]
    assert [answered.count(name) for name in found.classes] == found.confusions.sum(axis=0).tolist()
    assert [answer.file for answer in found.answers] == [str(row) for row in range(360)]
    if not choice:
        scores = load(tmp_path / "run")(digits.splits["test"].pixels).softmax(dim=1)
        highest = scores.max(dim=1).values.numpy()
        assert [answer.probability for answer in found.answers] == pytest.approx(highest.tolist(), abs=1e-4)


def test_files_are_relative_to_the_folder(tmp_path):
    run = trained_on(make_photos(tmp_path / "pets", {"cat": 8, "dog": 8}), tmp_path / "run")
    make_photos(tmp_path / "new" / "test", {"cat": 2, "dog": 1}, seed=1)
    answers = list(evaluate(run, tmp_path / "new").answers)
    assert [answer[:2] for answer in answers] == [
        ("test/cat/0.bmp", "cat"),
        ("test/cat/1.bmp", "cat"),
        ("test/dog/0.bmp", "dog"),
    ]
