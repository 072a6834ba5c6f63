"""Random resized crops: how parts and shapes are spread, and what is cut out, beside crops made step by step."""

import numpy as np
import pytest
from PIL import Image

from reslab.data import area_crops, draw_areas, draw_places, load_folder
from reslab.data.areas import area_crop, part_of_area, sides
from reslab.data.dataset import Images
from reslab.errors import DataError

ASPECT = (3 / 4, 4 / 3)


def smooth(height: int, width: int) -> np.ndarray:
    y, x, c = np.mgrid[0:height, 0:width, 0:3].astype(np.float64)
    return np.rint(127.5 + 60 * np.sin(x / 9 + c) + 60 * np.cos(y / 7 - c)).astype(np.uint8)


def uniform(values: np.ndarray, lowest: float, highest: float) -> float:
    """The largest distance of the values' distribution from a uniform one (Kolmogorov and Smirnov's statistic)."""
    places = (np.sort(values) - lowest) / (highest - lowest)
    return float(abs(places - np.linspace(0, 1, len(values))).max())


def parts_of(drawn: np.ndarray, ratio: float, area: tuple[float, float] = (0.08, 1.0)) -> np.ndarray:
    return np.array([part_of_area(float(one), area, ASPECT, ratio) for one in drawn])


def test_draws_are_uniform_and_a_function_of_seed_and_step():
    parts, shapes = draw_areas(40_000, 3, 7)
    assert uniform(parts, 0, 1) < 0.01 and uniform(shapes, 0, 1) < 0.01
    assert abs(np.corrcoef(parts, shapes)[0, 1]) < 0.02
    assert (parts == draw_areas(40_000, 3, 7)[0]).all()
    for seed, step in ((3, 8), (4, 7)):
        assert (parts != draw_areas(40_000, seed, step)[0]).mean() > 0.9


# The largest crop of an image of 3:2 with an aspect of 4:3 is 8/9 of it; of 16:9 three quarters, of 4:1 a third.
@pytest.mark.parametrize(
    ("ratio", "largest"),
    [(1.0, 1), (4 / 3, 1), (3 / 4, 1), (1.5, 8 / 9), (2 / 3, 8 / 9), (16 / 9, 3 / 4), (9 / 16, 3 / 4), (4.0, 1 / 3)],
)
def test_crops_are_as_large_as_drawn_and_evenly_spread_up_to_the_largest_that_fits(ratio, largest):
    drawn, shapes = draw_areas(40_000, 1, 2)
    width, height = sides(parts_of(drawn, ratio), shapes, ASPECT, ratio)
    assert width.max() <= 1 and height.max() <= 1
    area, aspect = width * height, ratio * width / height
    assert np.allclose(area, 0.08 + (largest - 0.08) * drawn) and uniform(area, 0.08, largest) < 0.01
    assert aspect.min() >= 0.7499 and aspect.max() <= 1.3334
    assert (area > largest - 1e-3).mean() < 0.005, "nothing piles up at the largest"


@pytest.mark.parametrize("ratio", [1.0, 1.5, 0.6])
def test_aspects_are_log_uniform_among_those_that_fit(ratio):
    drawn, shapes = draw_areas(40_000, 1, 2)
    parts = parts_of(drawn, ratio)
    width, height = sides(parts, shapes, ASPECT, ratio)
    aspect = ratio * width / height
    free = (parts * ratio <= ASPECT[0]) & (ASPECT[1] <= ratio / parts)  # every aspect fits
    assert free.sum() > 5_000 and uniform(np.log(aspect[free]), *np.log(ASPECT)) < 0.02
    low, high = np.maximum(ASPECT[0], parts * ratio), np.minimum(ASPECT[1], ratio / parts)
    some = ~free & (high / low > 1.01)  # of which some fit only: the logarithm is even between these ends
    assert uniform((np.log(aspect / low) / np.log(high / low))[some], 0, 1) < 0.03


def test_of_a_panorama_of_which_no_crop_is_so_large_the_largest():
    for ratio, largest in ((4.0, (ASPECT[1] / 4, 1)), (0.25, (1, 0.25 / ASPECT[0]))):
        part = part_of_area(0.3, (0.9, 1.0), ASPECT, ratio)
        assert [float(side) for side in sides(part, 0.5, ASPECT, ratio)] == pytest.approx(largest)


