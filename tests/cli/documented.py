"""Commands of reslab that a text shows, and what is wrong with one: parsed as it would be typed, and not run."""

import re
import shlex
from functools import lru_cache
from typing import Any

from typer.main import get_command

from reslab.cli.app import app
from reslab.experiments.grid import read_axes
from reslab.experiments.registry import named
from reslab.experiments.scales import SCALES
from reslab.nets import spec
from reslab.training import PRESETS, read_field

_TYPED = re.compile(r"^ {4}(?:\$ )?(?:torchrun [^#\n]*)?(reslab .+)$", re.MULTILINE)  # a line to be typed
_QUOTED = re.compile(r"`(?:torchrun [^`]*)?(reslab [^`]+)`")


def commands_in(text: str) -> list[list[str]]:
    """The words after `reslab` of every command in a Markdown text, comments left out."""
    found = [*_TYPED.findall(text), *_QUOTED.findall(text)]
    return [shlex.split(command, comments=True)[1:] for command in found]


def strange_options(words: list[str]) -> list[str]:
    """The options that the verb does not have, whatever else is lacking. Raises KeyError where there is no verb."""
    command, rest = _verb(words)
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    return [word for word in rest if word.startswith("--") and word not in {*known, "--help"}]


def fault_of(words: list[str]) -> str | None:
    """Why the command would be refused before it reads anything; None where it would not be.

    A verb alone is the name of one. Words in capitals stand for names of the reader's own.
    """
    try:
        command, rest = _verb(words)
        if rest:
            given = command.make_context(words[0], list(rest)).params
            _check_names(given, experiment=given["name"] if words[0] == "reproduce" else None)
    except Exception as error:  # of whatever kind: the parser's, or reslab's own
        return f"{type(error).__name__}: {error}"
    return None


@lru_cache(maxsize=1)
def _root() -> Any:
    return get_command(app)


def _verb(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the first words name, and the words that remain."""
    command, rest = _root(), words
    while hasattr(command, "commands"):
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


def _check_names(given: dict[str, Any], experiment: str | None) -> None:
    """Fields, experiments, nets and presets among parsed values are looked up, and raise as they do in the verbs."""
    for assignment in given.get("assign") or []:
        read_field(assignment)
    if given.get("grid") or given.get("change"):
        read_axes(given["grid"] or [], None, given["change"] or [])
    if experiment and not experiment.isupper():
        named(experiment)
    for name in (given.get("model"), *(given.get("models") or "").split(",")):
        if name:
            spec(name)
    for known, name in ((PRESETS, given.get("recipe")), (SCALES, given.get("scale"))):
        for one in name.split("|") if name else ():  # "small|full": either
            known[one]
