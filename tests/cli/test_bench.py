"""`reslab bench train` as a whole, in its real processes; and what is left of it when it is stopped."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import reslab.bench.rounds
import reslab.bench.trials
import reslab.store
from reslab.store import read_benches, read_results
from tests.bench.test_bench_processes import gone, wait_until
from tests.cli.test_commands import Answer

# fmt: off
KEYS = {
    "engine", "images_per_second", "plain_images_per_second", "plain_ratio", "best_torch_images_per_second",
    "best_torch_ratio", "best_torch_settings", "ratio_min", "ratio_max", "achieved_gflops", "peak_gflops",
    "bytes_per_image", "precision", "threads",
}
# fmt: on


@pytest.mark.slow
def test_a_whole_measurement(tmp_path, monkeypatch):
    monkeypatch.setattr(reslab.bench.rounds, "MOST_ROUNDS", 2)
    monkeypatch.setattr(reslab.bench.rounds, "BURST", 0.2)
    monkeypatch.setattr(reslab.bench.trials, "OPTIONS", ("fused", "compiled"))
    monkeypatch.setattr(reslab.store, "results_folder", lambda: tmp_path)
    answer = Answer(
        "bench",
        "train",
        "--model",
        "resnet-8",
        "--batch",
        "8",
        "--threads",
        "1",
        "--engine",
        "torch",
        "--json",
        "--save",
    )
    assert answer.code == 0, answer.err
    told = answer.json
    assert set(told) >= KEYS and answer.out.count("\n") == 1
    assert (told["engine"], told["threads"], told["model"], told["batch"]) == ("torch", 1, "resnet8", 8)
    assert told["ratio_min"] <= told["best_torch_ratio"] <= told["ratio_max"]
    assert told["rounds"] == 2 and all(len(rates) == 2 and min(rates) > 0 for rates in told["rates"].values())
    assert told["best_torch_images_per_second"] >= told["plain_images_per_second"] > 0
    flops = reslab.bench.task.Task("resnet8", 8).flops_per_image()
    assert told["achieved_gflops"] == pytest.approx(told["images_per_second"] * flops / 1e9, abs=0.1)
    assert told["best_torch_settings"]["threads"] == 1 and told["bytes_per_image"] is None
    assert [trial["settings"]["compiled"] for trial in told["tried"]] == [False, True]
    assert told["tried"][0]["ratio_to_best_before"] > 0 and "tried compiled" in answer.err
    assert told["seconds"] <= 480
    (kept,) = read_benches(tmp_path)
    assert kept["result"] == told and kept["name"].startswith("bench-resnet8-b8-torch-t1-")
    assert kept["environment"]["machine"]["processor"] and kept["environment"]["versions"]["torch"]
    assert read_results(tmp_path) == []


def test_what_was_measured_as_a_table(monkeypatch):
    result = {
        "model": "resnet20", "batch": 128, "threads": 2, "engine": "native", "precision": "bf16", "rounds": 15,
        "images_per_second": 6000.4, "plain_images_per_second": 750.0, "best_torch_images_per_second": 1500.0,
        "best_torch_ratio": 4.012, "plain_ratio": 8.0, "ratio_min": 3.9, "ratio_max": 4.2, "best_torch": "eager bf16",
        "achieved_gflops": 1454.0, "peak_gflops": 2900.0, "seconds": 400.0,
    }  # fmt: skip
    asked = []
    monkeypatch.setattr(reslab.bench, "bench_train", lambda *words: asked.append(words[:5]) or result)
    answer = Answer("bench", "train", "--threads", "2", "--minutes", "0.5")
    assert asked == [("resnet20", 128, "auto", 2, 0.5)]
    for words in ("6,000", "4.01 times", "8.00 times", "3.90 to 4.20 (15 rounds)", "1,454 GFLOP/s of 2,900 (50%)"):
        assert words in answer.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--minutes", "9"), "at most 8"),
        (("--engine", "torhc"), "did you mean torch"),
        (("--model", "resnet21"), "6n"),
        (("--batch", "0"), "at least 1 image"),
        (("--threads", "-1"), "at least 1"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_starts(words, message):
    answer = Answer("bench", "train", *words)
    assert answer.code == 2 and message in answer.err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_it_leaves_no_contender(number):
    command = [sys.executable, "-m", "reslab", "bench", "train", "--model", "resnet8", "--threads", "1", "--json"]
    # Where the tests run in the background of a shell, Ctrl-C would be ignored by whatever they start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    signal.signal(signal.SIGINT, before)
    try:
        assert wait_until(lambda: children(process.pid), 60)
        time.sleep(1)
        workers = children(process.pid)
        os.kill(process.pid, number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode != 0 and out == "" and "Traceback" not in err
    assert wait_until(lambda: all(gone(pid) for pid in workers))


def children(parent: int) -> list[int]:
    """The workers among a process's children."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                status = (folder / "stat").read_text().rpartition(")")[2].split()
                words = (folder / "cmdline").read_text()
            except OSError:
                continue
            if int(status[1]) == parent and "reslab.bench.worker" in words:
                found.append(int(folder.name))
    return found
