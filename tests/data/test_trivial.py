"""TrivialAugment: its operations beside torchvision's, how they are drawn, and where an image is empty."""

import json
from pathlib import Path

import numpy as np
import pytest

from reslab.data import draw_operations, filled, operated
from reslab.data.trivial import MOVING, OPERATIONS

# Of torchvision, on an image of 6 x 7 pixels; "made with" says how. Its strengths are fp32: where one is a whole number
# and rounded down there (15 of translations; factors of enhancement at 20, -20, -28 and -30), ours differs by one.
TORCHVISION = json.loads((Path(__file__).parent / "trivial.json").read_text())


def pixels(text: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(text), np.uint8).reshape(6, 7, 3)


def after(image: np.ndarray, name: str, strength: int) -> tuple[np.ndarray, np.ndarray]:
    changed, empty = operated(image[None], np.array([[OPERATIONS.index(name), strength]]))
    return changed[0], empty[0]


@pytest.fixture
def image() -> np.ndarray:
    return pixels(TORCHVISION["image"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_torchvisions_byte_for_byte(image, name):
    for strength, expected in TORCHVISION["expected"][name].items():
        assert (after(image, name, int(strength))[0] == pixels(expected)).all(), strength


def test_all_of_torchvisions_are_there():
    assert set(OPERATIONS) == set(TORCHVISION["expected"]) and len(OPERATIONS) == 14


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in ("autocontrast", "equalize")])
def test_without_strength_nothing_happens(image, name):
    image = np.minimum(image, 254)  # white alone is turned over by the weakest solarisation
    found, empty = after(image, name, 0)
    assert (found == image).all() and not empty.any()


def test_what_was_moved_away_leaves_empty_pixels(image):
    image = np.maximum(image, 1)
    for name in OPERATIONS:
        changed, empty = after(image, name, 4)
        assert empty.any() == (name in MOVING), name
        assert (changed[empty] == 0).all()
        assert name not in MOVING or (changed[~empty] > 0).all()
    assert after(image, "translate x", 4)[1].sum() == 6 * 4, "by 4 of 32 pixels to the right"
    assert after(image, "translate y", -30)[1].all(), "32 pixels, however large the image is"


def test_empty_pixels_take_the_mean_at_their_place():
    images, empty = np.full((2, 3, 3, 3), 9, np.uint8), np.zeros((2, 3, 3), bool)
    empty[1, 2, 0] = True
    mean = np.arange(27, dtype=np.float32).reshape(3, 3, 3) + 0.4
    found = filled(images, empty, mean)
    assert found[1, 2, 0].tolist() == [18, 19, 20] and (found[~empty] == 9).all() and (images == 9).all()
    assert filled(images, empty, np.array([[[7.6, 1, 2]]], np.float32))[1, 2, 0].tolist() == [8, 1, 2]


def test_an_image_does_not_know_of_its_batch():
    images = np.random.default_rng(0).integers(0, 256, (28, 9, 9, 3), np.uint8)
    drawn = np.stack([np.repeat(np.arange(14), 2), np.tile([-6, 8], 14)], axis=1)
    before, (whole, empty) = images.copy(), operated(images, drawn)
    part, part_empty = operated(images[5:20], drawn[5:20])
    assert (part == whole[5:20]).all() and (part_empty == empty[5:20]).all() and (images == before).all()


def test_operations_and_strengths_are_drawn_evenly_as_a_function_of_seed_and_step():
    drawn = draw_operations(120_000, 3, 7)
    which, strengths = drawn.T
    assert np.bincount(which) == pytest.approx(np.full(14, 120_000 / 14), rel=0.05)
    assert np.bincount(abs(strengths)) == pytest.approx(np.full(31, 120_000 / 31), rel=0.08)
    assert (strengths > 0).sum() / (strengths != 0).sum() == pytest.approx(0.5, abs=0.01)
    assert abs(np.corrcoef(which, strengths)[0, 1]) < 0.02
    assert (drawn == draw_operations(120_000, 3, 7)).all()
    for seed, step in ((3, 8), (4, 7)):
        assert (drawn != draw_operations(120_000, seed, step)).any(1).mean() > 0.9
