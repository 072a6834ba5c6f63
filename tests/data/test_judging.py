"""Folders that are called as those for validation and testing are, wherever they lie."""

from pathlib import Path

import pytest

from reslab.data import in_judging_folders


def found(folder: Path, *files: str, classes: tuple[str, ...] = ()) -> set[str]:
    places = [folder / file for file in files]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
    return {place.relative_to(folder).as_posix() for place in in_judging_folders(places, folder, classes)}


@pytest.mark.parametrize("name", ["test", "Testing", "val", "validation_set"])
def test_at_any_depth_with_class_folders_or_without(tmp_path, name):
    inside = [f"{name}/1.png", f"{name}/cat/2.png", f"a/{name}/cat/b/3.png"]
    assert found(tmp_path, *inside, "train/cat/4.png", "latest/5.png", f"6-{name}.png") == set(inside)


def test_the_folder_itself_and_what_is_above_it(tmp_path, monkeypatch):
    assert found(tmp_path / "test", "cat/1.png") == {"cat/1.png"}
    monkeypatch.chdir(tmp_path / "test")
    assert found(Path(), "cat/1.png") == {"cat/1.png"}
    assert found(tmp_path / "test" / "cat", "1.png") == set(), "others have named it"


def test_a_class_may_be_called_so(tmp_path):
    assert found(tmp_path, "train/test/1.png", "test/cat/2.png", "val/3.png", classes=("cat", "test")) == {
        "test/cat/2.png",
        "val/3.png",
    }
