"""Spreads of the same seeds against each other: Pitman's and Morgan's test."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from reslab.experiments.spread import spread_ratio


@pytest.mark.parametrize("n", [4, 5, 20])
def test_it_is_the_correlation_of_sums_and_differences(n):
    random = np.random.default_rng(n)
    ours = random.normal(0, 2, n)
    theirs = ours / 2 + random.normal(0, 1, n)
    found = spread_ratio(list(ours), list(theirs))
    assert found.times == pytest.approx(ours.std(ddof=1) / theirs.std(ddof=1))
    assert found.p == pytest.approx(pearsonr(ours - theirs, ours + theirs).pvalue)


def test_chance_brings_a_sure_one_about_once_in_twenty_times():
    random = np.random.default_rng(0)
    sure = [spread_ratio(*random.normal(0, 1, (2, 5)).tolist()).sure for _ in range(2000)]
    assert 0.03 < np.mean(sure) < 0.065


def test_on_one_line():
    assert spread_ratio([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0]).p == 0
    same = spread_ratio([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0])
    assert (same.times, same.p, same.sure) == (1, 1, False)


@pytest.mark.parametrize("theirs", [[2.0, 2.0, 2.0, 2.0], [1.0, 2.0, 3.0], []])
def test_too_few_or_no_spread(theirs):
    assert spread_ratio([1.0, 2.0, 3.0, 5.0][: len(theirs)], theirs) is None
