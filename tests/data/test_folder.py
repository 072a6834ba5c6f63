import json
import os
import shutil
import sys
from pathlib import Path
from unicodedata import normalize

import pytest

from reslab.data.folder import index_folder
from reslab.data.index import FolderIndex, fingerprint
from reslab.errors import DataError


def test_split_folders_are_splits(tmp_path, make_photos):
    make_photos(tmp_path / "train", {"cat": 3, "dog": 2})
    make_photos(tmp_path / "val", {"dog": 1})
    make_photos(tmp_path / "test", {"cat": 1, "dog": 1})
    index = index_folder(tmp_path)
    assert index.classes == ("cat", "dog")
    cats = ("train/cat/000.png", "train/cat/001.png", "train/cat/002.png")
    assert index.files["train"] == (*cats, "train/dog/000.png", "train/dog/001.png")
    assert index.labels == {"train": (0, 0, 0, 1, 1), "val": (1,), "test": (0, 1)}
    assert index.notes == ("val has no image of 1 of the 2 classes: cat",)
    make_photos(tmp_path / "val", {"cat": 1})
    assert index_folder(tmp_path).notes == ()


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Valid"])
def test_validation_folders_have_several_names(tmp_path, make_photos, name):
    make_photos(tmp_path / "Train", {"cat": 1, "dog": 1})
    make_photos(tmp_path / name, {"cat": 2})
    index = index_folder(tmp_path)
    assert index.files["val"] == (f"{name}/cat/000.png", f"{name}/cat/001.png")
    assert list(index.files) == ["train", "val"]


@pytest.mark.parametrize(
    ("train", "other", "split"),
    [
        ("training_set", "test_set", "test"),
        ("trainset", "testset", "test"),
        ("Training", "Testing", "test"),
        ("Training", "Validation", "val"),
        ("trainset", "validation_set", "val"),
        ("TRAIN", "TEST", "test"),
    ],
)
def test_split_folders_have_several_names(tmp_path, make_photos, train, other, split):
    make_photos(tmp_path / train, {"cat": 2, "dog": 1})
    make_photos(tmp_path / other, {"cat": 1, "dog": 1})
    index = index_folder(tmp_path)
    assert index.classes == ("cat", "dog") and list(index.files) == ["train", split] and index.notes == ()
    assert index.files[split] == (f"{other}/cat/000.png", f"{other}/dog/000.png")


def test_without_split_folders_a_fifth_of_each_class_is_held_out(tmp_path, make_photos):
    index = index_folder(make_photos(tmp_path, {"cat": 20, "dog": 10, "rare": 2, "single": 1}))
    assert [index.labels["val"].count(label) for label in range(4)] == [4, 2, 1, 0]
    assert [index.labels["train"].count(label) for label in range(4)] == [16, 8, 1, 1]
    assert set(index.files["train"]).isdisjoint(index.files["val"])
    assert index_folder(tmp_path) == index
    assert "held out as val" in index.notes[0]


def test_single_photographs_are_all_learned_from(tmp_path, make_photos):
    index = index_folder(make_photos(tmp_path, {"cat": 1, "dog": 1}))
    assert (
        {split: len(files) for split, files in index.files.items()}
        == {"train": 2}
        == {"train": len(index.labels["train"])}
    )
    assert "none is held out" in index.notes[0]


def test_a_train_folder_alone_is_divided_as_well(tmp_path, make_photos):
    make_photos(tmp_path / "train", {"cat": 10, "dog": 10})
    index = index_folder(tmp_path)
    assert {split: len(files) for split, files in index.files.items()} == {"train": 16, "val": 4}
    assert all(file.startswith("train/") for file in index.files["val"])


def test_train_and_test_alone_are_left_as_they_are(tmp_path, make_photos):
    make_photos(tmp_path / "train", {"cat": 5, "dog": 5})
    make_photos(tmp_path / "test", {"cat": 5})
    assert {split: len(files) for split, files in index_folder(tmp_path).files.items()} == {"train": 10, "test": 5}


def test_class_names_are_folder_names_in_any_script_sorted_as_text(tmp_path, make_photos):
    names = ["2", "10", "Große Katze", "стол", "猫", "كلب", "a b", "e\u0301"]
    index = index_folder(make_photos(tmp_path, dict.fromkeys(names, 2)))
    assert index.classes == tuple(sorted(names))
    assert index.classes[:2] == ("10", "2")


def test_a_class_may_be_called_like_a_split(tmp_path, make_photos):
    index = index_folder(make_photos(tmp_path, {"bus": 3, "train": 3, "test": 3}))
    assert index.classes == ("bus", "test", "train")


