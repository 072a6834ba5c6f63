from unicodedata import normalize

from reslab.data import namesakes, places_among, same_names
from reslab.data.class_names import hardly_differ
from reslab.data.imagenet import names_by_synset

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


def test_a_name_that_two_of_imagenets_classes_have_is_neither():
    for classes in (tuple(names_by_synset().values()), tuple(names_by_synset())):
        assert places_among(("crane", "maillot", "Cardigan", "cardigan"), classes) == [None] * 4
        assert places_among(("crane (machine)", "n02012849"), classes) == [517, 134]
        assert namesakes("Crane", classes) == ["'crane (bird)' (n02012849)", "'crane (machine)' (n03126707)"]
        assert namesakes("maillot", classes) == ["'maillot (tights)' (n03710637)", "'maillot (tank suit)' (n03710721)"]
        assert not namesakes("tench", classes) and not namesakes("cran", classes)
    assert places_among(("crane",), ("dog", "crane")) == [1], "of a net of one's own"
    assert namesakes("crane", ("dog", "crane (0)", "crane (2)")) == ["'crane (0)'", "'crane (2)'"]


def test_letter_by_letter_goes_first():
    both = (DECOMPOSED, COMPOSED)
    assert places_among(both, both) == [0, 1]


def test_names_that_hardly_differ_are_found():
    names = ("cat", "Cat", " cat", "dog", COMPOSED, DECOMPOSED, "dogs")
    assert hardly_differ(names) == [("cat", "Cat", " cat"), (COMPOSED, DECOMPOSED)]
    assert hardly_differ(("cat", "dog")) == []
