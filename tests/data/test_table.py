"""A table in place of a folder: what its columns are called, where its photographs lie, and what is refused."""

import json
import os
import shutil
import sys
from pathlib import Path
from unicodedata import normalize

import pytest

from reslab import data
from reslab.cli.check import sentence
from reslab.data.columns import read_rows
from reslab.data.index import FolderIndex
from reslab.data.survey import survey_folder
from reslab.data.table import scan_table
from reslab.errors import DataError, UsageError

LABELS = {"a.png": "cat", "b.png": "cat", "c.png": "dog", "d.png": "dog"}


@pytest.fixture
def flat(tmp_path, make_photo) -> Path:
    """Four photographs in `images`, which no folder tells the classes of."""
    for number, name in enumerate(LABELS):
        make_photo(tmp_path / "images" / name, seed=number)
    return tmp_path


def table(folder: Path, *lines: str, name: str = "labels.csv") -> Path:
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder / name


def usual(folder: Path, header: str = "path,label", prefix: str = "images/") -> Path:
    return table(folder, header, *(f"{prefix}{name},{label}" for name, label in LABELS.items()))


def said(place: Path) -> dict[str, list[str]]:
    return scan_table(place)["train"].photos


EXPECTED = {"cat": ["images/a.png", "images/b.png"], "dog": ["images/c.png", "images/d.png"]}


def refusal(place: Path, kind: type[Exception] = DataError) -> str:
    with pytest.raises(kind) as caught:
        data.index_folder(place)
    message = str(caught.value)
    assert "\n" not in message and place.name in message
    return message


