"""Files that a command is to write besides its answer: a photograph's name, mistyped, is no photograph gone."""

import pytest

from reslab.cli.places import refuse_place
from reslab.errors import UsageError


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (".", "--csv .* is a folder: name a file"),
        ("photo.jpg", r"--csv .*photo\.jpg: name a file that ends in \.csv"),
        ("nowhere/a.csv", "--csv .*: there is no folder .*nowhere"),
    ],
)
def test_places_that_cannot_be_meant(tmp_path, name, message):
    with pytest.raises(UsageError, match=message):
        refuse_place("--csv", tmp_path / name, ".csv")


def test_any_other_place_is_one(tmp_path):
    (tmp_path / "old.csv").write_text("")
    for name in ("new.csv", "old.csv", "NEW.CSV"):
        refuse_place("--csv", tmp_path / name, ".csv")


def test_several_endings_will_do(tmp_path):
    refuse_place("--out", tmp_path / "page.HTM", ".html", ".htm")
    with pytest.raises(UsageError, match=r"name a file that ends in \.html or \.htm$"):
        refuse_place("--out", tmp_path / "page.txt", ".html", ".htm")
