"""Nearly the same photograph: found when it was scaled, encoded anew or brightened, and not taken for another one."""

import io
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from reslab.data import index_folder, likeness
from reslab.data.likeness import FLAT, SIDE, alike
from reslab.data.traits import look_at


def encoded(image: Image.Image, kind: str, **choices) -> Image.Image:
    """As it comes back from a file of this kind."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **choices)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def scaled_by(image: Image.Image, factor: float, how=Image.Resampling.LANCZOS) -> Image.Image:
    return image.resize((round(image.width * factor), round(image.height * factor)), how)


COPIES = {
    "half": lambda i: scaled_by(i, 0.5),
    "a quarter, bilinear": lambda i: scaled_by(i, 0.25, Image.Resampling.BILINEAR),
    "larger": lambda i: scaled_by(i, 1.7, Image.Resampling.BICUBIC),
    "JPEG 90": lambda i: encoded(i, "JPEG", quality=90),
    "JPEG 30": lambda i: encoded(i, "JPEG", quality=30),
    "WebP 50": lambda i: encoded(i, "WEBP", quality=50),
    "GIF": lambda i: encoded(i.quantize(256), "GIF"),
    "brighter": lambda i: ImageEnhance.Brightness(i).enhance(1.15),
    "darker": lambda i: ImageEnhance.Brightness(i).enhance(0.7),
    "more contrast": lambda i: ImageEnhance.Contrast(i).enhance(1.2),
    "grey": lambda i: i.convert("L"),
    "scaled, darker, JPEG 40": lambda i: encoded(
        ImageEnhance.Brightness(scaled_by(i, 0.6)).enhance(0.85), "JPEG", quality=40
    ),
}


def looked_at(folder, pictures):
    """Small pictures and shapes of pictures that are saved without loss."""
    looks = []
    for number, picture in enumerate(pictures):
        picture.save(folder / f"{number}.png")
        looks.append(look_at(folder / f"{number}.png"))
    return np.stack([look.small for look in looks]), np.array([look.size[0] / look.size[1] for look in looks])


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_copies_of_scenes_are_found_among_others(tmp_path, make_scene, copy):
    scenes = [make_scene(seed, (160, 120)) for seed in range(12)]
    found = alike(*looked_at(tmp_path, [*scenes, *map(copy, scenes[:6])]))
    assert found == [[number, 12 + number] for number in range(6)]


def test_what_is_mirrored_cropped_or_of_another_shape_is_another_picture(tmp_path, make_scene):
    scene = make_scene(1)
    others = [
        scene.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        scene.crop((60, 40, 280, 220)),
        scene.resize((320, 300)),
        scene.rotate(90, expand=True),
    ]
    for other in others:
        assert alike(*looked_at(tmp_path, [scene, other])) == []


def test_who_is_like_one_of_a_group_is_of_the_group(tmp_path, make_scene):
    scene, other = make_scene(1), make_scene(2)
    assert alike(*looked_at(tmp_path, [other, scene, scaled_by(scene, 0.5), scaled_by(scene, 2)])) == [[1, 2, 3]]


def test_even_pictures_are_not_compared():
    noise = np.random.default_rng(0).normal(128, FLAT / 2, (50, SIDE, SIDE)).round().astype(np.uint8)
    assert alike(noise, np.ones(50)) == []
    assert alike(np.full((50, SIDE, SIDE), 255, np.uint8), np.ones(50)) == []
    assert alike(np.empty((0, SIDE, SIDE), np.uint8), np.empty(0)) == []


def blurred(rng: np.random.Generator, count: int) -> np.ndarray:
    """Small pictures as photographs have them: neighbours are alike."""
    noise = rng.normal(size=(count, SIDE, SIDE))
    for axis in (1, 2):
        noise = (noise + np.roll(noise, 1, axis) + np.roll(noise, 2, axis)) / 3
    return (128 + 120 * noise).clip(0, 255).astype(np.uint8)


def test_the_same_bits_are_not_enough(monkeypatch):
    light = blurred(np.random.default_rng(2), 1)[0]
    dark = (255 * (light / 255) ** 4).astype(np.uint8)  # where one is brighter the other is, too
    pair = np.stack([light, dark])
    assert alike(pair, np.ones(2)) == []
    monkeypatch.setattr(likeness, "ALIKE", 0.6)
    assert alike(pair, np.ones(2)) == [[0, 1]]


def test_of_thousands_exactly_the_copies_are_found():
    rng = np.random.default_rng(0)
    smalls = blurred(rng, 6_000)
    copied = rng.permutation(6_000)[:300]
    again = (smalls[copied] + rng.normal(0, 0.7, (300, SIDE, SIDE))).round().clip(0, 255).astype(np.uint8)
    found = alike(np.concatenate([smalls, again]), np.ones(6_300))
    assert sorted(map(tuple, found)) == sorted((int(row), 6_000 + place) for place, row in enumerate(copied))


def test_very_many_of_the_same_hash_cost_no_more_than_their_number(monkeypatch):
    compared, real = [], likeness._same
    monkeypatch.setattr(likeness, "_same", lambda *of: compared.append(len(of[2])) or real(*of))
    (group,) = alike(np.repeat(blurred(np.random.default_rng(1), 1), 3_000, axis=0), np.ones(3_000))
    assert group == list(range(3_000)) and compared[0] <= 3_000 * likeness.LONGEST_RUN


@pytest.mark.slow
def test_real_photographs_are_found_again_and_not_taken_for_each_other(real_data, tmp_path):
    """A few dozen in every form, each with its own; and among themselves there is no pair."""
    folder = real_data / "caltech-10"
    files = index_folder(folder).files["train"][::37]
    photographs = [Image.open(folder / file).convert("RGB") for file in files]
    originals, count = looked_at(tmp_path, photographs), len(photographs)
    assert count > 30 and alike(*originals) == []
    missed = 0
    for copy in COPIES.values():
        copies = looked_at(tmp_path, map(copy, photographs))
        groups = alike(*(np.concatenate(both) for both in zip(originals, copies, strict=True)))
        pairs = {pair for group in groups for pair in combinations(group, 2)}
        own = {(number, count + number) for number in range(count)}
        assert pairs <= own
        missed += len(own - pairs)
    assert missed <= 0.02 * count * len(COPIES)
