"""The command with which a run goes on."""

from pathlib import Path

from reslab.errors import as_typed
from reslab.processes import this_team

# torchrun does not tell its processes how their machines found each other: only who typed it knows.
RENDEZVOUS = (
    ", on each of the {machines} machines, with what torchrun was given there in place of RENDEZVOUS "
    "(--node-rank and --master-addr, or --rdzv-backend and --rdzv-endpoint)"
)


def command_again(run: Path) -> str:
    """As it is typed; by torchrun, where this process was started so, and then what is to be added on each machine."""
    command, team = f"reslab train --run {as_typed(run)}", this_team()
    if team is None:
        return command
    # After -- torchrun leaves --run alone, which it takes for one of its own options in older versions of Python.
    command = f"-m -- {command}"
    if team.size == team.local_size:
        return f"torchrun --nproc-per-node {team.local_size} {command}"
    machines = team.size // team.local_size
    ours = f"torchrun --nnodes {machines} --nproc-per-node {team.local_size} RENDEZVOUS {command}"
    return ours + RENDEZVOUS.format(machines=machines)
