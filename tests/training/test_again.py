"""How a run goes on, as it is typed: alone, in several processes, on several machines."""

from pathlib import Path

import pytest

from reslab.training.again import command_again
from tests.torchrun import on_two_machines


@pytest.fixture
def started(monkeypatch):
    """As torchrun starts a process: so many on all machines, so many on this one."""

    def start(size: int, local_size: int) -> None:
        given = {"TORCHELASTIC_RUN_ID": "none", "RANK": 0, "WORLD_SIZE": size, "LOCAL_RANK": 0}
        for name, value in {**given, "LOCAL_WORLD_SIZE": local_size}.items():
            monkeypatch.setenv(name, str(value))

    return start


def test_alone_and_in_several_processes(started, monkeypatch):
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    assert command_again(Path("run")) == "reslab train --run run"
    started(2, 2)
    assert command_again(Path("run")) == "torchrun --nproc-per-node 2 -m -- reslab train --run run"


def test_on_several_machines_it_says_what_it_cannot_know(started):
    started(6, 2)
    command, _, then = command_again(Path("run")).partition(", on each of ")
    assert command == "torchrun --nnodes 3 --nproc-per-node 2 RENDEZVOUS -m -- reslab train --run run"
    assert then.startswith("the 3 machines, with what torchrun was given there in place of RENDEZVOUS (--node-rank")


@pytest.mark.slow
def test_as_torchrun_itself_starts_a_process_on_each_of_two_machines(tmp_path):
    on_two_machines("tests.training.ranks", tmp_path, "nothing")
    said = {(tmp_path / f"again {rank}").read_text().partition(",")[0] for rank in (0, 1)}
    assert said == {"torchrun --nnodes 2 --nproc-per-node 1 RENDEZVOUS -m -- reslab train --run run"}
