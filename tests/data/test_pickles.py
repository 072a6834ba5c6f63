import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from reslab.data.pickles import read_pickle
from reslab.errors import DataError

BATCH = {
    "data": np.arange(24, dtype=np.uint8).reshape(2, 12),
    "labels": [3, 5],
    "filenames": ["cat.png", "dög.png"],
    "batch_label": "training batch 1 of 5",
    "pair": (1.5, None, True, b"bytes"),
}


@pytest.mark.parametrize("protocol", range(6))
def test_a_batch_is_read_in_every_protocol(protocol):
    batch = read_pickle(pickle.dumps(BATCH, protocol), "batch")
    assert (batch.pop("data") == BATCH["data"]).all()
    assert batch == {key: value for key, value in BATCH.items() if key != "data"}


@pytest.mark.parametrize("dtype", ["<i8", ">i4", "<f4", "|b1", "|S3", "<U2"])
@pytest.mark.parametrize("protocol", [2, 5])
def test_arrays_of_numbers_and_text_keep_type_and_order(dtype, protocol):
    array = np.asfortranarray(np.arange(6).reshape(2, 3).astype(dtype))
    read = read_pickle(pickle.dumps(array, protocol), "f")
    assert read.dtype == array.dtype
    assert (read == array).all()


def test_numpy_numbers_become_numbers():
    assert read_pickle(pickle.dumps([np.int64(7), np.float32(0.5)]), "f") == [7, 0.5]


def test_the_names_of_numpy_1_are_known():
    old = pickle.dumps(BATCH["data"], 2).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert (read_pickle(old, "f") == BATCH["data"]).all()


def test_text_of_python_2_is_latin1():
    # {'labels': [1], 'data': array} as Python 2 wrote it: keys and raw bytes are `str`.
    old = (
        b"(dp0\nS'data'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\nRp7\n"
        b"(I1\n(I2\ntp8\ncnumpy\ndtype\np9\n(S'u1'\np10\nI0\nI1\ntp11\nRp12\n(I3\nS'|'\np13\nNNNI-1\nI-1\nI0\ntp14\nbI00\n"
        b"S'\\xff\\x01'\np15\ntp16\nbsS'labels'\np17\n(lp18\nI1\nas."
    )
    batch = read_pickle(old, "f")
    assert batch["data"].tolist() == [255, 1]
    assert batch["labels"] == [1]


def test_shared_parts_stay_shared():
    array = np.zeros(3)
    first, second = read_pickle(pickle.dumps([array, array]), "f")
    assert first is second


class Evil:
    def __reduce__(self):
        return os.system, ("echo never",)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (Evil(), f"{os.system.__module__}.system"),
        (OrderedDict(a=1), "collections.OrderedDict"),
        (np.array([1, None], dtype=object), "'O8'"),
        (np.zeros(2, dtype=[("a", "u1"), ("b", "f4")]), "'V5'"),
        ({1, 2}, "a set"),
        (slice(1), "builtins.slice"),
    ],
)
def test_anything_else_is_refused_by_name(content, named):
    with pytest.raises(DataError) as caught:
        read_pickle(pickle.dumps({"data": content}, 4), "data_batch_1")
    assert "data_batch_1" in str(caught.value)
    assert named in str(caught.value)


def test_code_is_not_run(monkeypatch):
    called = []
    monkeypatch.setattr(os, "system", called.append)
    with pytest.raises(DataError):
        read_pickle(b"cos\nsystem\n(S'echo never'\ntR.", "f")
    assert called == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle",
        pickle.dumps(BATCH)[:-20],
        b"cnumpy\nndarray\n.",  # the class itself
        b"cnumpy\ndtype\n(S'u1'\ntR}S'dtype'\nI1\nsb.",  # setting attributes
        b"(l)p0\ng0\na.",
    ],
)
def test_a_broken_pickle_is_named(content):
    with pytest.raises(DataError, match="meta"):
        read_pickle(content, "meta")


def test_a_list_that_holds_itself_is_refused():
    circle: list = []
    circle.append(circle)
    with pytest.raises(DataError):
        read_pickle(pickle.dumps(circle), "f")
