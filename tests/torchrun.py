"""Two processes as a user starts them, by torchrun; for tests."""

import os
import socket
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "--"]
PATIENCE = 600  # seconds, for a machine that is busy with other things
OF_TWO = {"TORCHELASTIC_RUN_ID": "test", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}


def surroundings() -> dict[str, str]:
    """In which these processes find the package, and have a thread each."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "OMP_NUM_THREADS": "1"}


def in_two_processes(*words: object) -> subprocess.CompletedProcess:
    """A module and its arguments in two processes, to their end."""
    command = [*COMMAND, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=surroundings(), timeout=PATIENCE)


def on_two_machines(*words: object) -> list[str]:
    """A module and its arguments in a process on each of two machines, both of which are this one; what each said.

    Raises CalledProcessError where one fails.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = ["--master-addr", "127.0.0.1", "--master-port", str(free.getsockname()[1])]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1", *place]
    machines = [
        subprocess.Popen(
            [*torchrun, "--node-rank", str(number), "-m", "--", *map(str, words)],
            stderr=subprocess.PIPE,
            text=True,
            env=surroundings(),
        )
        for number in range(2)
    ]
    try:
        said = [machine.communicate(timeout=PATIENCE)[1] for machine in machines]
    finally:
        for machine in machines:
            machine.kill()
    for machine, line in zip(machines, said, strict=True):
        if machine.returncode:
            raise subprocess.CalledProcessError(machine.returncode, machine.args, stderr=line)
    return said


def as_rank(monkeypatch, rank: int) -> None:
    """From now on this process takes itself for one of two."""
    for name, value in {**OF_TWO, "RANK": str(rank), "LOCAL_RANK": str(rank)}.items():
        monkeypatch.setenv(name, value)
