"""Batches and augmentation as functions of (seed, step)."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reslab.data import (
    Images,
    alternate_flips,
    batch_epochs,
    batch_indices,
    crop_and_flip,
    draw_crops,
    draw_flips,
    measure,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 5))
def test_every_epoch_visits_every_image_once(images, batch, seed):
    batch = min(batch, images)
    steps = -(-2 * images // batch)
    visited = np.concatenate([batch_indices(images, batch, seed, step) for step in range(steps)])
    assert sorted(visited[:images]) == list(range(images))
    assert sorted(visited[images : 2 * images]) == list(range(images))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 50), st.integers(1, 50), st.integers(0, 5))
def test_an_images_epoch_is_how_often_it_was_drawn_before(images, batch, seed):
    batch = min(batch, images)
    drawn = dict.fromkeys(range(images), 0)
    for step in range(3 * images // batch):
        for index, epoch in zip(
            batch_indices(images, batch, seed, step), batch_epochs(images, batch, step), strict=True
        ):
            assert epoch == drawn[index]
            drawn[index] += 1


def test_batches_are_full_and_repeatable():
    for step in (0, 7, 8, 1000):
        first, again = batch_indices(1000, 128, 3, step), batch_indices(1000, 128, 3, step)
        assert len(first) == 128 and np.array_equal(first, again)
    assert not np.array_equal(batch_indices(1000, 128, 3, 0), batch_indices(1000, 128, 4, 0))


def test_draws_are_pinned():
    # The same bytes for ever: a resume on another day, or on another version of NumPy, draws what the run would have.
    assert batch_indices(10, 5, 0, 0).tolist() == PINNED["order"]
    assert draw_crops(3, 4, 0, 0).tolist() == PINNED["crops"]
    assert draw_flips(8, 0, 0).tolist() == PINNED["flips"]
    assert alternate_flips(np.arange(8), np.zeros(8, np.int64), 8, 0).tolist() == PINNED["alternate"]
    assert alternate_flips(np.arange(8), np.ones(8, np.int64), 8, 0).tolist() == [not f for f in PINNED["alternate"]]


PINNED = {
    "order": [8, 3, 9, 0, 6],
    "crops": [[0, 0], [8, 2], [2, 4]],
    "alternate": [False, True, False, True, True, False, False, True],
    "flips": [False, False, False, True, True, True, False, True],
}


def test_draws_cover_what_they_should():
    crops = np.concatenate([draw_crops(128, 4, 0, step) for step in range(50)])
    assert set(crops[:, 0]) == set(crops[:, 1]) == set(range(9))
    flips = np.concatenate([draw_flips(128, 0, step) for step in range(50)])
    assert 0.47 < flips.mean() < 0.53


def test_cropping_in_the_middle_changes_nothing_and_flipping_twice_neither():
    images = torch.randn(4, 8, 8, 3)
    middle = torch.full((4, 2), 2)
    flips = torch.ones(4, dtype=torch.bool)
    assert torch.equal(crop_and_flip(images, middle, ~flips, 2), images)
    once = crop_and_flip(images, middle, flips, 2)
    assert torch.equal(once, images.flip(2))
    assert torch.equal(crop_and_flip(once, middle, flips, 2), images)


def test_a_corner_crop_shows_the_zero_border():
    images = torch.ones(1, 4, 4, 3)
    corner = crop_and_flip(images, torch.tensor([[0, 0]]), torch.tensor([False]), 2)
    assert not corner[:, :2].any() and not corner[:, :, :2].any() and corner[:, 2:, 2:].all()


def test_smaller_crops_are_cut_out_of_the_padded_image():
    images = torch.randn(40, 10, 10, 3)
    crops, flips = draw_crops(40, 2, 0, 0, spare=4), draw_flips(40, 0, 0)
    assert set(crops.flatten()) == set(range(9))  # from 0 to 10 + 2 * 2 - 6
    found = crop_and_flip(images, torch.from_numpy(crops), torch.from_numpy(flips), 2, 6)
    padded = np.pad(images.numpy(), ((0, 0), (2, 2), (2, 2), (0, 0)))
    for i, (top, left) in enumerate(crops):
        cut = padded[i, top : top + 6, left : left + 6]
        assert np.array_equal(found[i], cut[:, ::-1] if flips[i] else cut)


@pytest.mark.parametrize("mean", ["pixel", "channel"])
def test_preprocessing_is_mean_and_deviation(mean):
    pixels = np.random.default_rng(0).integers(0, 256, (300, 6, 6, 3), np.uint8)
    found = measure(Images(pixels, np.zeros(300, np.int64)), mean)
    axes = 0 if mean == "pixel" else (0, 1, 2)
    assert np.allclose(found.mean, pixels.mean(axis=axes).reshape(found.mean.shape), atol=1e-3)
    assert found.std == pytest.approx((pixels - pixels.mean(axis=0)).std(), rel=1e-5)


def test_images_that_are_all_alike_do_not_divide_by_zero():
    assert measure(Images(np.full((5, 8, 8, 3), 7, np.uint8), np.zeros(5, np.int64)), "pixel").std == 1.0