@pytest.mark.parametrize("shape", [(60, 80), (80, 60), (64, 64)])
@pytest.mark.parametrize("place", [(0.0, 0.0), (0.999, 0.999), (0.3, 0.6)])
@pytest.mark.parametrize("part", [0.25, 0.6])
def test_a_crop_is_what_is_cut_out_and_then_scaled(shape, place, part):
    image = Image.fromarray(smooth(*shape))
    found = area_crop(image, (0.5, 0.8), (part, part), ASPECT, place, 24)
    across, down = sides(part, 0.8, ASPECT, image.width / image.height)
    width, height = round(across * image.width), round(down * image.height)
    left, top = round(place[1] * (image.width - width)), round(place[0] * (image.height - height))
    expected = image.crop((left, top, left + width, top + height)).resize((24, 24), Image.Resampling.BICUBIC)
    # Whole pixels there, parts of pixels here: half a pixel of a picture that changes by 12 levels a pixel.
    assert found.shape == (24, 24, 3) and abs(found.astype(int) - np.asarray(expected)).mean() <= 4


def test_the_whole_area_is_the_whole_image():
    pixels = smooth(24, 24)
    assert (area_crop(Image.fromarray(pixels), (1.0, 0.7), (0.08, 1.0), ASPECT, (0.4, 0.9), 24) == pixels).all()


def test_crops_come_from_the_whole_photograph_not_from_its_stored_square(tmp_path, make_photos):
    folder = make_photos(tmp_path / "photos", {"cat": 5, "dog": 5})
    red = np.zeros((16, 64, 3), np.uint8)
    red[:, :16, 0] = 255  # all of it outside the centre square
    Image.fromarray(red).save(folder / "cat" / "000.png")
    train = load_folder(folder, 16).splits["train"]
    index = np.array([train.photos.files.index("cat/000.png")] * 2)
    assert not train.pixels[index, ..., 0].any()
    drawn, places = (np.zeros(2), np.full(2, 0.5)), np.array([[0, 0.0], [0, 0.99]])
    crops = area_crops(train, index, drawn, (0.2, 1.0), (0.9, 1.1), places, 16)
    assert crops[0, ..., 0].min() > 200 and not crops[1, ..., 0].any()


def test_stored_images_are_enlarged():
    images = Images(np.stack([smooth(8, 8), smooth(8, 8)[::-1]]), np.array([0, 1]))
    (parts, shapes), places, area = draw_areas(2, 0, 0), draw_places(2, 0, 0), (0.25, 1.0)
    crops = area_crops(images, np.array([1, 0]), (parts, shapes), area, ASPECT, places, 8)
    expected = area_crop(Image.fromarray(images.pixels[1]), (parts[0], shapes[0]), area, ASPECT, tuple(places[0]), 8)
    assert crops.shape == (2, 8, 8, 3) and (crops[0] == expected).all() and (crops[0] != images.pixels[1]).any()


def test_large_photographs_are_decoded_small_but_never_too_small(monkeypatch):
    asked = []

    def picture(self, index, enough):
        asked.append(enough)
        return Image.new("RGB", (300, 200))

    monkeypatch.setattr(Images, "picture", picture)
    images = Images(np.zeros((1, 8, 8, 3), np.uint8), np.array([0]))
    for part in (0.08, 1.0):
        area_crops(images, np.array([0]), (np.zeros(1), np.zeros(1)), (part, part), ASPECT, np.zeros((1, 2)), 32)
        across, down = sides(part, 0.0, ASPECT, 1.0)
        # Of a square that has as many pixels a side as was asked for, the crop has twice the net's.
        assert min(across, down) * asked[-1] >= 2 * 32
    assert asked == [262, 74]
    area_crops(images, np.array([0]), (np.ones(1), np.zeros(1)), (0.5, 1.0), (0.25, 0.5), np.zeros((1, 2)), 32)
    assert asked[-1] == 182, "no more than half of a square is cut out so"


def test_a_photograph_that_is_gone_is_named(tmp_path, make_photos):
    folder = make_photos(tmp_path / "photos", {"cat": 5, "dog": 5})
    train = load_folder(folder, 16).splits["train"]
    (folder / train.photos.files[0]).unlink()
    with pytest.raises(DataError, match=train.photos.files[0]):
        area_crops(train, np.array([1, 0]), (np.zeros(2), np.zeros(2)), (0.5, 1.0), ASPECT, np.zeros((2, 2)), 16)
