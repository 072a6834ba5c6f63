"""Random erasing: how rectangles are spread, and which pixels take the mean."""

import numpy as np
import pytest

from reslab.data import draw_erased, erased


def test_rectangles_have_the_published_parts_and_shapes():
    drawn = draw_erased(40_000, 1.0, 1000, 3, 7)
    height, width = (drawn[:, 2:] - drawn[:, :2]).T
    parts, aspects = height * width / 1000**2, width / height
    assert parts.min() == pytest.approx(0.02, abs=1e-3) and parts.max() == pytest.approx(0.33, abs=1e-3)
    assert np.quantile(parts, (0.25, 0.5, 0.75)) == pytest.approx(np.linspace(0.02, 0.33, 5)[1:4], abs=0.005)
    assert aspects.min() == pytest.approx(0.3, abs=0.01) and aspects.max() == pytest.approx(3.3, abs=0.1)
    free = parts < 0.3  # every shape fits
    expected = np.quantile(np.linspace(np.log(0.3), np.log(3.3), 101), (0.25, 0.5, 0.75))
    assert np.quantile(np.log(aspects[free]), (0.25, 0.5, 0.75)) == pytest.approx(expected, abs=0.03)
    assert drawn.min() == 0 and drawn.max() == 1000 and (drawn[:, :2] < drawn[:, 2:]).all()
    middles = (drawn[:, :2] + drawn[:, 2:]).mean(axis=0) / 2
    assert middles == pytest.approx([500, 500], abs=5)


@pytest.mark.parametrize("size", [8, 32])
def test_so_many_are_erased_each_a_pixel_at_least(size):
    drawn = draw_erased(20_000, 0.25, size, 0, 5)
    some = drawn.any(axis=1)
    assert some.mean() == pytest.approx(0.25, abs=0.01)
    assert (drawn[some, 2:] > drawn[some, :2]).all() and drawn.max() == size
    assert (drawn == draw_erased(20_000, 0.25, size, 0, 5)).all()
    for seed, step in ((0, 6), (1, 5)):
        assert (drawn != draw_erased(20_000, 0.25, size, seed, step)).any(axis=1).mean() > 0.3
    assert not draw_erased(100, 0.0, size, 0, 5).any()


@pytest.mark.parametrize("mean", [np.full((1, 1, 3), 99.6), np.arange(10 * 10 * 3).reshape(10, 10, 3) / 1.7])
def test_what_is_erased_is_the_mean_where_the_crop_has_it(mean):
    images = np.random.default_rng(0).integers(200, 256, (3, 10, 10, 3), np.uint8)
    before = images.copy()
    rectangles = np.array([[1, 2, 4, 9], [0, 0, 0, 0], [0, 3, 10, 6]])
    origins = np.array([[-2, 0], [0, 0], [3, -1]])
    found = erased(images, rectangles, origins, mean.astype(np.float32))
    assert (images == before).all()
    expected = before.copy()
    for number, ((top, left, bottom, right), (down, along)) in enumerate(zip(rectangles, origins, strict=True)):
        for row in range(10):
            for column in range(10):
                if top <= row - down < bottom and left <= column - along < right:
                    expected[number, row, column] = np.rint(np.broadcast_to(mean, (10, 10, 3))[row, column])
    assert (found == expected).all() and (found[0] != before[0]).any() and (found[1] == before[1]).all()
