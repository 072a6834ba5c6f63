"""The embedded data set: 1,797 real handwritten digits (UCI optdigits, as shipped with scikit-learn)."""

import gzip
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reslab.data.dataset import Dataset, Images
from reslab.data.splits import stratified
from reslab.errors import UsageError

SIZE = 8  # native pixels
COUNTS = {"train": 1077, "val": 360, "test": 360}


def load_digits(size: int | None = None) -> Dataset:
    """Digits 0-9, grey repeated to three channels, (N,8,8,3) or scaled to `size`; split fixed and stratified."""
    if size is not None and size < 1:
        raise UsageError(f"size must be at least 1 pixel, not {size}")
    grey, labels = _read()
    scaled = grey if size in (None, SIZE) else np.stack([_resized(image, size or SIZE) for image in grey])
    parts = zip(COUNTS, stratified(labels, tuple(COUNTS.values())), strict=True)
    splits = {name: Images(np.repeat(scaled[part, :, :, None], 3, axis=3), labels[part]) for name, part in parts}
    return Dataset("digits", tuple("0123456789"), splits, mirror=False)


def _read() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    levels, labels = _shipped() or _asked()  # 0..16
    grey = (levels.reshape(-1, SIZE, SIZE).astype(np.int64) * 255 + 8) // 16
    return grey.astype(np.uint8), labels.astype(np.int64)


def _shipped() -> tuple[NDArray[np.float64], NDArray[np.int64]] | None:
    """Out of scikit-learn's own file: to import all of that takes longer than a short training. None: not there."""
    package = find_spec("sklearn")
    for place in (package and package.submodule_search_locations) or ():
        file = Path(place) / "datasets" / "data" / "digits.csv.gz"
        if file.is_file():
            with gzip.open(file, "rt", encoding="ascii") as lines:
                rows = np.loadtxt(lines, delimiter=",")
            return rows[:, :-1], rows[:, -1].astype(np.int64)
    return None


def _asked() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The same by scikit-learn's own function, wherever its file may lie in another version."""
    from sklearn import datasets

    return datasets.load_digits(return_X_y=True)


def _resized(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))
