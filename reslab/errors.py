"""What goes wrong for a user: one clear line that names the thing, the place and the way out."""

import errno
import os
import re
import shlex
from collections.abc import Iterable, Sequence, Sized
from difflib import SequenceMatcher
from pathlib import PurePath


class ReslabError(Exception):
    """Something failed for a reason that the user can act on; the command line prints it and exits with 1.

    `details` are a list that belongs to it, each of them printed on a line of its own.
    """

    exit_code = 1

    def __init__(self, message: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message, self.details = message, tuple(details)

    def __str__(self) -> str:
        return "\n  ".join((self.message, *self.details))


class UsageError(ReslabError, ValueError):
    """What was asked for is not valid (unknown name, value out of range); the command line exits with 2."""

    exit_code = 2


class DataError(ReslabError):
    """A data set is missing, damaged or not what it claims to be."""


class RunError(ReslabError):
    """A run folder or model file is in use, damaged, read-only or made by something else."""


def as_typed(path: PurePath | str) -> str:
    """A path as it is typed in a command that is offered: in quotes where its name needs them."""
    text = str(path)
    if os.name == "nt":  # where single quotes are letters
        return f'"{text}"' if " " in text else text
    return shlex.quote(text)


def no_text(name: str) -> str:
    """A name with bytes that are no text (Latin-1 on Linux) as it can be shown; "" for any other."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode(errors="backslashreplace").decode()
    return ""


def refuse_no_text(path: PurePath) -> None:
    """Raises UsageError for a path that is no text: no JSON could name it."""
    if shown := no_text(str(path)):
        raise UsageError(f"{shown}: the name is not UTF-8; rename it")


# What PyTorch says where memory ends, by device and system: all of it in RuntimeErrors.
_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory", "invalid buffer")


def no_memory(error: Exception) -> str:
    """What is said of it where memory has ended, in whoever's words; "" for any other error."""
    told = isinstance(error, OSError) and error.errno == errno.ENOMEM
    if told or isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in _NO_MEMORY):
        return str(error).strip().partition("\n")[0] or "it is not said for what"
    return ""


FEW = 8  # names that are all said, whether one of them is near or not
MANY = 20  # names that are not all said where none of them is near
NEAR, ALIKE = 0.5, 0.1  # likeness, from 0 to 1, of what may be meant, and how much less than the nearest it may be
MOST = 3  # names that may be meant


def unknown(kind: str, name: str, known: Iterable[str], listed: str = "") -> UsageError:
    """The error for a name that does not exist, with the nearest names that do.

    `listed` is the command that shows all names, where they may be many.
    """
    names = list(known)
    near = nearest(name, names)
    hint = f"did you mean {either(near)}?" if near else _known(name, names, listed)
    if near and len(near) < len(names) <= FEW:
        hint += f" (known: {', '.join(names)})"
    return UsageError(f"unknown {kind} '{name}': {hint}")


def _known(name: str, names: list[str], listed: str) -> str:
    """Of dotted names those of its group; else all, if they are not too many to be read."""
    group = name.rpartition(".")[0]
    siblings = [other for other in names if group and other.startswith(f"{group}.")]
    if siblings or len(names) <= MANY:
        return f"known: {', '.join(siblings or names)}"
    if listed:
        return f"none of the {len(names):,} names is near it; {listed} shows them"
    return f"none of the {len(names):,} names is near it: {', '.join(names[:FEW])}, ..."


def and_more(names: Sized, shown: int = 1, such: str = "") -> str:
    """Behind the first `shown` of the names: " (and 3 more such)", with the word `such`; "" where there are no more."""
    more = len(names) - shown
    return f" (and {more:,} more{such and f' {such}'})" if more > 0 else ""


def either(names: Sequence[str]) -> str:
    """In words: "a", "a or b", "a, b or c"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """At most three names that `name` may have been meant to be, the nearest first, in whatever case it is written.

    Of dotted names the last part counts: "lr" is optimizer.lr, and model.pretrained is not near to model.residual.
    """
    names = list(known)
    if any("." in other for other in names):
        return _nearest_parts(name.lower(), names)
    return _begun_so(name.lower(), names) or _much_alike(name.lower(), names)


def _begun_so(name: str, names: list[str]) -> list[str]:
    """The very name in another case; else the few that it is the beginning of."""
    begun = [other for other in names if other.lower().startswith(name)]
    same = [other for other in begun if len(other) == len(name)]
    return same or (begun if name and len(begun) <= MOST else [])


def _much_alike(name: str, names: list[str]) -> list[str]:
    """The nearest, and those that are nearly as near."""
    ratios = {other: SequenceMatcher(None, other.lower(), name).ratio() for other in names}
    least = max(NEAR, max(ratios.values(), default=0.0) - ALIKE)
    return sorted((other for other in ratios if ratios[other] >= least), key=lambda other: -ratios[other])[:MOST]


def _nearest_parts(name: str, names: list[str]) -> list[str]:
    group, _, typed = name.rpartition(".")
    words = _words(typed)
    found = []
    for other in names:
        its_group, _, part = other.lower().rpartition(".")
        likeness = SequenceMatcher(None, typed, part).ratio()
        swapped = sorted(typed) == sorted(part)  # "rl": of two letters half are alike
        inside = len(typed) > 2 and typed in part
        within = _words(part) <= words  # "batch_size", "mixup_alpha"; but in "dropout" no drop is meant
        if likeness >= 0.75 or swapped or inside or within:
            found.append((likeness, its_group == group, other))
    exact = [other for likeness, _, other in found if likeness == 1]
    return exact[:MOST] or [other for *_, other in sorted(found, key=lambda near: near[:2], reverse=True)[:MOST]]


def _words(name: str) -> set[str]:
    return set(re.split(r"[_\W]+", name))
