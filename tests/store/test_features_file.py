"""A file of features: NumPy opens it without pickle, and it takes no other file's place."""

import os
from pathlib import Path

import numpy as np
import pytest

from reslab.errors import RunError, UsageError
from reslab.store import refuse_other_file, write_features

LATIN = os.fsdecode(b"photos/caf\xe9.jpg")  # a name that is no text


def written(file: Path, count: int = 3) -> Path:
    rows = [np.full(4, number, np.float32) for number in range(count)]
    paths = ["a, b.jpg", "犬/1.png", LATIN][:count]
    write_features(file, paths, ["cat", "犬", "cat"][:count], [0.5, 0.25, 1.0][:count], rows)
    return file


def test_numpy_opens_it_without_pickle(tmp_path):
    with np.load(written(tmp_path / "features.npz"), allow_pickle=False) as found:
        assert set(found) == {"path", "class", "probability", "features"}
        assert found["path"].tolist() == ["a, b.jpg", "犬/1.png", LATIN]
        assert found["class"].tolist() == ["cat", "犬", "cat"]
        assert found["probability"].tolist() == [0.5, 0.25, 1.0]
        assert found["features"].dtype == np.float32 and (found["features"] == np.arange(3)[:, None]).all()
        assert found["features"].shape == (3, 4)


def test_the_same_photographs_make_the_same_bytes(tmp_path):
    assert written(tmp_path / "one.npz").read_bytes() == written(tmp_path / "two.npz").read_bytes()


def test_it_replaces_its_own_kind_alone(tmp_path):
    file = written(tmp_path / "features.npz")
    written(file, 2)
    assert len(np.load(file)["path"]) == 2
    np.savez(tmp_path / "mine.npz", path=np.arange(3))
    (tmp_path / "text.npz").write_text("years of work")
    for name in ("mine.npz", "text.npz"):
        before = (tmp_path / name).read_bytes()
        for write in (refuse_other_file, written):
            with pytest.raises(UsageError, match=rf"{name} is there already, and is none of reslab predict's"):
                write(tmp_path / name)
        assert (tmp_path / name).read_bytes() == before
    refuse_other_file(tmp_path / "new.npz")


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(RunError, match="cannot write"):
        written(tmp_path / "nowhere" / "features.npz")
