"""The 1,000 classes of ImageNet's challenge of 2012, in its order.

Folders are called by the numbers of WordNet's synsets ("n01440764"), in whose order the classes stand; people say the
first word of a synset ("tench"). Two begin with "crane", two with "maillot", and two, but for a capital, with
"cardigan": these are "crane (bird)" and "crane (machine)" here, so that none is taken for the other by its word alone.
Synsets are of WordNet 3.0, Copyright 2006 by Princeton University, all rights reserved.
"""

from functools import cache
from importlib.resources import files

TITLE = "ImageNet"
COUNT = 1000


@cache
def names_by_synset() -> dict[str, str]:
    """What each class is called, by its synset's number, in the order of the classes."""
    lines = (files("reslab.data") / "imagenet_classes.txt").read_text(encoding="utf-8").splitlines()
    return {number: name for number, _, name in (line.partition(" ") for line in lines)}


def readable(name: str) -> str:
    """Of a synset's number the class's name; any other name as it is."""
    return names_by_synset().get(name, name) if name[:1] == "n" and name[1:].isdecimal() else name


def synset(name: str) -> str:
    """The number of the synset that has this name; "" for any other name."""
    return _synsets().get(name, "")


@cache
def _synsets() -> dict[str, str]:
    return {name: number for number, name in names_by_synset().items()}
