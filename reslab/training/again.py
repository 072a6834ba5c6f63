"""The command with which a run goes on."""

from pathlib import Path

from reslab.errors import as_typed
from reslab.processes import this_team


def command_again(run: Path) -> str:
    """As it is typed; by torchrun, where this process was started so."""
    command, team = f"reslab train --run {as_typed(run)}", this_team()
    if team is None:
        return command
    machines = f"--nnodes {team.size // team.local_size} " if team.size > team.local_size else ""
    # After -- torchrun leaves --run alone, which it takes for one of its own options in older versions of Python.
    return f"torchrun {machines}--nproc-per-node {team.local_size} -m -- {command}"
