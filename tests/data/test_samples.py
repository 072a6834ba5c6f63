"""A few bytes of a few photographs tell a folder from another one with the same names and lengths."""

import pytest

from reslab.data import samples
from reslab.data.samples import MOST, PIECE, agree, replaced, samples_of

NAMES = [f"img_{number:03}.bmp" for number in range(100)]


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(NAMES):
        (tmp_path / name).write_bytes(bytes([number]) * (5 * PIECE))
    return tmp_path


def test_few_are_looked_at_and_the_ends_among_them(folder, monkeypatch):
    looked = []
    digest = samples._digest
    monkeypatch.setattr(samples, "_digest", lambda path: looked.append(path.name) or digest(path))
    found = samples_of(folder, NAMES[::-1])
    assert len(found) == len(looked) == MOST and {NAMES[0], NAMES[-1]} < found.keys()
    assert len(samples_of(folder, NAMES[:3])) == 3
    assert len(set(found.values())) == MOST


@pytest.mark.parametrize("place", [0, 2 * PIECE + PIECE // 2, 5 * PIECE - 1])
def test_beginning_middle_and_end_count(folder, place):
    before = samples_of(folder, NAMES[:1])
    content = bytearray((folder / NAMES[0]).read_bytes())
    content[place] = 255
    (folder / NAMES[0]).write_bytes(content)
    assert samples_of(folder, NAMES[:1]) != before


def test_most_have_to_agree(folder):
    found = samples_of(folder, NAMES)
    assert agree(folder, found) and agree(folder, {})
    names = list(found)
    for name in names[: MOST // 2]:
        (folder / name).write_bytes(b"other")
    assert agree(folder, found)
    (folder / names[-1]).unlink()
    assert not agree(folder, found)


def test_others_in_their_place_are_told_from_some_that_are_gone(folder):
    found = samples_of(folder, NAMES)
    first, *names = found
    assert not replaced(folder, found) and not replaced(folder, {})
    for name in names:
        (folder / name).unlink()
    assert not agree(folder, found) and not replaced(folder, found)
    (folder / first).write_bytes(b"other")
    assert replaced(folder, found)


def test_short_files_and_what_is_gone(tmp_path):
    (tmp_path / "short").write_bytes(b"ab")
    (tmp_path / "empty").touch()
    assert samples_of(tmp_path, ["short", "empty", "gone"]).keys() == {"short", "empty"}
