"""Images of one contrast, and whitened: each against its definition, written out in double precision."""

import numpy as np
import pytest
import torch

from reslab.data import ContrastNormalisation, Images, Preprocessing, by_colour, measure_contrast
from reslab.data.contrast import FILTER_BIAS, LENGTH, to_one_contrast
from reslab.errors import UsageError


def even_by_hand(pixels: np.ndarray) -> np.ndarray:
    """pylearn2's global_contrast_normalize(X, scale=55) of 3,072 values, of as many as there are; fp64 (N, D)."""
    flat = pixels.reshape(len(pixels), -1).astype(np.float64)
    centred = flat - flat.mean(axis=1, keepdims=True)
    scale = 55 * np.sqrt(flat.shape[1] / 3072)
    return centred * scale / np.linalg.norm(centred, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def images() -> Images:
    """Smooth ones, some of them dark, some pale."""
    drawn = np.random.default_rng(3)
    rows = np.cumsum(drawn.normal(0, 9, (300, 8, 8, 3)), axis=1) + drawn.uniform(60, 180, (300, 1, 1, 1))
    return Images(np.clip(rows, 0, 255).astype(np.uint8), np.zeros(300, np.int64))


def contrasted(images: Images, mean: str, whiten: bool) -> np.ndarray:
    found = ContrastNormalisation(measure_contrast(images, mean, whiten))(torch.from_numpy(images.pixels))
    assert found.shape == images.pixels.shape and found.dtype == torch.float32
    return found.flatten(1).double().numpy()


def test_each_image_is_brought_to_one_length_less_the_mean_image(images):
    expected = even_by_hand(images.pixels)
    assert np.allclose(contrasted(images, "pixel", False), expected - expected.mean(axis=0), atol=1e-4)
    assert np.allclose(np.square(expected).mean(axis=1), LENGTH**2)


def test_the_mean_colour_is_one_number_a_colour(images):
    expected = even_by_hand(images.pixels).reshape(images.pixels.shape)
    expected -= expected.mean(axis=(0, 1, 2), keepdims=True)
    assert np.allclose(contrasted(images, "channel", False), expected.reshape(300, -1), atol=1e-4)


def test_brightness_and_contrast_of_a_photograph_change_nothing(images):
    changed = Images((images.pixels // 4 * 2 + 60).astype(np.uint8), images.labels)
    coarse = Images((images.pixels // 4 * 4).astype(np.uint8), images.labels)
    assert np.allclose(contrasted(changed, "pixel", False), contrasted(coarse, "pixel", False), atol=1e-4)


def test_whitened_images_vary_alike_in_all_directions_but_for_the_bias(images):
    even = even_by_hand(images.pixels)
    variances, directions = np.linalg.eigh(np.cov(even.T, bias=True))
    whitened = contrasted(images, "pixel", True)
    expected = variances / (variances + FILTER_BIAS)
    assert np.allclose(np.cov((whitened @ directions).T, bias=True), np.diag(expected), atol=2e-3)
    assert expected.max() > 0.9
    matrix = measure_contrast(images, "pixel", True).whitening
    assert matrix is not None and np.allclose(matrix, matrix.T, atol=1e-5), "turned by nothing: ZCA"


def test_an_image_of_one_colour_is_no_number_too_large(images):
    one = torch.full((1, 8, 8, 3), 77, dtype=torch.uint8)
    for whiten in (False, True):
        contrast = measure_contrast(images, "pixel", whiten)
        assert torch.equal(ContrastNormalisation(contrast)(one), ContrastNormalisation(contrast)(one + 100))
        assert ContrastNormalisation(contrast)(one).abs().max() < 20


def test_only_what_is_not_whitened_takes_any_size(images):
    mean = np.full((8, 8, 3), 120, np.float32)
    even, white = (Preprocessing(mean, 60.0, 8, contrast=measure_contrast(images, "pixel", w)) for w in (False, True))
    assert not even.any_size and by_colour(even).any_size and not white.any_size
    assert by_colour(even).contrast.centre.shape == (1, 1, 3)
    with pytest.raises(UsageError, match="images that are whitened have one: give --views 10"):
        by_colour(white)
    assert repr(white).endswith("size 8, of one contrast (GCN), whitened (ZCA))")
    assert repr(even).endswith("size 8, of one contrast (GCN))")


def test_pixels_that_may_not_be_written_to_are_read(images):
    locked = Images(images.pixels.copy(), images.labels)
    locked.pixels.flags.writeable = False
    assert np.array_equal(
        measure_contrast(locked, "pixel", True).centre, measure_contrast(images, "pixel", True).centre
    )


def test_what_rounding_leaves_of_one_grey_is_not_blown_up():
    grey = torch.full((1, 4, 4, 3), 77.0)
    grey[0, 0, 0, 0] += 4e-6
    grey[0, 1] += 8e-6
    assert to_one_contrast(grey).abs().max() < 0.05
