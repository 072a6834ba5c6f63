"""Measures of calibration, against definitions written out one image at a time, and against what is known."""

import numpy as np
import pytest

from reslab.evaluation import (
    brier_score,
    ece_by_chance,
    expected_calibration_error,
    measures,
    negative_log_likelihood,
    reliability,
)
from reslab.evaluation.calibration import log_probabilities


def drawn(images: int, classes: int = 10, sharpness: float = 3.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of some net, and labels drawn from them: it is calibrated perfectly."""
    random = np.random.default_rng(seed)
    powers = np.exp(sharpness * random.normal(size=(images, classes)))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    labels = (probabilities.cumsum(axis=1) > random.random((images, 1))).argmax(axis=1)
    return probabilities, labels.astype(np.int64)


def test_calibration_error_by_the_definition():
    probabilities, labels = drawn(400)
    expected = 0.0
    for number in range(15):
        inside = [row for row in range(400) if number / 15 < probabilities[row].max() <= (number + 1) / 15]
        if inside:
            confidence = np.mean([probabilities[row].max() for row in inside])
            accuracy = np.mean([probabilities[row].argmax() == labels[row] for row in inside])
            expected += len(inside) / 400 * abs(accuracy - confidence)
    assert expected_calibration_error(probabilities, labels) == pytest.approx(100 * expected)


def test_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.0, 1.0]])
    labels = np.array([0, 1, 1, 1])
    # Bins: two of 0.9 of which half are right, one right of 0.6, one right of 1.
    assert expected_calibration_error(probabilities, labels) == pytest.approx(100 * (2 * 0.4 + 0.4 + 0) / 4)
    assert brier_score(probabilities, labels) == pytest.approx((0.02 + 1.62 + 0.32 + 0) / 4)
    assert negative_log_likelihood(probabilities, labels) == pytest.approx(-np.log([0.9, 0.1, 0.6, 1]).mean())
    found = measures(probabilities, labels)
    assert (found.images, found.confidence, found.accuracy) == (4, pytest.approx(85), pytest.approx(75))


def test_bins_hold_all_images_and_their_upper_edge():
    probabilities, labels = np.array([[1 / 3, 1 / 3, 1 / 3], [1, 0, 0], [0.2, 0.2, 0.6]]), np.array([0, 1, 2])
    bins = reliability(probabilities, labels)
    assert len(bins) == 15 and [one.low for one in bins[1:]] == [one.high for one in bins[:-1]]
    assert [number for number, one in enumerate(bins) if one.images] == [4, 8, 14]
    assert (bins[4].accuracy, bins[14].accuracy) == (100, 0) and bins[4].confidence == pytest.approx(100 / 3)
    assert bins[0].confidence is None and bins[0].accuracy is None


def test_chance_is_what_a_calibrated_net_has():
    """On few images its error is far above 0; the mean over draws says how far."""
    errors = [expected_calibration_error(*drawn(200, seed=seed)) for seed in range(40)]
    chance = ece_by_chance(drawn(200)[0].max(axis=1))
    assert np.mean(errors) == pytest.approx(chance.mean(), rel=0.1) and chance.mean() > 4
    assert ece_by_chance(drawn(20_000)[0].max(axis=1)).mean() < 1
    assert (ece_by_chance(drawn(200)[0].max(axis=1)) == chance).all(), "the same every time"


def test_an_overconfident_net_is_told_from_chance():
    probabilities, labels = drawn(2_000)
    sharp = probabilities**2 / (probabilities**2).sum(axis=1, keepdims=True)
    calibrated, overconfident = measures(probabilities, labels), measures(sharp, labels)
    assert calibrated.ece < calibrated.ece_by_chance_at_most
    assert overconfident.ece > 2 * overconfident.ece_by_chance_at_most
    assert overconfident.nll > calibrated.nll and overconfident.brier > calibrated.brier


def test_zeros_of_a_coarse_type_are_half_of_the_smallest_beside_them():
    exact = np.array([[1 - 2e-9, 2e-9], [1 - 1e-7, 1e-7]])
    halves = exact.astype(np.float16)
    assert halves[0, 1] == 0 and halves[1, 1] > 0
    assert np.exp(log_probabilities(halves)[0, 1]) == pytest.approx(2.0**-25)
    assert np.exp(log_probabilities(np.array([[1, 0], [1 - 1e-30, 1e-30]]))[0, 1]) == pytest.approx(5e-31)
    assert negative_log_likelihood(halves, np.array([1, 0])) == pytest.approx(25 * np.log(2) / 2, rel=1e-3)
    assert (log_probabilities(exact) == np.log(exact)).all()


def test_plain_values():
    plain = measures(*drawn(50)).to_dict()
    assert plain["images"] == 50 and len(plain["bins"]) == 15
    assert set(plain["bins"][0]) == {"low", "high", "images", "confidence", "accuracy"}
