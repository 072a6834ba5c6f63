"""Standard errors that know of how many seeds they were estimated."""

from math import inf

import pytest
from scipy import stats

from reslab.experiments.comparing import Difference
from reslab.experiments.uncertainty import Part, Uncertainty, needed, over_draws, together


@pytest.mark.parametrize(("freedom", "errors"), [(1, 13.97), (2, 4.53), (4, 2.87), (30, 2.09), (inf, 2.0)])
def test_fewer_seeds_need_more_standard_errors(freedom, errors):
    assert needed(freedom) == pytest.approx(errors, abs=0.01)


def test_two_spreads_together_are_welchs_test():
    one, other = [9.2, 9.9, 10.3], [11.5, 12.6, 12.2, 12.9]
    found = Difference.of(sum(other) / 4 - sum(one) / 3, [*over_draws(one), *over_draws(other)])
    theirs = stats.ttest_ind(other, one, equal_var=False)
    assert found.points / found.error == pytest.approx(theirs.statistic)
    assert found.freedom == pytest.approx(theirs.df)
    level = 2 * stats.norm.sf(2)
    assert found.sure == (theirs.pvalue < level)


def test_what_is_known_exactly_adds_no_doubt_of_its_own():
    spread, counted = over_draws([9.0, 10.0])[0], Part(100.0)
    assert together([counted]) == Uncertainty(10.0, inf)
    assert together([counted, spread]).freedom > 1000, "the spread over seeds hardly matters there"
    assert together([spread]).freedom == 1


def test_a_difference_of_two_seeds_is_not_sure_at_two_standard_errors():
    parts = [*over_draws([9.0, 9.2]), *over_draws([9.6, 9.8])]
    few = Difference.of(0.6, parts)
    assert abs(few.points) > 4 * few.error and not few.sure
    assert Difference(0.6, few.error).sure, "of a known spread it would be"


def test_a_single_seed_has_no_spread():
    assert over_draws([9.0]) == [] and together([]) == Uncertainty(0.0, inf)
