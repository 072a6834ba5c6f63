"""A preprocessing prints in one short line, whatever it holds."""

import numpy as np

from reslab.data import Preprocessing


def test_it_prints_in_one_line():
    colours = np.array([125.333, 123, 113.9], np.float32)
    one = Preprocessing(colours.reshape(1, 1, 3), 62.9, 32)
    assert repr(one) == "Preprocessing(mean (125.33, 123, 113.9), std 62.9 of 255, size 32)"
    image = Preprocessing(np.stack([colours, colours + 2])[None].repeat(2, axis=0), 62.9, 2)
    assert repr(image) == "Preprocessing(mean per pixel, on average (126.33, 124, 114.9), std 62.9 of 255, size 2)"
    each = Preprocessing(colours.reshape(1, 1, 3), 62.9, 32, (60.0, 62.9, 65.8))
    assert repr(each) == "Preprocessing(mean (125.33, 123, 113.9), std (60, 62.9, 65.8) of 255, size 32)"
