"""Colour jitter: how factors and orders are spread, and its pixels beside those of Pillow's ImageEnhance."""

from itertools import permutations

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from reslab.data import draw_factors, draw_orders, jittered

ENHANCE = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
LEFT = np.array([[0, 1, 2]])


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Of many colours, with white and black, so that much is clipped."""
    random = np.random.default_rng(0)
    coarse = random.integers(-40, 296, (6, 5, 7, 3)).clip(0, 255).astype(np.uint8)
    return np.stack([np.asarray(Image.fromarray(image).resize((20, 20))) for image in coarse])


def by_pillow(image: np.ndarray, factors, order) -> np.ndarray:
    picture = Image.fromarray(image)
    for what in order:
        picture = ENHANCE[what](picture).enhance(float(factors[what]))
    return np.asarray(picture).astype(int)


@pytest.mark.parametrize("what", [0, 1, 2])
@pytest.mark.parametrize("factor", [0.0, 0.3, 0.8, 1.0, 1.2, 1.9])
def test_each_is_pillows_but_for_rounding(images, what, factor):
    factors = np.ones((len(images), 3), np.float32)
    factors[:, what] = factor
    found = jittered(images, factors, np.repeat(LEFT, len(images), axis=0))
    expected = np.stack([by_pillow(image, row, (what,)) for image, row in zip(images, factors, strict=True)])
    # Pillow rounds down where this rounds to the nearest, and reckons with greys in whole levels.
    assert abs(found.astype(int) - expected).max() < 1.5 + abs(1 - factor)
    assert factor == 1 or abs(found.astype(int) - images).max() > 5
    assert factor != 1 or (found == images).all()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_all_three_in_their_order(images, order):
    factors = draw_factors(len(images), (0.5, 0.5, 0.5), 1, 2)
    found = jittered(images, factors, np.tile(order, (len(images), 1))).astype(int)
    expected = np.stack([by_pillow(image, row, order) for image, row in zip(images, factors, strict=True)])
    # Each of Pillow's roundings down may be made larger by what follows, by 1.5 at most each.
    assert abs(found - expected).max() <= 1 + 1.5 + 1.5**2 and abs(found - expected).mean() < 1.5
    other = np.stack([by_pillow(image, row, order[::-1]) for image, row in zip(images, factors, strict=True)])
    assert abs(found - other).max() > 6, "the order counts"


def test_an_image_does_not_know_of_its_batch(images):
    factors, orders = draw_factors(6, (0.4, 0.4, 0.4), 0, 0), draw_orders(6, 0, 0)
    whole = jittered(images, factors, orders)
    assert (jittered(images[2:5], factors[2:5], orders[2:5]) == whole[2:5]).all()


def test_factors_are_uniform_each_by_itself_and_a_function_of_seed_and_step():
    factors = draw_factors(40_000, (0.4, 0.2, 0.0), 3, 7)
    assert factors.min(axis=0) == pytest.approx([0.6, 0.8, 1], abs=1e-3)
    assert factors.max(axis=0) == pytest.approx([1.4, 1.2, 1], abs=1e-3)
    assert factors.mean(axis=0) == pytest.approx([1, 1, 1], abs=4e-3)
    assert factors.var(axis=0) == pytest.approx([0.8**2 / 12, 0.4**2 / 12, 0], rel=0.02)
    assert abs(np.corrcoef(factors[:, 0], factors[:, 1])[0, 1]) < 0.02
    assert (factors == draw_factors(40_000, (0.4, 0.2, 0.0), 3, 7)).all()
    assert (factors[:, 0] == draw_factors(40_000, (0.4, 0.0, 0.3), 3, 7)[:, 0]).all()
    for seed, step in ((3, 8), (4, 7)):
        assert (factors[:, 0] != draw_factors(40_000, (0.4, 0.2, 0.0), seed, step)[:, 0]).mean() > 0.9


def test_every_order_is_as_likely():
    orders = draw_orders(60_000, 0, 5)
    kinds, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(kinds) == 6 and counts == pytest.approx(np.full(6, 10_000), rel=0.03)
    assert (orders != draw_orders(60_000, 0, 6)).any()
