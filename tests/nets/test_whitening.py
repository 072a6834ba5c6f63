"""Filters that whiten: against what they promise of their responses, and against a singular value decomposition."""

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch.nn.functional import avg_pool2d, conv2d

from reslab.errors import UsageError
from reslab.nets import whitening_filters


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    """Noise that is smooth, as photographs are: neighbouring pixels are correlated."""
    noise = torch.randn(300, 3, 14, 14, generator=torch.Generator().manual_seed(0))
    return 3 * avg_pool2d(noise + noise.mean(1, keepdim=True), 3, 1)


@pytest.mark.parametrize(("count", "kernel"), [(16, 3), (64, 7)])
def test_responses_are_uncorrelated_and_of_mean_square_1(images, count, kernel):
    filters = whitening_filters([images], (count, 3, kernel, kernel))
    responses = conv2d(images, filters).permute(1, 0, 2, 3).flatten(1).double()
    one = torch.eye(count // 2, dtype=torch.double)
    expected = torch.cat([torch.cat([one, -one], 1), torch.cat([-one, one], 1)])
    assert torch.allclose(responses @ responses.T / responses.shape[1], expected, atol=2e-3)


def test_they_span_the_strongest_components(images):
    ours = whitening_filters([images], (16, 3, 3, 3))[:8].flatten(1).double().numpy()
    patches = sliding_window_view(images.numpy(), (3, 3), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5).reshape(-1, 27)
    strongest = np.linalg.svd(patches.astype(np.float64), full_matrices=False)[2][:8]
    directions = ours / np.linalg.norm(ours, axis=1, keepdims=True)
    assert np.allclose(np.abs(np.sum(directions * strongest, axis=1)), 1, atol=1e-4)


def test_portions_do_not_matter(images):
    whole = whitening_filters([images], (16, 3, 3, 3))
    assert torch.allclose(whole, whitening_filters(images.split(70), (16, 3, 3, 3)), atol=1e-4)


def test_what_does_not_vary_is_not_blown_up():
    flat = torch.ones(10, 3, 8, 8)  # one component, and 26 of nothing
    filters = whitening_filters([flat], (16, 3, 3, 3))
    assert torch.isfinite(filters).all() and filters.flatten(1).norm(dim=1).max() < 50


def test_more_filters_than_components_are_refused(images):
    with pytest.raises(UsageError, match="56 filters need 28 components, and patches of 3x3x3 have 27"):
        whitening_filters([images], (56, 3, 3, 3))
