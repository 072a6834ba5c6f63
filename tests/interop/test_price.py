"""What int8 costs, of two files that are functions of our own."""

from dataclasses import replace
from fractions import Fraction
from math import inf

import numpy as np
import pytest

from reslab.interop import price
from reslab.interop.price import Price, price_of


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
    assert found.to_dict()["error_rise"] == 0 and found.to_dict()["error_before"] == 50
    assert (found.wrong_before, found.wrong_after, found.more_wrong, found.one) == (2, 2, 0, 25)


def test_scores_are_made_probabilities(images):
    def scores(answers):
        return graph({image: [7 + np.log(p) for p in both] for image, both in answers.items()})

    found = price_of(scores(BEFORE), scores(AFTER), True, images, np.array([0, 0, 0, 0]), "four")
    assert (found.error_before, found.error_after, found.rise) == (25, 75, 50)
    assert found.largest_difference == pytest.approx(0.4, abs=1e-6)


def test_without_labels_there_is_no_error(images):
    found = price_of(graph(BEFORE), graph(AFTER), False, images, None, "four")
    assert found.changed == 2 and found.rise is None and found.to_dict()["error_before"] is None


def test_where_no_answer_changes_there_is_no_spread_but_something_that_is_not_seen(images):
    found = price_of(graph(BEFORE), graph(BEFORE), False, images, np.array([0, 0, 0, 0]), "four")
    assert found.rise == 0 and found.error_spread is None
    assert (1 - found.unseen / 100) ** 4 == pytest.approx(0.05), "four that show nothing would be luck"


@pytest.mark.parametrize("most", [0.24, 0.58, 1.0, 1.16, 2.3])
@pytest.mark.parametrize("images", [1_000, 2_000, 3_600, 5_000, 9_999])
@pytest.mark.parametrize("before", [0, 7, 478])
def test_as_much_as_is_allowed_is_allowed_and_no_image_more(most, images, before):
    limit = Fraction(str(most)) * images // 100  # images, exactly
    at_limit = Price(images, "", 0, 0, 0, before, before + int(limit))
    assert at_limit.within(most)
    assert not replace(at_limit, wrong_after=before + int(limit) + 1).within(most)
    assert at_limit.within(100 / images * int(limit)), "as floating point has it"


def test_what_is_not_known_and_any_number(images):
    assert Price(4, "", 0, 0, 0).within(0) and Price(4, "", 0, 0, 0, 0, 4).within(inf)


def test_both_look_at_the_same_portions_and_how_far_they_are_is_told(images, monkeypatch):
    monkeypatch.setattr(price, "PORTION_PIXELS", 3 * 8 * 8)
    told, taken = [], []

    class Read:
        shape = images.shape

        def __len__(self) -> int:
            return 4

        def __getitem__(self, rows):
            taken.append(rows)
            return images[rows]

    price_of(graph(BEFORE), graph(AFTER), False, Read(), None, "four", lambda *now: told.append(now))
    assert told == [(3, 4), (4, 4)] and len(taken) == 2, "each is decoded once for both"
