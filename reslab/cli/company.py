"""The command in several processes, as torchrun starts them: the first does what it says, the others follow."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import wraps
from pathlib import Path
from typing import Any

import typer

from reslab.errors import ReslabError, RunError, UsageError
from reslab.processes import Team, this_team

WRONG_USAGE = UsageError.exit_code


def in_company(command: Callable[..., None]) -> Callable[..., None]:
    """`reslab train`, whether it is alone or one of several processes."""

    @wraps(command)
    def run(**options: Any) -> None:
        team = this_team()
        if team is None:
            command(**options)
            return
        for several in ("seeds", "folds"):
            if options[several] is not None:
                _refuse(team, f"--{several} starts processes of its own")
        if options["dry_run"]:
            _refuse(team, "--dry-run times a training by one process")
        if not team.leads:
            _follow(team)
            return
        from reslab.training import led

        with led(team):
            command(**options)

    return run


@contextmanager
def said_once() -> Iterator[None]:
    """Around the command line: help and wrong usage, which are alike in all processes, the first says alone.

    So it is on its machine; on another one, where another command may have been typed, each speaks for itself.
    """
    team = this_team()
    if team is None or team.leads or team.rank != team.local_rank:
        yield
        return
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            yield
        except SystemExit as end:
            if end.code == WRONG_USAGE:
                raise SystemExit from end  # no failure, see `_refuse`
            raise


def alone(command: str | None) -> None:
    """Of every other command. Raises UsageError where torchrun started several processes."""
    if command and (team := this_team()):
        _refuse(team, f"{command} is the work of one process: of all commands, torchrun is for `reslab train`")


def _refuse(team: Team, reason: str) -> None:
    if not team.leads:
        raise typer.Exit  # one of them says it; a failure here would have torchrun end that one before it has
    raise UsageError(f"{reason}; call it without torchrun")


def _follow(team: Team) -> None:
    """What is to be said of the training as a whole the first process says."""
    from reslab.engine import Lost
    from reslab.training import Diverged, Interrupted, follow

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # before and after the loop the first process hears it alone
    try:
        follow(team)
    except (Lost, Interrupted, Diverged):
        return
    except ReslabError as error:
        raise RunError(f"rank {team.rank}: {error}") from error
