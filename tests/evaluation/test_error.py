"""Error rates against ten-line versions, and on odd scores."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reslab.evaluation import cross_entropy, softmax, top_error


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(2, 12), st.integers(1, 5), st.integers(0, 100))
def test_top_k_is_membership_in_the_k_highest(images, classes, k, seed):
    random = np.random.default_rng(seed)
    scores, labels = random.normal(size=(images, classes)), random.integers(0, classes, images)
    wrong = [label not in np.argsort(-row)[:k] for row, label in zip(scores, labels, strict=True)]
    expected = None if k >= classes else pytest.approx(100 * np.mean(wrong), abs=1e-3)
    assert top_error(scores, labels, k) == expected


def test_ties_go_to_the_earlier_class():
    scores = np.zeros((2, 3))
    assert top_error(scores, np.array([0, 2])) == 50.0


def test_scores_that_are_no_numbers_are_errors():
    scores = np.array([[np.nan, np.nan], [1.0, 0.0]])
    assert top_error(scores, np.array([0, 0])) == 50.0


def test_cross_entropy_and_softmax_are_pytorchs():
    scores = np.random.default_rng(0).normal(scale=30, size=(50, 7)).astype(np.float32)
    labels = np.random.default_rng(1).integers(0, 7, 50)
    theirs = torch.nn.functional.cross_entropy(torch.from_numpy(scores), torch.from_numpy(labels)).item()
    assert cross_entropy(scores, labels) == pytest.approx(theirs, rel=1e-5)
    assert np.allclose(softmax(scores), torch.from_numpy(scores).softmax(1), atol=1e-6)


@pytest.mark.parametrize("infinite", [np.inf, -np.inf])
def test_scores_of_a_net_that_has_diverged_are_errors_without_a_warning(infinite):
    """Infinite scores, some of them or all: no probabilities where the highest one is, and always an error."""
    scores, labels = np.array([[infinite, 1.0, 2.0], [infinite] * 3], np.float32), np.array([2, 0])
    seen = softmax(scores)
    assert np.isnan(seen[1]).all() and np.isnan(seen[0]).all() == (infinite > 0)
    assert not np.isfinite(cross_entropy(scores, labels)) and top_error(scores, labels) == 100.0
