"""Names of classes: those that look the same are the same, however their letters are composed, and ImageNet's two."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from reslab.data.imagenet import readable, synset
from reslab.errors import DataError, and_more


def places_among(names: Sequence[str], classes: Sequence[str]) -> list[int | None]:
    """Of each name its place among the `classes`, None where it is not there.

    "café" is five characters on some systems and four on others: what is not there letter by letter is looked for in
    Unicode's normal form (NFC), and ImageNet's classes by the one of their two names, "n01440764" and "tench", as well
    as by the other.
    """
    usual = {_usual(name): place for place, name in enumerate(classes)}
    exact = {name: place for place, name in enumerate(classes)}
    return [exact.get(name, usual.get(_usual(name))) for name in names]


def same_names(names: Sequence[str], others: Sequence[str]) -> bool:
    """Are they the same, in the same order?"""
    return places_among(names, others) == list(range(len(others)))


def namesakes(name: str, classes: Iterable[str]) -> list[str]:
    """Those classes whose names are this one and more in brackets: of "crane" 'crane (bird)' and 'crane (machine)'.

    In quotes, ImageNet's with the numbers of their synsets behind them.
    """
    begins = f"{_usual(name).casefold()} ("
    called = [usual for usual in map(_usual, classes) if usual.casefold().startswith(begins)]
    return [f"'{one}' ({number})" if (number := synset(one)) else f"'{one}'" for one in called]


def _usual(name: str) -> str:
    return readable(normalize("NFC", name))


def hardly_differ(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of names that differ in case, in spaces around them, or in how their letters are composed alone."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[normalize("NFC", name).casefold().strip()].append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def class_numbers(names: Sequence[str], classes: Sequence[str], data: str, hint: str = "") -> NDArray[np.int64]:
    """A net's number of each of the classes of `data`: `names` among its own `classes`.

    Raises DataError, which ends with `hint`, for a class that the net does not know.
    """
    places = places_among(names, classes)
    strange = [name for name, place in zip(names, places, strict=True) if place is None]
    if strange:
        raise DataError(
            f"the net does not know class '{strange[0]}' of {data}"
            f"{and_more(strange)}; it knows {_known(strange[0], classes)}{hint}"
        )
    return np.array(places, np.int64)


def _known(name: str, classes: Sequence[str]) -> str:
    """Those of the net's classes that may be meant, else the first of them."""
    if alike := namesakes(name, classes):
        return f"{' and '.join(alike)}: call the class by the whole name of the one that it is"
    return f"{', '.join(classes[:10])}{and_more(classes, 10)}"
