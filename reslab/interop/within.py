"""Names of classes within the file of weights itself, where a trainer put them beside these."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

PARTS = ("class_to_idx", "idx_to_class", "class_names", "classes")  # what trainers call them


@dataclass(frozen=True)
class Within:
    """What is found of them."""

    part: str = ""  # what they are called there: "class_to_idx"; "" where there are none
    classes: tuple[str, ...] | None = None  # in the order of the scores; None where they cannot be taken
    strange: str = ""  # why not, in words


NO_NAMES = Within()


def parts_of(levels: Iterable[Mapping[Any, Any]]) -> dict[str, Any]:
    """What may be names, by what it is called, the outermost first: lists, and dicts of either direction.

    A mere number of classes, and a layer of that name, is none.
    """
    found: dict[str, Any] = {}
    for level in levels:
        found = {part: level[part] for part in PARTS if _may_be_names(level.get(part))} | found
    return found


def beside(name: Any, value: Any) -> bool:
    """Is it no tensor of the net's, but what stands for names of classes among these?"""
    return name in PARTS and not isinstance(value, Tensor)


def within(parts: Mapping[str, Any], classes: int) -> Within:
    """The names of so many classes in what `parts_of` gave: those that are whole, if all of these are the same."""
    read = {part: _names(parts[part], classes) for part in PARTS if part in parts}
    whole = {part: names for part, names in read.items() if isinstance(names, tuple)}
    if len(set(whole.values())) > 1:
        return Within(" and ".join(whole), None, "they differ")
    if whole:
        return Within(*next(iter(whole.items())))
    return next((Within(part, None, str(reason)) for part, reason in read.items()), Within())


def _may_be_names(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and len(value) > 0


def _names(value: Any, classes: int) -> tuple[str, ...] | str:
    """All of them, in order; or why there are not, in words."""
    listed = _by_number(value) if isinstance(value, Mapping) else list(value)
    if listed is None or not all(isinstance(name, str) and name.strip() for name in listed):
        return f"not a name for each class from 0 to {classes - 1}"
    if len(listed) != classes:
        return f"{len(listed):,} names, and the net has {classes:,} classes"
    return tuple(listed)


def _by_number(value: Mapping[Any, Any]) -> list[Any] | None:
    """The names in the order of their numbers, of name -> number or of number -> name; None for numbers with gaps."""
    turned = all(isinstance(number, int) for number in value.values())
    pairs = [(number, name) if turned else (name, number) for name, number in value.items()]
    try:
        by_number = {int(number): name for number, name in pairs}
    except (TypeError, ValueError, OverflowError):
        return None
    whole = len(by_number) == len(pairs) and set(by_number) == set(range(len(pairs)))
    return [by_number[number] for number in range(len(pairs))] if whole else None
