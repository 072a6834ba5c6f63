"""Standard errors that know of how many seeds they were estimated."""

import statistics
from math import inf

import numpy as np
import pytest

from reslab.experiments.comparing import Difference
from reslab.experiments.uncertainty import Part, at_most, needed, of_sum, over_draws, over_seeds


@pytest.mark.parametrize(("freedom", "errors"), [(1, 13.97), (2, 4.53), (4, 2.87), (30, 2.09), (inf, 2.0)])
def test_fewer_seeds_need_more_standard_errors(freedom, errors):
    assert needed(freedom) == pytest.approx(errors, abs=0.01)


def test_each_part_has_room_of_its_own():
    """A spread over two seeds that came out small is no certainty, whatever is known exactly beside it."""
    counted, spread = Part(0.04), over_draws([9.0, 9.2])
    both = of_sum([counted, spread])
    assert both.error == pytest.approx((0.04 + 0.01) ** 0.5)
    assert both.reach == pytest.approx((4 * 0.04 + needed(1) ** 2 * 0.01) ** 0.5)
    assert of_sum([counted]).reach == pytest.approx(0.4) and of_sum([counted]).times(3).reach == pytest.approx(1.2)


def test_a_difference_of_two_seeds_is_not_sure_at_two_standard_errors():
    few = Difference.of(0.6, [over_draws([9.0, 9.2]), over_draws([9.6, 9.8])])
    assert abs(few.points) > 4 * few.error and not few.sure
    assert Difference.of(0.6, [Part(few.error**2)]).sure, "of a known spread it would be"


def test_of_a_single_seed_nothing_is_sure():
    """Its spread is not known, however far the numbers are apart and however many images they are counted on."""
    alone = [over_draws([9.0]), over_draws([30.0, 30.1, 30.2]), Part(0.01)]
    found = Difference.of(21.1, alone)
    assert not found.sure and found.uncertainty.reach == inf and found.error > 0.1
    assert Difference.of(21.1, alone[1:]).sure and of_sum([]).reach == 0


def test_seeds_that_are_alike_by_chance_have_no_known_spread():
    assert not Difference.of(1.6, [over_seeds([12.0, 12.0]), over_seeds([13.6, 13.62]), Part(0.1)]).sure
    assert Difference.of(1.6, [over_seeds([12.0, 12.02]), over_seeds([13.6, 13.62]), Part(0.1)]).sure


@pytest.mark.parametrize("spreads", [(0.43, 0.43), (0.4, 4.2)], ids=["alike", "as plain-56 beside ResNet-56"])
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_no_more_is_sure_by_chance_than_is_said(seeds, spreads):
    """Of pairs without a difference, each mean counted on 5,000 images: one in 22, and no more."""
    random = np.random.default_rng(seeds)
    counted = 0.42
    draws = [10 + counted * random.normal(size=(4000, 1)) + of * random.normal(size=(4000, seeds)) for of in spreads]
    sure = [
        Difference.of(statistics.fmean(one) - statistics.fmean(other), parts).sure
        for one, other in zip(*(each.tolist() for each in draws), strict=True)
        for parts in [[Part(counted**2), Part(counted**2), over_draws(one), over_draws(other)]]
    ]
    assert np.mean(sure) < 1 / 22


def test_the_upper_end_of_a_mean_over_ten_seeds():
    errors = [8.0 + 0.1 * seed for seed in range(10)]
    assert at_most(errors) == pytest.approx(8.45 + 1.833 * 0.30277 / 10**0.5, abs=1e-3), "1.833: t of nine, 95 %"
    assert at_most([8.0]) == inf
