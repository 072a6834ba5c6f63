"""Standard errors that know of how many seeds they were estimated."""

from math import inf

import numpy as np
import pytest
from scipy import stats

from reslab.experiments.comparing import Difference
from reslab.experiments.uncertainty import Part, Uncertainty, needed, of_sum, over_draws


@pytest.mark.parametrize(("freedom", "errors"), [(1, 13.97), (2, 4.53), (4, 2.87), (30, 2.09), (inf, 2.0)])
def test_fewer_seeds_need_more_standard_errors(freedom, errors):
    assert needed(freedom) == pytest.approx(errors, abs=0.01)


def test_two_spreads_together_are_welchs_test():
    one, other = [9.2, 9.9, 10.3], [11.5, 12.6, 12.2, 12.9]
    found = Difference.of(sum(other) / 4 - sum(one) / 3, [over_draws(one), over_draws(other)])
    theirs = stats.ttest_ind(other, one, equal_var=False)
    assert found.points / found.error == pytest.approx(theirs.statistic)
    assert found.freedom == pytest.approx(theirs.df)
    level = 2 * stats.norm.sf(2)
    assert found.sure == (theirs.pvalue < level)


def test_what_is_known_exactly_adds_no_doubt_of_its_own():
    spread, counted = over_draws([9.0, 10.0]), Part(100.0)
    assert of_sum([counted]) == Uncertainty(10.0, inf)
    assert of_sum([counted, spread]).freedom > 1000, "the spread over seeds hardly matters there"
    assert of_sum([spread]).freedom == 1


def test_a_difference_of_two_seeds_is_not_sure_at_two_standard_errors():
    parts = [over_draws([9.0, 9.2]), over_draws([9.6, 9.8])]
    few = Difference.of(0.6, parts)
    assert abs(few.points) > 4 * few.error and not few.sure
    assert Difference(0.6, few.error).sure, "of a known spread it would be"


def test_of_a_single_seed_nothing_is_sure():
    """Its spread is not known, however far the numbers are apart and however many images they are counted on."""
    alone = [over_draws([9.0]), over_draws([30.0, 30.1, 30.2]), Part(0.01)]
    found = Difference.of(21.1, alone)
    assert not found.sure and found.uncertainty.reach == inf and found.error > 0.1
    assert Difference.of(21.1, alone[1:]).sure and of_sum([]) == Uncertainty(0.0, inf)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_no_more_is_sure_by_chance_than_is_said(seeds):
    """Of pairs without a difference, whose seeds spread as ResNet-20's do (0.43 points), one in 22, and no more."""
    draws = np.random.default_rng(0).normal(10, 0.43, (2000, 2, seeds))
    counted = [Part(0.42**2)] * 2
    images = np.random.default_rng(1).normal(0, 0.42, (2000, 2))
    sure = [
        Difference.of(
            float(pair[0].mean() + by_images[0] - pair[1].mean() - by_images[1]), [*counted, *map(over_draws, pair)]
        ).sure
        for pair, by_images in zip(draws.tolist(), images, strict=True)
        for pair in [np.array(pair)]
    ]
    assert np.mean(sure) < 0.065