def test_hidden_folders_and_files_are_skipped(tmp_path, make_photos):
    make_photos(tmp_path, {"cat": 3, "dog": 3, ".ipynb_checkpoints": 2, "__MACOSX": 2, ".git": 1})
    make_photos(tmp_path / "cat", {".hidden": 2})
    (tmp_path / "cat" / "._000.png").write_bytes(b"resource fork")
    (tmp_path / ".DS_Store").write_bytes(b"")
    index = index_folder(tmp_path)
    assert index.classes == ("cat", "dog")
    assert sum(map(len, index.files.values())) == 6


def test_images_may_lie_deeper_and_other_files_are_counted(tmp_path, make_photos):
    make_photos(tmp_path, {"cat": 2, "dog": 2, "cat/black/small": 3})
    (tmp_path / "cat" / "notes.txt").write_text("meow")
    (tmp_path / "cat" / "black" / "no suffix").write_text("meow")
    (tmp_path / "dog" / "000.png").rename(tmp_path / "dog" / "000.PNG")
    index = index_folder(tmp_path)
    assert index.classes == ("cat", "dog")
    assert sum(map(len, index.files.values())) == 7
    assert index.notes[0] == "2 files without an image's suffix ignored: 1 without any, 1 .txt"


@pytest.mark.parametrize("place", [".", "train"])
def test_photographs_of_phones_that_are_ignored_are_said(tmp_path, make_photos, place):
    make_photos(tmp_path / place, {"cat": 2, "dog": 2})
    for name in ("cat/a.HEIC", "cat/b.heic", "dog/c.heif", "dog/d.txt"):
        (tmp_path / place / name).touch()
    note = "4 files without an image's suffix ignored: 2 .heic, 1 .heif, 1 .txt; save .heic photographs as .jpg"
    assert note in index_folder(tmp_path).notes


def test_classes_whose_names_look_the_same_are_the_same_in_every_split(tmp_path, make_photos):
    composed, apart = normalize("NFC", "café"), normalize("NFD", "café")
    make_photos(tmp_path / "train", {composed: 2, "cat": 1})
    make_photos(tmp_path / "val", {apart: 1, "cat": 2})
    index = index_folder(tmp_path)
    assert index.classes == (composed, "cat") and index.notes == ()
    assert index.files["val"] == (f"val/{apart}/000.png", "val/cat/000.png", "val/cat/001.png")
    assert index.labels["val"] == (0, 1, 1)
    if sys.platform != "darwin":  # where a folder has both names
        make_photos(tmp_path / "train", {apart: 1})
        assert index_folder(tmp_path).classes == tuple(sorted(("cat", composed, apart))), "letter by letter first"


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
@pytest.mark.parametrize("back", ["..", "../.."])
def test_links_back_to_the_folder_of_the_classes_bring_none_of_another_class(tmp_path, make_photos, back):
    for split in ("train", "val"):
        make_photos(tmp_path / split, {"cat": 1, "dog": 1})
    before = index_folder(tmp_path)
    (tmp_path / "train" / "cat" / "back").symlink_to(back, target_is_directory=True)
    assert index_folder(tmp_path) == before


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_links_are_followed_but_not_in_circles(tmp_path, make_photos):
    make_photos(tmp_path / "elsewhere", {"cats": 3})
    make_photos(tmp_path / "data", {"dog": 3})
    (tmp_path / "data" / "cat").symlink_to(tmp_path / "elsewhere" / "cats")
    (tmp_path / "elsewhere" / "cats" / "circle").symlink_to(tmp_path / "elsewhere" / "cats")
    index = index_folder(tmp_path / "data")
    assert index.classes == ("cat", "dog")
    assert sum(map(len, index.files.values())) == 6


def test_folders_beside_train_are_mentioned(tmp_path, make_photos):
    make_photos(tmp_path / "train", {"cat": 5, "dog": 5})
    (tmp_path / "annotations").mkdir()
    make_photos(tmp_path, {"Testing": 2})
    assert index_folder(tmp_path).notes[0] == "not used, since they lie beside train/: Testing, annotations"


