"""The words beside the fields are what users are told of them."""

from reslab.training import field_names, meanings
from reslab.training.meanings import _told

SOURCE = """
class Part:
    \"\"\"No comment of a field.\"\"\"

    plain: int = 0
    beside: int = 1  # words
    # Words above,
    # and more
    above: tuple[int, ...] = (
        1,  # one
    )  # at the end

    def method(self) -> None:
        inside: int = 0  # no field

other: int = 2  # of no class
"""


def test_every_field_has_a_meaning():
    assert list(meanings()) == field_names()
    assert {name for name, told in meanings().items() if len(told) < 10} == set()
    assert meanings()["optimizer.lr"].startswith("learning rate")


def test_comments_beside_and_above_are_taken():
    found = {name: told for (part, name), told in _told(SOURCE).items() if part == "Part"}
    assert found == {"plain": "", "beside": "words", "above": "Words above, and more one at the end"}
    assert ("Part", "inside") not in _told(SOURCE) and len(_told(SOURCE)) == 3


def test_without_sources_there_are_names_and_no_words(monkeypatch):
    def none(_):
        raise OSError("could not get source code")

    monkeypatch.setattr("inspect.getsource", none)
    assert set(meanings.__wrapped__().values()) == {""}
