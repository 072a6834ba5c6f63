"""Images at other scales: drawn as functions of (seed, step), cut from photographs or from stored pixels."""

import numpy as np
import pytest
from PIL import Image

from reslab.data import at_scale, draw_lighting, draw_places, draw_scales, load_folder, scaled_crops
from reslab.data.colour import EIGENVALUES, EIGENVECTORS
from reslab.data.dataset import Images
from reslab.data.photo import scaled
from reslab.data.scaling import scaled_crop
from reslab.errors import DataError


def smooth(height: int, width: int) -> np.ndarray:
    y, x, c = np.mgrid[0:height, 0:width, 0:3].astype(np.float64)
    return np.rint(127.5 + 60 * np.sin(x / 9 + c) + 60 * np.cos(y / 7 - c)).astype(np.uint8)


def test_scales_are_uniform_with_both_ends_and_a_function_of_seed_and_step():
    scales = draw_scales(50_000, (256, 480), 3, 7)
    assert (scales.min(), scales.max()) == (256, 480) and len(set(scales.tolist())) == 225
    assert scales.mean() == pytest.approx(368, abs=1.5)
    assert (scales == draw_scales(50_000, (256, 480), 3, 7)).all()
    for seed, step in ((3, 8), (4, 7)):
        assert (scales != draw_scales(50_000, (256, 480), seed, step)).mean() > 0.9
    assert set(draw_scales(9, (64, 64), 0, 0)) == {64}


def test_places_reach_every_edge():
    places = draw_places(20_000, 0, 5)
    assert places.shape == (20_000, 2) and 0 <= places.min() < 0.001 and 0.999 < places.max() < 1
    assert abs(np.corrcoef(places.T)[0, 1]) < 0.03
    starts = (places * (30 - 24 + 1)).astype(int)
    assert starts.min() == 0 and starts.max() == 6 and np.bincount(starts[:, 0]).min() > 2_600


@pytest.mark.parametrize("shape", [(60, 80), (80, 60), (40, 40), (33, 77)])
@pytest.mark.parametrize("scale", [24, 31, 48])
@pytest.mark.parametrize("place", [(0.0, 0.0), (0.999, 0.999), (0.3, 0.6)])
def test_a_crop_is_that_of_the_scaled_whole(shape, scale, place):
    image = Image.fromarray(smooth(*shape))
    whole = scaled(image, scale)
    top, left = (int(part * (side - 24 + 1)) for part, side in zip(place, whole.shape[:2], strict=True))
    found = scaled_crop(image, scale, place, 24)
    assert found.shape == (24, 24, 3)
    assert abs(found.astype(int) - whole[top : top + 24, left : left + 24]).max() <= 2


def test_crops_come_from_the_whole_photograph_not_from_its_stored_square(tmp_path, make_photos):
    folder = make_photos(tmp_path / "photos", {"cat": 5, "dog": 5})
    red = np.zeros((16, 64, 3), np.uint8)
    red[:, :16, 0] = 255  # all of it outside the centre square
    Image.fromarray(red).save(folder / "cat" / "000.png")
    train = load_folder(folder, 16).splits["train"]
    index = train.photos.files.index("cat/000.png")
    assert not train.pixels[index, ..., 0].any()
    crops = scaled_crops(train, np.array([index, index]), np.array([16, 16]), np.array([[0, 0.0], [0, 0.99]]), 16)
    assert (crops[0, ..., 0] == 255).all() and not crops[1, ..., 0].any()
    (whole,) = at_scale(train, np.array([index]), 8)
    assert whole.shape == (8, 32, 3) and whole[:, 2, 0].min() > 200


def test_stored_images_are_enlarged():
    images = Images(np.stack([smooth(8, 8), smooth(8, 8)[::-1]]), np.array([0, 1]))
    crops = scaled_crops(images, np.array([1, 0]), np.array([9, 17]), np.array([[0.5, 0.5], [0, 0]]), 8)
    assert crops.shape == (2, 8, 8, 3)
    assert (crops[0] == scaled_crop(Image.fromarray(images.pixels[1]), 9, (0.5, 0.5), 8)).all()
    assert (at_scale(images, np.array([0]), 8)[0] == images.pixels[0]).all()


def test_a_photograph_that_is_gone_is_named(tmp_path, make_photos):
    folder = make_photos(tmp_path / "photos", {"cat": 5, "dog": 5})
    train = load_folder(folder, 16).splits["train"]
    (folder / train.photos.files[0]).unlink()
    with pytest.raises(DataError, match=train.photos.files[0]):
        scaled_crops(train, np.array([1, 0]), np.array([16, 16]), np.zeros((2, 2)), 16)


def test_row_i_of_the_pixels_is_photograph_i_also_where_some_were_skipped(tmp_path, make_photos):
    folder = make_photos(tmp_path / "photos", {"cat": 6, "dog": 6})
    (folder / "cat" / "001.png").write_bytes(b"torn")
    for images in load_folder(folder, 16, on_bad="skip").splits.values():
        for index in range(len(images)):
            (whole,) = at_scale(images, np.array([index]), 16)
            assert (whole[:, 4:20] == images.pixels[index]).all()


def test_lighting_has_the_published_covariance_along_colours():
    added = draw_lighting(200_000, 0.1, 1, 2).astype(np.float64) / 255
    expected = EIGENVECTORS @ np.diag((0.1 * EIGENVALUES) ** 2) @ EIGENVECTORS.T
    assert np.cov(added.T) == pytest.approx(expected, rel=0.02, abs=1e-7)
    assert added.mean(axis=0) == pytest.approx(np.zeros(3), abs=3e-4)
    assert pytest.approx(np.eye(3), abs=2e-3) == (EIGENVECTORS.T @ EIGENVECTORS)
    assert (draw_lighting(4, 0.1, 1, 2) == draw_lighting(4, 0.1, 1, 2)).all()
    assert (draw_lighting(4, 0.1, 1, 2) != draw_lighting(4, 0.1, 1, 3)).all()
