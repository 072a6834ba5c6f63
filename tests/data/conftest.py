"""Data sets in miniature, made on the spot: no image of the shared data is in the repository."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

MakePhoto = Callable[..., Path]
MakePhotos = Callable[..., Path]
MakeScene = Callable[..., Image.Image]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test has a cache folder of its own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("RESLAB_CACHE", str(folder))
    return folder


@pytest.fixture
def real_data() -> Path:
    """The shared real images, where there are any."""
    named = os.environ.get("RESLAB_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("RESLAB_DATA names no folder of real images")
    return Path(named)


def _photo(path: Path, seed: int = 0, size: tuple[int, int] = (24, 16)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    smooth = np.stack([x * 5 + 40, y * 7 + 30, (x + y) * 3 + 10 * (seed % 9)], axis=2)
    pixels = smooth + rng.integers(0, 12, smooth.shape)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def make_photo() -> MakePhoto:
    """make(path, seed, size=(width, height)) -> path, with a small photograph: smooth colours and some noise."""
    return _photo


@pytest.fixture
def make_photos() -> MakePhotos:
    """make(folder, {"cat": 3, "dog": 2}) -> folder, with that many photographs of each class."""

    def make(folder: Path, counts: dict[str, int], suffix: str = ".png") -> Path:
        for number, (name, count) in enumerate(counts.items()):
            (folder / name).mkdir(parents=True, exist_ok=True)
            for i in range(count):
                _photo(folder / name / f"{i:03}{suffix}", seed=100 * number + i)
        return folder

    return make


@pytest.fixture
def make_scene() -> MakeScene:
    """make(seed, size=(width, height)) -> a picture with large, middling and small things in it, as a photograph."""

    def make(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
        rng = np.random.default_rng(seed)
        pixels = np.zeros((size[1], size[0], 3))
        for cells, weight in ((4, 200), (12, 100), (48, 50)):
            noise = rng.normal(128, 40, (cells, cells, 3)).clip(0, 255).astype(np.uint8)
            pixels += weight * (np.asarray(Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)) / 128.0 - 1)
        return Image.fromarray((128 + pixels).clip(0, 255).astype(np.uint8))

    return make
