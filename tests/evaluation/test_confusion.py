"""What was taken for what, counted by hand."""

import numpy as np
import pytest

from reslab.evaluation import balanced, class_errors, confusion_matrix, confusions, mean_class_error

NAMES = ("cat", "dog", "owl", "yak")
LABELS = np.array([0, 0, 0, 0, 1, 1, 2])
ANSWERS = np.array([0, 1, 1, 2, 1, 1, 0])


def test_rows_are_true_and_columns_answers():
    assert confusion_matrix(LABELS, ANSWERS, 4).tolist() == [[1, 2, 1, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_classes_with_images_the_worst_first():
    found = class_errors(confusion_matrix(LABELS, ANSWERS, 4), NAMES)
    told = [(c.name, c.images, c.wrong, c.taken_for, c.taken) for c in found]
    assert told == [("owl", 1, 1, "cat", 1), ("cat", 4, 3, "dog", 2), ("dog", 2, 0, None, 0)]
    assert [c.error for c in found] == [100, 75, 0]


def test_each_class_counts_alike():
    found = class_errors(confusion_matrix(LABELS, ANSWERS, 4), NAMES)
    assert mean_class_error(found) == pytest.approx(175 / 3) and not balanced(found)
    assert balanced(class_errors(np.array([[1, 1], [0, 2]]), NAMES[:2]))


def test_the_most_frequent_confusions():
    found = confusions(confusion_matrix(LABELS, ANSWERS, 4), NAMES, 2)
    assert [(c.true, c.predicted, c.count, c.images) for c in found] == [("cat", "dog", 2, 4), ("cat", "owl", 1, 4)]
    assert confusions(np.diag([3, 4]), NAMES[:2], 3) == []
