"""What goes wrong for a user: one clear line that names the thing, the place and the way out."""

from collections.abc import Iterable
from difflib import get_close_matches


class ReslabError(Exception):
    """Something failed for a reason that the user can act on; the command line prints it and exits with 1."""

    exit_code = 1


class UsageError(ReslabError, ValueError):
    """What was asked for is not valid (unknown name, value out of range); the command line exits with 2."""

    exit_code = 2


class DataError(ReslabError):
    """A data set is missing, damaged or not what it claims to be."""


class RunError(ReslabError):
    """A run folder or model file is in use, damaged, read-only or made by something else."""


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that does not exist, with the nearest names that do."""
    names = list(known)
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names)}"
    return UsageError(f"unknown {kind} '{name}': {hint}")
