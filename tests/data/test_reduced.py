"""A data set with fewer training images: of each class its part, the same ones every time."""

import numpy as np
import pytest

from reslab.errors import UsageError


def test_of_each_class_its_part(digits):
    few = digits.with_train(100)
    assert len(few.splits["train"]) == 100 and few.splits["val"] is digits.splits["val"]
    assert set(np.bincount(few.splits["train"].labels)) <= {9, 10, 11}
    assert np.array_equal(few.splits["train"].pixels, digits.with_train(100).splits["train"].pixels)
    kept = {image.tobytes() for image in digits.splits["train"].pixels}
    assert all(image.tobytes() in kept for image in few.splits["train"].pixels)


def test_all_of_them_is_the_same(digits):
    assert digits.with_train(None) is digits and digits.with_train(1077) is digits
    few = digits.with_train(100)
    assert few.with_train(100) is few, "a run that cuts again changes nothing"


def test_more_than_there_are(digits):
    with pytest.raises(UsageError, match=r"1,077 training images; data\.images=2000"):
        digits.with_train(2000)