def refusal(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        index_folder(folder)
    message = str(caught.value)
    assert "\n" not in message and str(folder) in message
    return message


def test_a_missing_folder(tmp_path):
    assert "no such folder" in refusal(tmp_path / "gone")


def test_no_class_folder(tmp_path, make_photo):
    assert "has no class folder" in refusal(tmp_path)
    make_photo(tmp_path / "a.png")
    assert "has images (1) but no class folder" in refusal(tmp_path)


def test_an_empty_class_folder(tmp_path, make_photos):
    make_photos(tmp_path, {"cat": 2, "dog": 2, "empty": 0, "void": 0})
    (tmp_path / "empty" / "readme.txt").write_text("nothing here")
    message = refusal(tmp_path)
    assert "empty: class folder without an image" in message and "(and 1 more such)" in message
    assert message.endswith("put images into it, take it away, or leave it out with --on-bad skip")


@pytest.mark.parametrize("inside", [".", "train"])
def test_a_class_folder_of_another_format_says_so(tmp_path, make_photos, inside):
    make_photos(tmp_path / inside, {"cat": 2, "dog": 0})
    for name in ("a.HEIC", "b.heic", "c.txt"):
        (tmp_path / inside / "dog" / name).touch()
    assert "without an image that Pillow reads (what is in it ends in .heic); put" in refusal(tmp_path)


def test_images_in_no_class_folder_are_said(tmp_path, make_photos, make_photo):
    make_photos(tmp_path, {"cat": 2, "dog": 2})
    make_photo(tmp_path / "lost.png")
    assert index_folder(tmp_path).notes[0] == "1 image is in no class folder, and not used, such as lost.png"
    make_photo(tmp_path / "more.png")
    assert index_folder(tmp_path).notes[0].startswith("2 images are in no class folder, and not used, such as ")


def test_an_empty_class_folder_may_be_skipped(tmp_path, make_photos):
    make_photos(tmp_path / "train", {"cat": 2, "dog": 2, "empty": 0})
    make_photos(tmp_path / "val", {"cat": 1, "dog": 1, "empty": 0})
    index = index_folder(tmp_path, skip_empty=True)
    assert index.classes == ("cat", "dog")
    assert index.notes == ("left out, since no image that Pillow reads is in them: empty",)
    make_photos(tmp_path / "val", {"empty": 1})
    with pytest.raises(DataError, match="not among the training classes"):
        index_folder(tmp_path, skip_empty=True)


def test_nothing_but_empty_folders_is_no_data_set(tmp_path, make_photos):
    make_photos(tmp_path, {"empty": 0, "void": 0})
    with pytest.raises(DataError, match="class folder without an image"):
        index_folder(tmp_path, skip_empty=True)


def test_one_class_only(tmp_path, make_photos):
    assert refusal(make_photos(tmp_path, {"cat": 5})).endswith("one class only (cat); a classifier needs two")


def test_one_folder_around_all_classes(tmp_path, make_photos, make_photo):
    make_photos(tmp_path / "archive", {"cat": 2, "dog": 2})
    assert refusal(tmp_path).endswith(f"; it holds folders itself: reslab train {tmp_path / 'archive'}")
    make_photo(tmp_path / "archive" / "title.png")
    assert "holds folders itself" not in refusal(tmp_path), "photographs beside folders are a class"


@pytest.mark.parametrize("split", ["val", "test"])
def test_a_class_that_training_does_not_know(tmp_path, make_photos, split):
    make_photos(tmp_path / "train", {"cat": 1, "dog": 1})
    make_photos(tmp_path / split, {"cat": 1, "cow": 1})
    message = refusal(tmp_path)
    assert str(Path(split) / "cow") in message and "not among the training classes" in message


def test_a_split_without_images(tmp_path, make_photos):
    make_photos(tmp_path / "train", {"cat": 1, "dog": 1})
    make_photos(tmp_path / "val", {"cat": 0})
    assert "val: holds no image" in refusal(tmp_path)


def test_two_validation_folders(tmp_path, make_photos):
    for name in ("train", "val", "valid"):
        make_photos(tmp_path / name, {"cat": 1, "dog": 1})
    assert "both val/ and valid/" in refusal(tmp_path)


def test_two_training_folders(tmp_path, make_photos):
    for name in ("train", "Training"):
        make_photos(tmp_path / name, {"cat": 1, "dog": 1})
    assert "both Training/ and train/ for the train split; put their photographs into one of them" in refusal(tmp_path)


def test_classes_that_look_like_splits(tmp_path, make_photos):
    for fold in ("fold1", "fold2"):
        make_photos(tmp_path / fold, {"cat": 2, "dog": 1})
    message = refusal(tmp_path)
    assert "fold1, fold2 look like splits, not classes: each holds the same folders (cat, dog)" in message
    assert "call them train/, val/ and test/, or, if they are classes, put their images into them directly" in message
    make_photos(tmp_path, {"fold2": 1})
    assert index_folder(tmp_path).classes == ("fold1", "fold2"), "a photograph beside its folders makes it a class"


def test_splits_inside_of_classes(tmp_path, make_photos):
    for name in ("cat", "dog"):
        make_photos(tmp_path / name, {"train": 2, "Test": 1})
    message = refusal(tmp_path)
    assert "(cat, dog) have splits inside (Test, train), which belong around them: Test/cat in place of" in message


@pytest.mark.parametrize(
    "counts",
    [
        {"cat/images": 3, "dog/images": 3},  # as in Tiny ImageNet
        {"cat/small": 3, "cat/large": 3, "dog/small": 3},
        {"train/cat/small": 3, "train/cat/large": 3, "train/dog/small": 3, "train/dog/large": 3},
    ],
)
def test_classes_may_hold_folders(tmp_path, make_photos, counts):
    assert index_folder(make_photos(tmp_path, counts)).classes == ("cat", "dog")


def test_split_folders_without_train(tmp_path, make_photos):
    make_photos(tmp_path / "test", {"cat": 1, "dog": 1})
    assert "has test/ but no train/" in refusal(tmp_path)
    make_photos(tmp_path, {"cat": 1, "dog": 1})
    assert "has test/ but no train/" in refusal(tmp_path)


def test_a_folder_that_may_not_be_read(tmp_path, make_photos, monkeypatch):
    def refused(place):
        raise PermissionError(13, "Permission denied", str(place))

    make_photos(tmp_path, {"cat": 2, "dog": 2})
    monkeypatch.setattr(os, "scandir", refused)
    monkeypatch.setattr(Path, "iterdir", refused)
    assert "cannot be read (Permission denied)" in refusal(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes by name")
def test_pipes_are_left_out(tmp_path, make_photos):
    make_photos(tmp_path, {"cat": 2, "dog": 2})
    os.mkfifo(tmp_path / "cat" / "new.png")
    index = index_folder(tmp_path)
    assert sum(map(len, index.files.values())) == 4 and index.notes[0] == "1 pipe, socket or device ignored"


def test_the_fingerprint_knows_the_files_but_not_where_they_lie(tmp_path, make_photos, make_photo):
    first = index_folder(make_photos(tmp_path / "one", {"cat": 5, "dog": 5}))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert len(first.fingerprint) == 12
    assert index_folder(tmp_path / "two").fingerprint == first.fingerprint
    make_photo(tmp_path / "two" / "cat" / "new.png")
    assert index_folder(tmp_path / "two").fingerprint != first.fingerprint
    (tmp_path / "one" / "cat" / "000.png").write_bytes(b"other length")
    assert index_folder(tmp_path / "one").fingerprint != first.fingerprint


def test_an_index_can_be_written_down(tmp_path, make_photos):
    index = index_folder(make_photos(tmp_path, {"猫": 5, "a b": 5})).sampled(tmp_path)
    again = FolderIndex.from_dict(json.loads(json.dumps(index.to_dict())))
    assert again.to_dict() == index.to_dict()
    assert (again.classes, again.files, again.labels) == (index.classes, index.files, index.labels)
    assert again.samples == index.samples and len(index.samples) == 10


@pytest.mark.parametrize(
    "damage", [{"files": None}, {"labels": {"train": ["x"]}}, {"labels": {"train": [0]}}, {"samples": 3}]
)
def test_a_damaged_index_is_refused(tmp_path, make_photos, damage):
    plain = index_folder(make_photos(tmp_path, {"cat": 5, "dog": 5})).to_dict() | damage
    with pytest.raises(DataError, match="damaged"):
        FolderIndex.from_dict(plain)
    with pytest.raises(DataError, match="damaged"):
        FolderIndex.from_dict({})


def test_missing_files_of_an_index_are_named(tmp_path, make_photos):
    index = index_folder(make_photos(tmp_path, {"cat": 5, "dog": 5}))
    (tmp_path / "cat" / "000.png").unlink()
    with pytest.raises(DataError, match=r"are gone \(1\), the first is cat/000\.png"):
        fingerprint(tmp_path, index.files)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a name be any bytes")
@pytest.mark.parametrize("which", ["file", "class"])
def test_a_name_that_is_no_text_is_refused_in_one_line(tmp_path, make_photos, which):
    make_photos(tmp_path, {"cat": 3, "dog": 3})
    old = tmp_path / "cat" / "000.png" if which == "file" else tmp_path / "cat"
    os.rename(os.fsencode(old), os.fsencode(old.parent) + b"/caf\xe9" + os.fsencode(old.suffix))  # noqa: PTH104
    with pytest.raises(DataError, match=r"the name .*caf\\udce9.* is not UTF-8; rename it") as caught:
        index_folder(tmp_path)
    str(caught.value).encode()  # and it can be printed
