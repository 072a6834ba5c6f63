"""Some of many photographs: from everywhere."""

import numpy as np
import pytest
from PIL import Image

from reslab.data import evenly, photographs_below
from reslab.errors import DataError


def photo(path, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((6, 6, 3), shade, np.uint8)).save(path)


def shades(pixels) -> set[int]:
    return {int(image[0, 0, 0]) for image in pixels}


def test_at_equal_distances():
    assert evenly(101, 3).tolist() == [0, 50, 100] and evenly(2, 5).tolist() == [0, 1]


def test_photographs_of_a_folder(tmp_path):
    for number in range(5):
        photo(tmp_path / "all" / f"{number}.png", 10 * number)
    found = photographs_below(tmp_path / "all", 4, 3)
    assert found.shape == (3, 4, 4, 3) and found.dtype == np.uint8 and shades(found) == {0, 20, 40}
    with pytest.raises(DataError, match=r"no folder .*none: --images names a folder"):
        photographs_below(tmp_path / "none", 4, 3)


def test_one_that_cannot_be_read_is_named_with_the_way_out(tmp_path):
    (tmp_path / "1.png").write_bytes(b"no image")
    with pytest.raises(
        DataError, match=r"1\.png: cannot be read .*; take it away, or name other photographs with --im"
    ):
        photographs_below(tmp_path, 4, 3)
    with pytest.raises(DataError, match=r"no photograph in .*empty$"):
        (tmp_path / "empty").mkdir()
        photographs_below(tmp_path / "empty", 4, 3)
