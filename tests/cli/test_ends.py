"""Where the machine has no more to give, the command ends with one line, and not with a stack."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from reslab.cli import main


def ended(error: Exception, monkeypatch, capsys) -> tuple[int, str]:
    """Exit code and what was said where a command raises `error`."""

    def raising() -> None:
        raise error

    monkeypatch.setattr("reslab.cli.app.app", raising)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code, capsys.readouterr().err


# As PyTorch 2 words them on a CPU (Linux, macOS, Windows), a CUDA device and MPS.
@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
            "allocate 40000000000000 bytes. Error code 12 (Cannot allocate memory)\nmore"
        ),
        RuntimeError("[enforce fail at alloc_cpu.cpp:80] data. DefaultCPUAllocator: not enough memory: you tried"),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB"),
        RuntimeError("Invalid buffer size: 37.25 GiB"),
        MemoryError("Unable to allocate 23.0 TiB"),
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)
def test_memory_ends_in_one_line(error, monkeypatch, capsys):
    code, said = ended(error, monkeypatch, capsys)
    assert code == 1 and said.count("\n") == 1
    assert said.startswith("reslab: memory ends here (") and "--batch" in said and "--size" in said


def test_pytorch_says_so_itself(monkeypatch, capsys):
    import torch

    with pytest.raises(RuntimeError) as found:
        torch.empty(1 << 60, dtype=torch.uint8)
    code, said = ended(found.value, monkeypatch, capsys)
    assert code == 1 and "memory ends here" in said


@pytest.mark.parametrize("error", [RuntimeError("an error of ours"), OSError("of nobody knows what")])
def test_other_errors_keep_their_stack(error, monkeypatch):
    def raising() -> None:
        raise error

    monkeypatch.setattr("reslab.cli.app.app", raising)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    with pytest.raises(type(error), match=str(error)):
        main()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux alone has a disk that is always full")
@pytest.mark.parametrize("words", [["--version"], ["info", "resnet8"], ["info", "resnet8", "--json"]])
def test_a_full_disk_ends_in_one_line(words):
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "reslab", *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120
        )
    assert answer.returncode == 1 and answer.stderr.count("\n") == 1
    assert answer.stderr.startswith("reslab: the output cannot be written (No space left on device)")