def of_folders(folder: Path, split: str = "") -> list[str]:
    """Rows that say what class folders show."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    return [f"{file},{file.split('/')[-2]}{split and ',' + file.split('/')[0]}" for file in files]


def test_the_same_data_set_as_class_folders_show(tmp_path, make_photos):
    make_photos(tmp_path, {"cat": 20, "10": 7, "2": 10})
    place = table(tmp_path, "path,label", *reversed(of_folders(tmp_path)))
    one, other = data.load_dataset(tmp_path, size=8), data.load_dataset(place, size=8)
    assert (other.classes, other.index.files, other.index.labels) == (one.classes, one.index.files, one.index.labels)
    assert all((one.splits[split].pixels == other.splits[split].pixels).all() for split in ("train", "val"))
    assert other.name == "labels.csv" and other.folder == one.folder and other.place == place
    assert other.fingerprint != one.fingerprint
    assert other.notes == ("labels.csv names no val or test: 7 of the images are held out as val",)


def test_a_column_of_splits_is_as_good_as_folders_of_them(tmp_path, make_photos):
    for split, count in (("train", 6), ("valid", 2), ("test", 3)):
        make_photos(tmp_path / split, {"cat": count, "dog": count})
    index = data.index_folder(table(tmp_path, "file,class,subset", *of_folders(tmp_path, "split")))
    there = data.index_folder(tmp_path)
    assert (index.files, index.labels) == (there.files, there.labels) and list(index.files) == ["train", "val", "test"]
    assert index.notes == ()


@pytest.mark.parametrize(
    "header",
    ["path,label", "File,Class", "filename , target", "file_name,category", "Image ID,labels", "img-path,class_name"],
)
def test_columns_have_the_usual_names(flat, header):
    assert said(usual(flat, header)) == EXPECTED


def test_other_columns_are_no_matter_and_clearer_names_come_first(flat):
    rows = [f"7,images/{name},1,{label},0.5" for name, label in LABELS.items()]
    assert said(table(flat, "id,path,label,label_name,width", *rows)) == EXPECTED
    rows = [f"7,images/{name},{label}" for name, label in LABELS.items()]
    assert said(table(flat, ",file_name,breed", *rows)) == {**EXPECTED}, "of the only column that is left"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("path,file,label", "the columns path and file may both be that of paths; rename all but one"),
        ("path,label,label", "the columns label and label may both be that of classes"),
        ("path,label,split,set", "the columns split and set may both be that of splits"),
        ("path,healthy,rust", "which column is that of classes? The first row has: path, healthy, rust; call it label"),
        (
            "a.png,cat",
            "which column is that of paths? The first row has: a.png, cat; call it path (the first row names",
        ),
        ("path", "which column is that of classes? The first row has: path; call it label"),
    ],
)
def test_columns_that_are_not_clear_are_refused(flat, header, words):
    assert words in refusal(table(flat, header, ",".join("x" for _ in header.split(","))))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("begins", ["", "\ufeff"])
def test_separators_line_ends_and_byte_order_marks(flat, separator, ends, begins):
    place = usual(flat)
    text = begins + place.read_text(encoding="utf-8").replace(",", separator).replace("\n", ends)
    place.write_bytes(text.encode())
    assert said(place) == EXPECTED
    assert said(place.rename(flat / "labels.TSV")) == EXPECTED


def test_quotes_commas_spaces_and_any_script_in_names(tmp_path, make_photo):
    names = ['a, "b" c.png', "猫 1.png", "semi;colon.png"]
    for name in names if sys.platform != "win32" else names[1:]:
        make_photo(tmp_path / name)
    quoted = ['"a, ""b"" c.png", "chair, old"', "猫 1.png, 猫 und  Hund ", "semi;colon.png,猫 und Hund"]
    place = table(tmp_path, "path, label", "", *(quoted if sys.platform != "win32" else quoted[1:]), "", ",")
    rows = read_rows(place).rows
    assert [(row.path, row.label) for row in rows][-2:] == [(name, "猫 und Hund") for name in names[1:]]
    assert sys.platform == "win32" or said(place) == {"chair, old": names[:1], "猫 und Hund": sorted(names[1:])}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the table is empty; its first row names the columns"),
        (b"\n \n", "the table is empty"),
        (b"path,label\n", "holds no row but that of its columns (path, label)"),
        ("path,label\nä.png,cat\n".encode("latin-1"), "is not UTF-8; save the table as CSV in UTF-8"),
        ("path,label\na.png,cat\n".encode("utf-16"), "is not UTF-8"),
        (b"path,label\na.png\0,cat\n", "holds bytes that are no text"),
        (b'path,label\n"a.png,cat\n', "no row of a table begins in line 2 (unexpected end of data); a quote"),
        (b"path,label\na.png\n", "line 2: has 1 cell, and the first row 2"),
        (
            b"path,label\n\na, b.png,cat\n",
            "line 3: has 3 cells, and the first row 2; what holds a separator goes in",
        ),
        (b"path,label\n,cat\n", "line 2: names no photograph"),
        (b"path,label\nimages/a.png,\n", "not one of its rows (1) has a class"),
        (
            b"path,label\nx.png,cat\ny.png,dog\n",
            "not one of its photographs (2) is there, the first is x.png; paths are",
        ),
        (b"path,label,split\nimages/a.png,cat,fold1\n", "line 2: the split 'fold1' is none of train, val and test"),
        (b"path,label,split\nimages/a.png,cat,val\n", "has rows of val but none of train"),
        (b"path,label\nimages/a.png,cat\nimages/b.png,cat\n", "holds one class only (cat); a classifier needs two"),
        (b"path,label\nimages/a.png,cat\nimages/a.png,dog\n", "a.png has two classes, cat (line 2) and dog (line 3)"),
        (b"path,label\nimages/a.png,cat\n./images//a.png,dog\n", "images/a.png has two classes"),
        (
            b"path,label,split\nimages/a.png,cat,train\nimages/a.png,cat,val\n",
            "images/a.png has two splits, train (line 2) and val (line 3); keep one",
        ),
        (
            b"path,label,split\nimages/a.png,cat,train\nimages/c.png,dog,train\nimages/b.png,cow,val\n",
            "the class cow is not among the training classes",
        ),
        (b"path,label\n../a.png,cat\n", "line 2: ../a.png lies outside of the table's folder; put the table into"),
        (b"path,label\nimages/../../a.png,cat\n", "lies outside of the table's folder"),
        (b"path,label\n..\\a.png,cat\n", "lies outside of the table's folder"),
        (b"path,label\n" + b"x" * 5000 + b",cat\n", "not one of its photographs (1) is there"),
        (b"path,label\n" + b'"' + b"x" * 200_000 + b'",cat\n', "no row of a table begins in line 2 (field larger than"),
    ],
)
def test_what_is_no_table_of_photographs_is_refused(flat, content, words):
    (flat / "labels.csv").write_bytes(content)
    assert words in refusal(flat / "labels.csv")


def test_absolute_paths_lie_below_the_table(flat, tmp_path_factory, make_photo):
    assert said(usual(flat, prefix=f"{flat / 'images'}{os.sep}")) == EXPECTED
    elsewhere = make_photo(tmp_path_factory.mktemp("elsewhere") / "e.png")
    assert "lies outside of the table's folder" in refusal(table(flat, "path,label", f"{elsewhere},cat"))


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_absolute_paths_through_a_link(flat, tmp_path_factory):
    link = tmp_path_factory.mktemp("link") / "here"
    link.symlink_to(flat)
    assert said(usual(flat, prefix=f"{link / 'images'}/")) == EXPECTED
    usual(flat, prefix=f"{flat / 'images'}/")
    assert said(link / "labels.csv") == EXPECTED


def test_relative_to_the_table_wherever_one_is(flat, monkeypatch):
    usual(flat)
    monkeypatch.chdir(flat / "images")
    assert said(Path("../labels.csv")) == EXPECTED
    monkeypatch.chdir(flat)
    assert said(Path("labels.csv")) == EXPECTED
    assert data.load_dataset("labels.csv", size=8).folder == flat.resolve()


def test_paths_that_were_written_on_windows(flat):
    assert said(usual(flat, prefix="images\\")) == EXPECTED


@pytest.mark.parametrize("prefix", ["images/", ""])
def test_names_without_an_ending(flat, prefix):
    rows = [f"{prefix}{name.removesuffix('.png')},{label}" for name, label in LABELS.items()]
    place = table(flat, "image_id,breed", *rows)
    assert said(place) == EXPECTED
    (flat / "images" / "a.txt").touch()
    assert said(place) == EXPECTED, "no photograph"
    shutil.copy(flat / "images" / "a.png", flat / "images" / "a.jpg")
    assert f"line 2: {prefix}a may be images/a.jpg or images/a.png; write the path that is meant" in refusal(place)


def test_a_bare_name_in_a_folder_beside_the_table(flat, make_photo):
    assert said(usual(flat, prefix="")) == EXPECTED
    make_photo(flat / "a.png", seed=9)
    assert said(flat / "labels.csv")["cat"] == ["a.png", "images/b.png"], "beside the table comes first"
    make_photo(flat / "more" / "b.png", seed=9)
    assert "line 3: b.png may be images/b.png or more/b.png" in refusal(flat / "labels.csv")


@pytest.mark.parametrize(("said_in", "lies_in"), [("NFC", "NFD"), ("NFD", "NFC")])
@pytest.mark.parametrize("prefix", ["é/", ""])
@pytest.mark.parametrize("ending", [".png", ""])
def test_names_whose_letters_are_composed_otherwise(tmp_path, make_photo, said_in, lies_in, prefix, ending):
    for number, split in enumerate(("train", "train", "val")):
        make_photo(tmp_path / normalize(lies_in, "é") / normalize(lies_in, f"ö{number}.png"), seed=number)
        with (tmp_path / "labels.csv").open("a", encoding="utf-8") as more:
            label = normalize("NFC" if split == "train" else "NFD", "äü"[number % 2])
            more.write("path,label,split\n" if number == 0 else "")
            more.write(f"{normalize(said_in, f'{prefix}ö{number}{ending}')},{label},{split}\n")
    index = data.index_folder(tmp_path / "labels.csv")
    assert index.classes == ("ä", "ü") and index.labels == {"train": (0, 1), "val": (0,)}
    there = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")}
    assert {*index.files["train"], *index.files["val"]} <= there or sys.platform == "darwin"
    assert index.is_said_by(tmp_path / "labels.csv")


def test_the_same_row_twice_is_one(flat):
    place = usual(flat)
    with place.open("a") as more:
        more.write("./images/a.png,cat\nimages/a,cat\n")
    assert said(place) == EXPECTED


@pytest.mark.parametrize("link", ["hardlink_to", "symlink_to"])  # what another case names is such a hard link, too
@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_one_file_by_two_names_is_one_photograph(flat, link):
    getattr(flat / "images" / "b2.png", link)(flat / "images" / "b.png")
    rows = [f"images/{name},{label}" for name, label in LABELS.items()]
    for ordered in (["images/b2.png,cat", *rows], [*rows, "images/b2.png,cat"]):
        assert said(table(flat, "path,label", *ordered)) == EXPECTED, "in whatever order"
    words = "images/b2.png, the same file as images/b.png, has two classes, cat (line 3) and dog (line 6); keep one"
    assert words in refusal(table(flat, "path,label", *rows, "images/b2.png,dog"))
    assert said(table(flat, "path,label", rows[0], "images/b2.png,cat", *rows[2:]))["cat"][1] == "images/b2.png"


def test_rows_without_a_class_are_not_used_and_said(flat):
    with usual(flat).open("a") as more:
        more.write("images/e.png,\n")
    index = data.index_folder(flat / "labels.csv")
    assert index.notes[0] == "1 row has no class, and not used, such as images/e.png"
    assert sum(map(len, index.files.values())) == 4


def test_rows_without_a_class_may_have_any_split_and_rows_over_two_lines_have_the_first(flat):
    place = table(flat, "path,label,split,note", "images/a.png,cat,train,1", "images/b.png,,,2", "images/c.png,,x,3")
    assert [(row.path, row.split) for row in read_rows(place).rows if row.label] == [("images/a.png", "train")]
    place.write_text('path,label\nimages/a.png,"ca\nt"\nimages/c.png,dog\n', encoding="utf-8")
    assert [(row.line, row.label) for row in read_rows(place).rows] == [(2, "ca t"), (4, "dog")]


def test_a_column_that_was_taken_for_the_classes_is_said(flat):
    place = usual(flat, "image_id,breed")
    words = "no column is called label, class or the like: classes are those of breed, paths those of image_id"
    assert data.index_folder(place).notes[0] == words and data.index_tested(place).notes[0] == words
    found = {finding.kind: finding for finding in survey_folder(place).findings}["columns"]
    assert sentence(found, survey_folder(place)) == words and not found.problem
    for header in ("image_id,label", "path,class"):
        assert read_rows(usual(flat, header)).taken == ""


def test_an_id_is_never_taken_for_the_class(flat):
    words = refusal(table(flat, "id,filename", "1,images/a.png", "2,images/c.png"))
    assert "which column is that of classes? The first row has: id, filename; call it label" in words


def test_only_what_is_tested_has_to_be_there(flat):
    place = table(
        flat, "path,label,split", "images/gone.png,cat,train", "images/b.png,cat,test", "images/c.png,dog,test"
    )
    assert data.index_tested(place).files == {"test": ("images/b.png", "images/c.png")}
    with pytest.raises(DataError, match="gone"):
        data.index_tested(place, "all")


def test_what_is_gone_is_named_before_the_table_is_doubted(flat):
    index = data.index_folder(usual(flat))
    (flat / "images" / "a.png").unlink()
    with pytest.raises(DataError, match=r"images/a\.png"):
        index.changes_in(flat / "labels.csv")


def test_photographs_that_are_not_there_are_refused_or_skipped(flat):
    with usual(flat).open("a") as more:
        more.writelines(f"images/{number}.png,{name}\n" for number, name in enumerate(("cat", "dog", "owl", "owl")))
    place = flat / "labels.csv"
    words = "names 4 photographs that are not there (images/0.png, images/1.png, images/2.png ...; paths are relative"
    message = refusal(place)
    assert words in message and message.endswith("use --on-bad skip to go on without")
    dataset = data.load_dataset(place, size=8, on_bad="skip")
    assert dataset.classes == ("cat", "dog") and sum(map(len, dataset.splits.values())) == 4
    assert "4 photographs are not there, and left out, such as images/0.png" in dataset.notes
    assert "left out, since no image that Pillow reads is in them: owl" in dataset.notes


def test_a_split_without_any_of_its_photographs_is_said_so(flat):
    rows = [f"images/{name},{label},train" for name, label in LABELS.items()]
    place = table(flat, "path,label,split", *rows, "images/gone.png,cat,val")
    with pytest.raises(
        DataError, match=r"labels\.csv: of a split's photographs none is there, such as images/gone\.png"
    ):
        data.load_dataset(place, size=8, on_bad="skip")


def test_photographs_that_cannot_be_read_are_as_in_a_folder(flat):
    (flat / "images" / "e.png").write_bytes(b"spoilt")
    (flat / "images" / "notes").write_bytes(b"no image, and no ending")
    with usual(flat).open("a") as more:
        more.write("images/e.png,cat\nimages/notes,dog\n")
    with pytest.raises(DataError, match=r"2 images cannot be used.*reslab data check .*labels\.csv lists them all"):
        data.load_dataset(flat / "labels.csv", size=8)
    assert sum(map(len, data.load_dataset(flat / "labels.csv", size=8, on_bad="skip").splits.values())) == 4


def test_folders_whose_names_would_be_taken_for_splits_say_nothing_here(tmp_path, make_photos):
    for fold in ("fold1", "fold2"):
        make_photos(tmp_path / fold, {"x": 2, "y": 2})
    rows = [f"{path.relative_to(tmp_path).as_posix()},{path.parts[-3]}" for path in tmp_path.rglob("*.png")]
    assert data.index_folder(table(tmp_path, "path,label", *rows)).classes == ("fold1", "fold2")


def test_identity_is_what_the_table_says_and_not_how(flat, make_photo):
    first = data.index_folder(usual(flat)).fingerprint
    table(flat, "label;file", *(f"{label};images/{name}" for name, label in reversed(LABELS.items())), name="other.csv")
    assert data.index_folder(flat / "other.csv").fingerprint == first
    split = [f"images/{name},{label},{'train' if name in 'a.png c.png' else 'val'}" for name, label in LABELS.items()]
    swapped = [f"images/{name},{'dog' if label == 'cat' else 'cat'}" for name, label in LABELS.items()]
    others = {data.index_folder(table(flat, "path,label,split", *split)).fingerprint}
    others.add(data.index_folder(table(flat, "path,label", *swapped)).fingerprint)
    usual(flat)
    make_photo(flat / "images" / "a.png", size=(50, 50))
    others.add(data.index_folder(flat / "labels.csv").fingerprint)
    assert len({first, *others}) == 4


def test_moved_with_its_photographs_it_is_the_same(flat, tmp_path_factory):
    index = data.index_folder(usual(flat)).sampled(flat)
    again = FolderIndex.from_dict(json.loads(json.dumps(index.to_dict())))
    assert (again.table, again.division) == ("labels.csv", index.division) and len(index.division) == 12
    moved = Path(shutil.copytree(flat, tmp_path_factory.mktemp("moved") / "there"))
    (moved / "labels.csv").rename(moved / "renamed.csv")
    assert again.lies_in(moved) and again.lies_in(moved / "renamed.csv") and not again.lies_in(moved / "gone.csv")
    dataset = data.load_dataset(moved / "renamed.csv", size=8, index=again)
    assert (dataset.name, dataset.fingerprint, dataset.notes) == ("labels.csv", index.fingerprint, ())
    assert data.load_dataset(moved, size=8, index=again).name == "labels.csv", "its classes are written down"
    table(moved, "path,label", "images/a.png,dog", "images/b.png,cat", "images/c.png,dog", "images/d.png,dog")
    assert not again.lies_in(moved / "labels.csv")
    with pytest.raises(DataError, match=r"labels\.csv names other photographs, classes or splits than were written"):
        data.load_dataset(moved / "labels.csv", size=8, index=again)


def test_a_table_may_come_to_name_more_and_what_is_gone_is_no_other_table(flat, make_photo):
    index = data.index_folder(usual(flat)).sampled(flat)
    make_photo(flat / "images" / "e.png", seed=9)
    with (flat / "labels.csv").open("a") as more:
        more.write("images/e.png,owl\n")
    assert index.lies_in(flat / "labels.csv")
    (flat / "images" / "a.png").unlink()
    assert index.is_said_by(flat / "labels.csv") and not index.lies_in(flat / "labels.csv")
    divided = {path: split for split, paths in index.files.items() for path in paths}
    rows = [f"images/{name},{label},{divided[f'images/{name}']}" for name, label in LABELS.items()]
    assert index.is_said_by(table(flat, "path,label,split", *rows)), "the same splits, said now"
    swap = {"train": "val", "val": "train"}
    others = [f"{row.rpartition(',')[0]},{swap[row.rpartition(',')[2]]}" for row in rows]
    assert not index.is_said_by(table(flat, "path,label,split", *others))
    assert not index.is_said_by(table(flat, "path,label", "images/b.png,cat", "images/c.png,dog")), "d.png has no class"


def divided(folder: Path, *splits: str) -> Path:
    """A table of the four photographs with a column of splits."""
    rows = (f"images/{name},{label},{split}" for (name, label), split in zip(LABELS.items(), splits, strict=True))
    return table(folder, "path,label,split", *rows)


@pytest.mark.parametrize(
    ("splits", "fold"),
    [(["train"] * 4, None), (["train"] * 4, "fold2/2"), (["test", "train", "train", "train"], None)],
)
def test_what_is_held_out_of_rows_of_train_is_said_by_the_table(flat, splits, fold):
    place = divided(flat, *splits)
    index = data.index_folder(place, split=fold)
    assert ("val" in index.files) == ("test" not in splits)
    assert index.is_said_by(place) and index.changes_in(place) is None and index.lies_in(place)
    assert data.everything(index, flat).changes_in(place) is None, "as one split, too"
    assert not index.is_said_by(divided(flat, *["test"] * 4)), "what was learned is tested now"


def test_a_fold_of_rows_of_train_beside_rows_of_test(flat, make_photo):
    make_photo(flat / "images" / "e.png", seed=9)
    place = divided(flat, *["train"] * 4)
    with place.open("a") as more:
        more.write("images/e.png,dog,test\n")
    index = data.index_folder(place, split="fold2/2")
    assert {split: len(files) for split, files in index.files.items()} == {"train": 2, "val": 2, "test": 1}
    assert index.lies_in(place)


def test_photographs_of_rows_of_val_are_not_held_out_of_train(flat):
    index = data.index_folder(divided(flat, "train", "val", "train", "val"))
    place = divided(flat, "val", "train", "train", "val")
    assert not index.is_said_by(place) and data.everything(index, flat).is_said_by(place)
    table(flat, "path,label,split", *(f"images/{name},cat,train" for name in LABELS))
    assert not data.everything(index, flat).is_said_by(place), "of other classes"


def test_tested_by_its_splits_or_whole(flat):
    index = data.index_tested(usual(flat))
    assert list(index.files) == ["all"] and index.notes == (
        "labels.csv names no train, val or test: everything is tested",
    )
    splits = dict(zip(LABELS, ("train", "val", "test", "test"), strict=True))
    rows = [f"images/{name},{label},{splits[name]}" for name, label in LABELS.items()]
    place = table(flat, "path,label,split", *rows[1:])
    assert data.index_tested(place).files == {"test": ("images/c.png", "images/d.png")}, "without train, too"
    assert data.index_tested(place, "val").classes == ("cat",)
    assert len(data.index_tested(place, "all").files["all"]) == 3
    with pytest.raises(UsageError, match=r"unknown split of labels\.csv 'train'"):
        data.index_tested(place, "train")
    (flat / "images" / "c.png").unlink()
    with pytest.raises(DataError, match="names a photograph that is not there"):
        data.index_tested(place)
    assert data.index_tested(place, skip_missing=True).files == {"test": ("images/d.png",)}


def test_what_a_check_finds(flat):
    with usual(flat).open("a") as more:
        more.write("images/gone.png,cat\nimages/e.png,dog\nimages/f.png,\nimages/g.png,cat\n")
    (flat / "images" / "e.png").write_bytes(b"spoilt")
    shutil.copy(flat / "images" / "c.png", flat / "images" / "g.png")
    survey = survey_folder(flat / "labels.csv")
    found = {finding.kind: finding.items for finding in survey.findings if finding.kind != "few"}
    assert found["missing"] == ("images/gone.png",) and found["unreadable"] == ("images/e.png",)
    assert found["unlabelled"] == ("images/f.png",)
    copies = [items for kind, items in found.items() if kind.startswith("copies")]
    assert ("images/c.png", "images/g.png") in [tuple(sorted(pair)) for items in copies for pair in items]
    assert "refused" not in found and survey.name == "labels.csv" and survey.held_out
    table(flat, "path,label", "images/a.png,cat", "images/b.png,cat", "images/gone.png,cat")
    found = {finding.kind: finding.items for finding in survey_folder(flat / "labels.csv").findings}
    assert "holds one class only (cat)" in found["refused"][0] and found["missing"] == ("images/gone.png",)


def test_where_a_table_is_looked_for(flat, monkeypatch):
    usual(flat)
    assert data.find_folder("labels.csv", flat) == flat / "labels.csv"
    with pytest.raises(UsageError, match=r"did you mean .*labels\.csv"):
        data.find_folder(flat / "lables.csv")
    (flat / "folder.csv").mkdir()
    assert not data.is_table(flat / "folder.csv") and data.root_of(flat / "folder.csv") == flat / "folder.csv"
    with pytest.raises(UsageError, match=r"a\.png is a file; name a folder .* or a table \(\.csv, \.tsv\)"):
        data.find_folder(flat / "images" / "a.png")
