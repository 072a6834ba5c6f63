"""Files below a folder: through links, but not in circles, and without what is hidden."""

import os
import sys

import pytest

from reslab.data import files_below, only_photos
from reslab.data.contents import scan_folder


@pytest.fixture
def folder(tmp_path):
    for name in ("holiday/a/1.jpg", "holiday/a/2.MPO", "holiday/a/notes.txt", "elsewhere/3.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    for name in ("holiday/.hidden/4.jpg", "holiday/__MACOSX/5.jpg", "holiday/a/.6.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path / "holiday"


def names(files, folder) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in files]


def test_what_is_visible_is_found_sorted(folder):
    found = files_below(folder)
    assert names(found, folder) == ["a/1.jpg", "a/2.MPO", "a/notes.txt"]
    assert names(only_photos(found), folder) == ["a/1.jpg", "a/2.MPO"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_followed_as_in_training_and_not_in_circles(folder):
    (folder / "b").symlink_to(folder.parent / "elsewhere", target_is_directory=True)
    (folder / "a" / "round").symlink_to(folder, target_is_directory=True)
    (folder / "b" / "self").symlink_to("self")
    (folder / "b" / "gone.jpg").symlink_to("nothing.jpg")
    said: list[str] = []
    found = names(files_below(folder, said.append), folder)
    assert found == ["a/1.jpg", "a/2.MPO", "a/notes.txt", "b/3.png"]
    assert said == [f"{folder}: links that lead nowhere are not read: 2"]
    assert scan_folder(folder)["train"].photos["b"] == ["b/3.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
def test_pipes_are_not_opened_and_said(folder):
    os.mkfifo(folder / "a" / "pipe.jpg")
    said: list[str] = []
    assert names(files_below(folder, said.append), folder) == ["a/1.jpg", "a/2.MPO", "a/notes.txt"]
    assert said == [f"{folder}: pipes, sockets and devices are not read: 1"]
