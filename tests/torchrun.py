"""Two processes as a user starts them, by torchrun; for tests."""

import os
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


def as_rank(monkeypatch, rank: int) -> None:
    """From now on this process takes itself for one of two."""
    for name, value in {**OF_TWO, "RANK": str(rank), "LOCAL_RANK": str(rank)}.items():
        monkeypatch.setenv(name, value)
