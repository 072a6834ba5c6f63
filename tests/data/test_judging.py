"""Folders that are called as those for validation and testing are, wherever they lie, and such rows of tables."""

from pathlib import Path

import pytest

from reslab.data import for_judging, listed


def found(folder: Path, *files: str, classes: tuple[str, ...] = ()) -> set[str]:
    places = [folder / file for file in files]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
    return {place.relative_to(folder).as_posix() for place in for_judging(places, folder, classes)}


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


@pytest.mark.parametrize("inside", [True, False])
def test_rows_of_a_table(tmp_path, monkeypatch, make_photo, inside):
    for name in ("a/1.png", "a/2.png", "b/3.png", "val/4.png"):
        make_photo(tmp_path / name)
    table = tmp_path / "t.csv"
    table.write_text("path,label,split\na/1.png,a,train\na/2.png,a,test\nb/3.png,b,valid\nval/4.png,b,train\n")
    if inside:
        monkeypatch.chdir(tmp_path)
        table = Path("t.csv")
    photos = listed(table)
    assert len(photos) == 4 and for_judging(photos, table, ("a", "b")) == set(photos[1:])
