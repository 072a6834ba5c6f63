from unicodedata import normalize

from reslab.data import places_among, same_names
from reslab.data.class_names import hardly_differ

COMPOSED, DECOMPOSED = normalize("NFC", "café"), normalize("NFD", "café")


def test_names_that_look_the_same_are_the_same():
    assert COMPOSED != DECOMPOSED
    assert places_among(("tea", DECOMPOSED, "cafe"), (COMPOSED, "tea")) == [1, 0, None]
    assert same_names(("tea", DECOMPOSED), ("tea", COMPOSED)) and not same_names((DECOMPOSED, "tea"), ("tea", COMPOSED))
    assert not same_names(("tea",), ("tea", COMPOSED)) and not same_names(("tea", COMPOSED), ("tea",))


def test_imagenets_classes_go_by_either_of_their_names():
    assert places_among(("n01440764", "goldfish", "n1"), ("goldfish", "tench")) == [1, 0, None]
    assert same_names(("tench", "n01443537"), ("n01440764", "n01443537"))
    assert places_among(("tench",), ("n01440764x", "n99999999")) == [None]


def test_letter_by_letter_goes_first():
    both = (DECOMPOSED, COMPOSED)
    assert places_among(both, both) == [0, 1]


def test_names_that_hardly_differ_are_found():
    names = ("cat", "Cat", " cat", "dog", COMPOSED, DECOMPOSED, "dogs")
    assert hardly_differ(names) == [("cat", "Cat", " cat"), (COMPOSED, DECOMPOSED)]
    assert hardly_differ(("cat", "dog")) == []
