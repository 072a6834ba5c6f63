"""Killed at ten random instants, by a signal that no program hears, and started again: the same bytes."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reslab.store import RunFolder

COMMAND = [
    sys.executable,
    "-m",
    "reslab",
    "train",
    "digits",
    "--steps",
    "400",
    "--save-every",
    "0.05",
    "--json",
    "--run",
]
KILLS = 10


def untimed(run: Path) -> list[dict]:
    return [{k: v for k, v in m.items() if k not in ("seconds", "images_per_second")} for m in RunFolder(run).metrics()]


@pytest.mark.slow
def test_ten_kills_change_no_byte(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    done = subprocess.run([*COMMAND, str(whole)], capture_output=True, text=True, check=True)
    chance = random.Random(0)
    kills = 0
    while kills < KILLS:
        process = subprocess.Popen([*COMMAND, str(killed)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        begun = time.monotonic()
        before = _saved(killed)
        # Importing takes seconds; from the first new checkpoint on, any instant will do.
        while _saved(killed) == before and process.poll() is None and time.monotonic() - begun < 60:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.35))
        if process.poll() is not None:
            break  # it finished under our hands
        process.kill()
        process.wait()
        kills += 1
    finished = subprocess.run([*COMMAND, str(killed)], capture_output=True, text=True, check=True)
    assert kills == KILLS, "it finished before it was killed often enough: give it more steps"
    assert (whole / "model.safetensors").read_bytes() == (killed / "model.safetensors").read_bytes()
    assert (whole / "predictions.safetensors").read_bytes() == (killed / "predictions.safetensors").read_bytes()
    assert untimed(whole) == untimed(killed)
    ours, theirs = json.loads(done.stdout), json.loads(finished.stdout)
    for key in ("run", "seconds", "images_per_second"):
        ours.pop(key), theirs.pop(key)
    assert ours == theirs and ours["exact"]


def _saved(run: Path) -> int:
    """When the last checkpoint was written."""
    state = run / "state.safetensors"
    try:
        return state.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
