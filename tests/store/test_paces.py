"""Paces that were tried before: kept from process to process, the fastest; never in the way."""

import pytest

from reslab.caches import cache_dir
from reslab.store import remember_pace, remembered_pace
from reslab.store.paces import PACES


def test_the_fastest_is_remembered():
    assert remembered_pace("resnet20") is None
    for pace, best in ((2.0, 2.0), (3.0, 2.0), (1.5, 1.5)):
        remember_pace("resnet20", pace)
        assert remembered_pace("resnet20") == best
    remember_pace("resnet18", 7.0)
    assert (remembered_pace("resnet20"), remembered_pace("resnet18")) == (1.5, 7.0)


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b'{"resnet20": "fast"}', b'{"resnet20": -1}'])
def test_a_torn_or_foreign_cache_is_as_good_as_none(content):
    (cache_dir() / PACES).write_bytes(content)
    assert remembered_pace("resnet20") is None
    remember_pace("resnet20", 2.0)
    assert remembered_pace("resnet20") == 2.0


def test_where_no_cache_can_be_written_nothing_is_remembered(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RESLAB_CACHE", str(tmp_path / "file" / "cache"))
    remember_pace("resnet20", 2.0)
    assert remembered_pace("resnet20") is None
