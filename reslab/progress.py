"""How long work tells what it does, without printing: a word to say, and a count of how far it is."""

from collections.abc import Callable

Say = Callable[[str], None]  # one line for the user
Progress = Callable[[int, int], None]  # (done, total), in bytes or images; total 0 where it is not known


def silent(line: str) -> None:
    """The `Say` of a caller that does not want to know."""


def unseen(done: int, total: int) -> None:
    """The `Progress` of a caller that does not want to know."""
