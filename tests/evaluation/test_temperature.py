"""The temperature: found like SciPy finds it, and a monotone change of probabilities."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar  # comes with scikit-learn

from reslab.evaluation import at_temperature, best_temperature, negative_log_likelihood
from reslab.evaluation.temperature import cross_tempered
from tests.evaluation.test_calibration import drawn


def sharpened(images: int, by: float, classes: int = 10, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Of a calibrated net whose scores were multiplied: its best temperature is about `by`."""
    probabilities, labels = drawn(images, classes, seed=seed)
    return at_temperature(probabilities, 1 / by), labels


@pytest.mark.parametrize("by", [0.15, 0.7, 1.0, 2.5, 12.0])
@pytest.mark.parametrize("classes", [2, 10])
def test_as_scipy_finds_it(by, classes):
    probabilities, labels = sharpened(3_000, by, classes)

    def loss(log_temperature):
        return negative_log_likelihood(at_temperature(probabilities, np.exp(log_temperature)), labels)

    theirs = minimize_scalar(loss, bounds=(-4, 4), method="bounded", options={"xatol": 1e-10})
    ours = best_temperature(probabilities, labels)
    assert ours == pytest.approx(np.exp(theirs.x), rel=1e-5)
    assert ours == pytest.approx(by, rel=0.15)


def test_a_softmax_does_not_see_a_constant():
    scores = np.random.default_rng(0).normal(size=(5, 4))
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    cooler = np.exp(scores / 3) / np.exp(scores / 3).sum(axis=1, keepdims=True)
    assert at_temperature(probabilities, 3) == pytest.approx(cooler)


def test_rows_stand_alone_zeros_stay_and_the_order_does():
    probabilities = np.array([[1.0, 0, 0], [0.7, 0.3, 0], [0.2, 0.3, 0.5]], np.float16)
    found = at_temperature(probabilities, 4)
    assert (found[:2, 2] == 0).all() and (found[0] == [1, 0, 0]).all()
    assert found.sum(axis=1) == pytest.approx(1) and (found.argsort(axis=1)[2] == [0, 1, 2]).all()
    assert (at_temperature(probabilities[1:2], 4) == found[1:2]).all()


def test_without_a_mistake_it_is_0_and_without_any_knowledge_infinite():
    probabilities, _ = drawn(50)
    assert best_temperature(probabilities, probabilities.argmax(axis=1)) == 0
    assert best_temperature(probabilities, probabilities.argmin(axis=1)) == np.inf
    assert best_temperature(np.ones((5, 1)), np.zeros(5, np.int64)) == 0


def test_where_all_classes_are_alike_no_temperature_helps():
    for classes in (2, 10):
        assert best_temperature(np.full((6, classes), 1 / classes), np.zeros(6, np.int64)) == np.inf


def test_certain_and_wrong_in_half_precision():
    """Labels whose probability was rounded to 0 neither stop the search nor decide it, unless they are many."""
    probabilities, labels = sharpened(8_000, 2.5)
    halves = probabilities.astype(np.float16)
    assert (halves[np.arange(len(labels)), labels] == 0).any()
    assert best_temperature(halves, labels) == pytest.approx(best_temperature(probabilities, labels), rel=0.03)


def test_halves_are_judged_by_one_another():
    """A temperature that was fitted on the very images flatters: their loss is the least that there is."""
    probabilities, labels = sharpened(60, 3.0)
    found = cross_tempered(probabilities, labels)
    own = at_temperature(probabilities, best_temperature(probabilities, labels))
    assert found.sum(axis=1) == pytest.approx(1)
    assert negative_log_likelihood(own, labels) < negative_log_likelihood(found, labels)
    first = np.empty(60, bool)
    first[np.argsort(labels, kind="stable")] = np.arange(60) % 2 == 0
    counts = [np.bincount(labels[half], minlength=10) for half in (first, ~first)]
    assert np.abs(counts[0] - counts[1]).max() <= 1, "stratified"
    expected = at_temperature(probabilities[first], best_temperature(probabilities[~first], labels[~first]))
    assert (found[first] == expected).all()


def test_halves_without_a_mistake_have_none():
    probabilities, _ = drawn(50)
    assert cross_tempered(probabilities, probabilities.argmax(axis=1)) is None
    assert cross_tempered(probabilities[:1], np.zeros(1, np.int64)) is None
