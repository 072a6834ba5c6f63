"""What int8 costs, of two files that are functions of our own."""

import numpy as np
import pytest

from reslab.interop.price import price_of


def graph(answers: dict[int, list[float]]):
    """Answers to images that differ in their first byte."""
    return lambda pixels: np.array([answers[int(image[0, 0, 0])] for image in pixels], np.float32)


@pytest.fixture
def images() -> np.ndarray:
    pixels = np.zeros((4, 8, 8, 3), np.uint8)
    pixels[:, 0, 0, 0] = range(4)
    return pixels


BEFORE = {0: [0.9, 0.1], 1: [0.8, 0.2], 2: [0.6, 0.4], 3: [0.3, 0.7]}
AFTER = {0: [0.9, 0.1], 1: [0.4, 0.6], 2: [0.4, 0.6], 3: [0.4, 0.6]}


def test_errors_answers_and_differences(images):
    found = price_of(graph(BEFORE), graph(AFTER), False, images, np.array([0, 0, 1, 0]), "four")
    assert (found.error_before, found.error_after, found.rise) == (50, 50, 0)
    assert found.changed == 2 and found.images == 4 and found.source == "four"
    assert found.largest_difference == pytest.approx(0.4) and found.mean_difference == pytest.approx(0.7 / 4)
    assert found.error_spread == pytest.approx(100 * np.sqrt(0.5 / 4)), "one is lost and one is won"
    assert found.to_dict()["error_rise"] == 0


def test_scores_are_made_probabilities(images):
    def scores(answers):
        return graph({image: [7 + np.log(p) for p in both] for image, both in answers.items()})

    found = price_of(scores(BEFORE), scores(AFTER), True, images, np.array([0, 0, 0, 0]), "four")
    assert (found.error_before, found.error_after, found.rise) == (25, 75, 50)
    assert found.largest_difference == pytest.approx(0.4, abs=1e-6)


def test_without_labels_there_is_no_error(images):
    found = price_of(graph(BEFORE), graph(AFTER), False, images, None, "four")
    assert found.changed == 2 and found.rise is None and found.to_dict()["error_before"] is None
