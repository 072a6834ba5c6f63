"""The event file grows in its place, so that who has it open goes on reading, and what is torn or foreign goes."""

import pytest

from reslab.errors import RunError
from reslab.store import EventFile


def test_it_grows_in_place_and_is_cut_back(tmp_path):
    file = EventFile(tmp_path)
    assert not file.there and "tfevents" in file.path.name, "or TensorBoard would not find it"
    file.write(b"one")
    place = file.path.stat().st_ino
    with file.path.open("rb") as reader:
        assert reader.read() == b"one"
        file.write(b"one two")
        assert reader.read() == b" two"
    for events in (b"one", b"ONE two three", b""):
        file.write(events)
        assert file.there and file.path.read_bytes() == events and file.path.stat().st_ino == place


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    file = EventFile(tmp_path / "gone")
    with pytest.raises(RunError, match=r"cannot write .*tfevents.*no folder"):
        file.write(b"one")
