"""Many photographs at once, but no more than are allowed to be."""

import threading

import pytest

from reslab.data import in_threads
from reslab.processor import usable_cores


@pytest.mark.parametrize("threads", [1, 3, None])
def test_as_many_at_once_as_are_asked_for(threads):
    allowed = threads or usable_cores()
    together, at_once = threading.Barrier(allowed), []

    def work(item: int) -> int:
        at_once.append(threading.get_ident())
        together.wait(60)  # all that are allowed come together, or this breaks
        return -item

    items = range(2 * allowed)
    assert list(in_threads(work, items, threads=threads)) == [-item for item in items]
    assert len(set(at_once)) == allowed
