"""The worker: what it is told is what is trained, and when its queue is gone it stops."""

import json
import signal
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from reslab.engine import Request
from reslab.errors import UsageError
from reslab.experiments.jobs import Job
from reslab.experiments.plan import plan
from reslab.experiments.queue import run_queue
from reslab.experiments.running import COMMAND
from reslab.experiments.worker import _stop_when_stdin_closes, carry_out, order
from reslab.store import RunFolder
from reslab.training import Recipe, Surroundings, train_on, with_fields
from tests.conftest import short_recipe

CPU = Surroundings(request=Request(device="cpu", threads=1))


def told(recipe: Recipe, folder: Path, around: Surroundings = CPU) -> dict:
    (task,) = plan([Job(recipe, folder, "digits", "one")], around).tasks
    return json.loads(json.dumps(order(task, around)))


def test_the_run_is_the_one_that_was_handed_over(digits, recipe, tmp_path):
    recipe = with_fields(recipe, ["optimizer.lr=0.0123456789012345", "schedule.drops=3,9", "seed=7"])
    carry_out(told(recipe, tmp_path / "queued"), lambda _: None)
    train_on(digits, recipe, tmp_path / "plain", CPU)
    assert Recipe.from_dict(RunFolder(tmp_path / "queued").recipe()) == recipe
    queued, plain = (tmp_path / name / "model.safetensors" for name in ("queued", "plain"))
    assert queued.read_bytes() == plain.read_bytes()


def test_progress_is_plain_values(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr("reslab.training.loop.SHOWN_EVERY", 0.0)
    events: list[dict] = []
    carry_out(told(recipe, tmp_path / "run"), events.append)
    assert len(events) == recipe.steps and {"step", "steps", "train_error", "val_error", "seconds_left"} <= set(
        json.loads(json.dumps(events[0]))
    )


def test_what_cannot_be_trained_is_refused_as_ever(recipe, tmp_path):
    with pytest.raises(UsageError, match="larger than the 1077"):
        carry_out(told(replace(recipe, batch=2000), tmp_path / "run"), lambda _: None)


@pytest.mark.parametrize("over", [False, True])
def test_once_a_run_has_ended_its_last_words_are_not_interrupted(over, monkeypatch):
    ended, interrupted = threading.Event(), []
    monkeypatch.setattr("os.read", lambda *_: b"")
    monkeypatch.setattr("_thread.interrupt_main", interrupted.append)
    if over:
        ended.set()
    _stop_when_stdin_closes(ended)
    assert interrupted == ([] if over else [signal.SIGINT])


@pytest.mark.slow
def test_without_its_queue_a_run_saves_its_state_and_stops(digits, tmp_path):
    recipe = short_recipe(digits, 50_000)
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(json.dumps(told(recipe, tmp_path / "run")).encode() + b"\n")
    process.stdin.flush()
    step = json.loads(process.stdout.readline())["step"]
    _, errors = process.communicate(timeout=60)  # closes stdin, as a queue that dies does
    assert process.returncode == 1 and b"stopped at step" in errors
    _, facts = RunFolder(tmp_path / "run").load_state()
    assert step <= facts["step"] < 50_000


@pytest.mark.slow
def test_stopped_and_gone_on_with_is_as_if_never_stopped(digits, tmp_path):
    recipe = short_recipe(digits, 600)
    train_on(digits, recipe, tmp_path / "whole", CPU)
    job = Job(recipe, tmp_path / "stopped", "digits", "one")
    process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(json.dumps(told(recipe, job.folder)).encode() + b"\n")
    process.stdin.flush()
    process.stdout.readline()
    process.kill()
    process.communicate()
    assert RunFolder(job.folder).recipe() and not (job.folder / "result.json").exists()
    (outcome,) = run_queue(plan([job], CPU), CPU)
    assert outcome.result and outcome.result["exact"]
    models = [tmp_path / name / "model.safetensors" for name in ("whole", "stopped")]
    assert models[0].read_bytes() == models[1].read_bytes()


@pytest.mark.slow
def test_a_residual_function_of_ones_own_may_print(tmp_path, monkeypatch, digits):
    (tmp_path / "talking.py").write_text(
        "import random\nfrom torch import nn\n\n\ndef block(cin, width, stride, stride_in):\n    print('hello')\n"
        "    return nn.Sequential(nn.Conv2d(cin, width, 3, stride, 1), nn.BatchNorm2d(width))\n"
    )
    (tmp_path / "random.py").write_text("raise SystemExit('this is not Python's')\n")
    monkeypatch.chdir(tmp_path)
    from reslab.training import with_residual

    recipe = with_residual(with_fields(short_recipe(digits, 5), ["model.residual=talking:block"]))
    (outcome,) = run_queue(plan([Job(recipe, Path("run"), "digits", "own")], CPU), CPU)
    assert outcome.result, outcome.trouble
