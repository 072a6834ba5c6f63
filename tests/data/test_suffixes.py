"""How files end that are no photographs, in words."""

from pathlib import Path

from reslab.data import suffixes_in_words
from reslab.data.suffixes import way_out


def test_the_most_frequent_suffixes_are_named_first():
    assert suffixes_in_words(["a.txt", "b.md", "c/d.MD", "e"]) == "2 .md, 1 without any, 1 .txt"
    assert suffixes_in_words([Path(f"{n}.{n}") for n in range(7)]).endswith("1 .4, 2 of others")
    assert suffixes_in_words([]) == ""


def test_what_phones_take_may_be_saved_otherwise():
    for name in ("a.heic", "b.HEIF"):
        assert suffixes_in_words(["c.txt", name]).endswith(f"; {way_out([name])}") and ".jpg" in way_out([name])
    assert way_out(["heic", "a.heic.txt"]) == ""
