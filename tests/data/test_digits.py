import hashlib
import subprocess
import sys

import numpy as np
import pytest

from reslab.data.digits import load_digits
from reslab.errors import UsageError


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def test_they_are_the_real_digits(digits):
    assert digits.name == "digits"
    assert digits.classes == tuple("0123456789")
    assert not digits.mirror
    assert {name: images.pixels.shape for name, images in digits.splits.items()} == {
        "train": (1077, 8, 8, 3),
        "val": (360, 8, 8, 3),
        "test": (360, 8, 8, 3),
    }


def test_grey_levels_span_all_of_uint8_in_three_equal_channels(digits):
    pixels = digits.splits["train"].pixels
    assert sorted(np.unique(pixels).tolist()) == [(level * 255 + 8) // 16 for level in range(17)]
    assert (pixels == pixels[..., :1]).all()


def test_every_split_has_its_share_of_every_class(digits):
    counts = {name: np.bincount(images.labels, minlength=10) for name, images in digits.splits.items()}
    whole = sum(counts.values())
    assert whole.sum() == 1797
    for name, share in (("train", 1077 / 1797), ("val", 360 / 1797), ("test", 360 / 1797)):
        assert (abs(counts[name] - whole * share) <= 2).all()


def test_the_split_never_changes(digits):
    labels = np.concatenate([digits.splits[name].labels for name in ("train", "val", "test")])
    assert hashlib.sha256(labels.astype("<i8").tobytes()).hexdigest()[:12] == GOLDEN


def test_scaled_digits_are_the_same_digits(digits):
    scaled = load_digits(32).splits["val"]
    assert scaled.pixels.shape == (360, 32, 32, 3)
    assert (scaled.labels == digits.splits["val"].labels).all()
    means = scaled.pixels.reshape(360, 8, 4, 8, 4, 3).mean((2, 4))
    assert np.corrcoef(means.ravel(), digits.splits["val"].pixels.ravel())[0, 1] > 0.98


def test_the_native_size_may_be_asked_for(digits):
    assert (load_digits(8).splits["test"].pixels == digits.splits["test"].pixels).all()


def test_no_size_below_a_pixel():
    with pytest.raises(UsageError, match="at least 1 pixel"):
        load_digits(0)


GOLDEN = "62108507c3da"


def test_they_are_the_same_from_scikit_learn_itself(digits, monkeypatch):
    monkeypatch.setattr("reslab.data.digits.find_spec", lambda _: None)
    again = load_digits()
    for name, images in digits.splits.items():
        assert (again.splits[name].pixels == images.pixels).all() and (again.splits[name].labels == images.labels).all()


def test_reading_them_loads_no_more_than_their_file():
    code = "import sys; from reslab.data.digits import load_digits; load_digits(); sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
