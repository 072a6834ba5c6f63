"""mixup and CutMix: how lambda and boxes are spread, and which pixels of which image a mixed one has."""

import numpy as np
import pytest
import torch

from reslab.data import Mixing, before, draw_mixing, mixed
from reslab.data.mixing import cut_mixing


@pytest.mark.parametrize("alpha", [0.2, 1.0, 8.0])
def test_lambda_is_of_its_beta_distribution_and_a_function_of_seed_and_step(alpha):
    own = np.array([draw_mixing(alpha, 0, 32, 0, step).own for step in range(4_000)])
    assert own.mean() == pytest.approx(0.5, abs=0.03) and own.min() >= 0 and own.max() <= 1
    assert own.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.08)
    assert own[7] == draw_mixing(alpha, 0, 32, 0, 7).own != draw_mixing(alpha, 0, 32, 1, 7).own


def test_of_both_each_batch_takes_one_half_of_them_each():
    drawn = [draw_mixing(0.2, 1.0, 32, 5, step) for step in range(4_000)]
    cut = np.array([mixing.box is not None for mixing in drawn])
    assert cut.mean() == pytest.approx(0.5, abs=0.03)
    own = np.array([mixing.own for mixing in drawn])[~cut]
    assert own.var() == pytest.approx(1 / (4 * 1.4), rel=0.1), "mixup keeps its own alpha"
    assert all(draw_mixing(0, 1.0, 32, 5, step).box for step in range(100))


def test_boxes_are_anywhere_and_lambda_is_the_area_that_is_left():
    drawn = [draw_mixing(0, 1.0, 16, 3, step) for step in range(3_000)]
    covered = np.zeros((16, 16))
    for mixing in drawn:
        inside = np.zeros((16, 16), bool)
        top, left, bottom, right = mixing.box
        inside[top:bottom, left:right] = True
        covered += inside
        assert mixing.own == pytest.approx(1 - inside.mean())
    assert covered.min() > 0.1 * len(drawn), "every pixel is reached"
    assert np.ptp([mixing.own for mixing in drawn]) > 0.7


@pytest.mark.parametrize(
    ("own", "centre", "box"),
    [
        (0.75, (8, 10), (4, 6, 12, 14)),  # a quarter of the area is half of a side
        (0.75, (0, 15), (0, 11, 4, 16)),  # what reaches beyond the edges is cut off
        (0.0, (8, 8), (0, 0, 16, 16)),
        (1.0, (3, 5), (3, 5, 3, 5)),
    ],
)
def test_a_box_has_the_part_that_is_not_its_own(own, centre, box):
    found = cut_mixing(own, np.array(centre), 16)
    assert found.box == box
    assert found.own == 1 - (box[2] - box[0]) * (box[3] - box[1]) / 256


def test_every_image_is_mixed_with_the_one_before_it():
    images = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 6, 6, 3)))
    over, cut = mixed(images.clone(), Mixing(0.3)), mixed(images.clone(), Mixing(0.9, (1, 2, 4, 6)))
    for number in range(5):
        other = images[number - 1]
        assert torch.allclose(over[number], 0.3 * images[number] + 0.7 * other)
        expected = images[number].clone()
        expected[1:4, 2:6] = other[1:4, 2:6]
        assert torch.equal(cut[number], expected)
    assert before(np.arange(5)).tolist() == [4, 0, 1, 2, 3]
