"""The queue itself, with processes that train nothing: order, cores, failures, stopping, going on."""

import json
import os
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from reslab.engine import Request
from reslab.errors import UsageError
from reslab.experiments.jobs import Job
from reslab.experiments.plan import plan
from reslab.experiments.queue import Standing, run_queue
from reslab.processor import core_numbers
from reslab.store import ENVIRONMENT, RunFolder
from reslab.training import Facts, Interrupted, Recipe, Surroundings, make_recipe

FAKE = Path(__file__).with_name("fake_worker.py")
SPEAKING = Surroundings(request=Request(device="cpu"))
RECORD = {"machine": {}, "versions": {}, "exact": True}
PHOTOGRAPHS = Facts("pets", 10, 224, 1000, mirror=True, official=False)
EXECUTION = {"engine": "torch", "device": "cpu", "precision": "fp32", "channels_last": True, "compiled": False}


@pytest.fixture(autouse=True)
def all_cores(monkeypatch):
    """Whatever bounds the tests themselves."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)


def jobs(recipe: Recipe, runs: Path, seeds: int) -> list[Job]:
    return [Job(replace(recipe, seed=s), runs / f"s{s}", "digits", f"seed {s}") for s in range(seeds)]


def fake(**behaviours: str) -> list[str]:
    """A command that behaves so for seed s0, s1 ...; for the others it is done."""
    return [sys.executable, "-S", str(FAKE), json.dumps({name[1:]: kind for name, kind in behaviours.items()})]


def met(job: Job) -> dict:
    return json.loads((job.folder / "met.json").read_text())


def four_cores() -> list[int]:
    """As many as a machine of four has; where there are fewer, some of them twice."""
    return sorted((list(core_numbers()) * 4)[:4])


def most_at_once(*runs: dict) -> int:
    return max(sum(other["begun"] <= run["begun"] < other["ended"] for other in runs) for run in runs)


def test_every_run_is_done_and_told_of(recipe, tmp_path):
    seen: list[Standing] = []
    todo = jobs(recipe, tmp_path, 3)
    outcomes = run_queue(plan(todo, SPEAKING), SPEAKING, watch=seen.append, command=fake())
    assert [(o.job, o.result["val_error"], o.trouble) for o in outcomes] == [
        (job, 10.0 + job.recipe.seed, None) for job in todo
    ]
    assert [s.done for s in seen] == sorted(s.done for s in seen)
    assert (seen[0].done, seen[0].runs, seen[-1].done, seen[-1].now, seen[-1].seconds_left) == (0, 3, 3, (), 0)
    assert any(now.label == "seed 0" and now.step == recipe.steps for s in seen for now in s.now)


def test_one_thread_runs_have_a_core_each_the_last_one_too(recipe, tmp_path):
    todo = jobs(recipe, tmp_path, 5)
    planned = plan(todo, SPEAKING, cores=four_cores())
    assert [task.cores for task in planned.tasks] == [1] * 5
    run_queue(planned, SPEAKING, command=fake())
    runs = [met(job) for job in todo]
    assert [(m["threads"], m["omp"]) for m in runs] == [(1, "1")] * 5
    if hasattr(os, "sched_getaffinity"):
        assert [m["cores"] for m in runs[:4]] == [[core] for core in sorted(four_cores())]
        assert len(runs[4]["cores"]) == 1


def test_one_run_alone_has_all_cores(recipe, tmp_path):
    (job,) = jobs(recipe, tmp_path, 1)
    run_queue(plan([job], SPEAKING, cores=four_cores()), SPEAKING, command=fake())
    assert met(job)["threads"] == 4 and met(job)["omp"] == "4"
    if hasattr(os, "sched_getaffinity"):
        assert met(job)["cores"] == sorted(set(four_cores()))


def test_one_core_in_all_where_openmp_may_have_no_more(recipe, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    todo = jobs(recipe, tmp_path, 3)
    run_queue(plan(todo, SPEAKING, cores=four_cores()), SPEAKING, command=fake())
    runs = [met(job) for job in todo]
    assert most_at_once(*runs) == 1 and [m["threads"] for m in runs] == [1] * 3
    if hasattr(os, "sched_getaffinity"):
        assert [m["cores"] for m in runs] == [four_cores()[:1]] * 3


def test_no_more_runs_at_once_than_asked_for(recipe, tmp_path):
    todo = jobs(recipe, tmp_path, 6)
    planned = plan(todo, SPEAKING, workers=2, cores=four_cores())
    assert [(task.cores, task.request.threads) for task in planned.tasks] == [(2, 2)] * 6
    run_queue(planned, SPEAKING, command=fake())
    assert most_at_once(*(met(job) for job in todo)) == 2


def test_a_run_that_fails_stops_none_of_the_others(recipe, tmp_path):
    todo = jobs(recipe, tmp_path, 5)
    command = fake(s0="fails", s1="crashes", s2="dies", s3="diverges")
    *failed, done = run_queue(plan(todo, SPEAKING), SPEAKING, command=command)
    assert done.result and [o.result for o in failed] == [None] * 4
    troubles = [o.trouble for o in failed]
    assert troubles[0] == "the disk is full"
    assert "ZeroDivisionError: by nothing" in troubles[1]
    assert "signal 9" in troubles[2] and "--workers 1" in troubles[2]
    assert "diverged" in troubles[3] and "step 7" in troubles[3]


def test_what_is_done_or_diverged_is_not_run_again(recipe, tmp_path):
    todo = jobs(recipe, tmp_path, 4)
    run_queue(plan(todo, SPEAKING), SPEAKING, command=fake(s1="fails", s2="diverges"))
    before = {job.folder: met(job)["begun"] for job in todo}
    again = plan(todo, SPEAKING)
    assert [task.job.label for task in again.tasks] == ["seed 1"]
    outcomes = run_queue(again, SPEAKING, command=fake())
    assert [bool(o.result) for o in outcomes] == [True, True, False, True]
    assert [job.label for job in todo if met(job)["begun"] != before[job.folder]] == ["seed 1"]


def test_a_folder_that_two_jobs_name_is_one_run(recipe, tmp_path):
    (one,) = jobs(recipe, tmp_path, 1)
    twice = plan([one, replace(one, label="again")], SPEAKING)
    assert len(twice.tasks) == 1
    assert [o.result["seed"] for o in run_queue(twice, SPEAKING, command=fake())] == [0, 0]


def test_a_folder_of_another_recipe_is_that_runs_trouble(recipe, tmp_path):
    todo = jobs(recipe, tmp_path, 2)
    todo[0].folder.mkdir()
    RunFolder(todo[0].folder).write_recipe(replace(recipe, batch=8).to_dict())
    first, second = run_queue(plan(todo, SPEAKING), SPEAKING, command=fake())
    assert first.trouble and "another recipe (batch" in first.trouble and second.result


def test_a_run_keeps_the_threads_it_was_begun_with(recipe, tmp_path):
    todo = jobs(recipe, tmp_path, 2)
    begin(todo[1].folder, threads=3)
    planned = plan(todo, SPEAKING, cores=four_cores())
    assert [(task.cores, task.request.threads) for task in planned.tasks] == [(3, 3), (3, 0)], "the other one as well"
    with pytest.raises(UsageError, match=r"s1 runs otherwise: --threads 2 \(recorded: 3\); leave that out"):
        plan(todo, replace(SPEAKING, request=Request(device="cpu", threads=2)), cores=four_cores())


def begin(folder: Path, threads: int) -> None:
    folder.mkdir()
    RunFolder(folder).write(ENVIRONMENT, {**RECORD, "execution": {**EXECUTION, "threads": threads}})


def test_what_is_added_to_a_queue_has_the_threads_of_what_is_done(recipe, tmp_path):
    run_queue(plan(jobs(recipe, tmp_path, 2)[:1], SPEAKING, cores=four_cores()), SPEAKING, command=fake())
    todo = jobs(recipe, tmp_path, 5)
    RunFolder(todo[0].folder).write(ENVIRONMENT, {**RECORD, "execution": {**EXECUTION, "threads": 2}})
    planned = plan(todo, SPEAKING, cores=four_cores())
    assert [(task.cores, task.request.threads) for task in planned.tasks] == [(2, 2)] * 4 and planned.at_once == 2
    assert planned.adopted == 2, "which is said"
    asked = plan(todo, SPEAKING, workers=4, cores=four_cores())
    assert [task.cores for task in asked.tasks] == [1] * 4 and asked.adopted == 0, "as asked for"
    begin(todo[1].folder, threads=4)
    differing = plan(todo, SPEAKING, cores=four_cores())
    assert [task.cores for task in differing.tasks] == [4, 1, 1, 1] and differing.adopted == 0, "no one number"


def test_what_has_its_share_or_goes_on_has_adopted_nothing(recipe, tmp_path):
    todo = jobs(recipe, tmp_path, 2)
    begin(todo[0].folder, threads=2)
    assert plan(todo, SPEAKING, cores=four_cores()).adopted == 0, "two of four cores are its share"
    assert [task.cores for task in plan(todo[:1], SPEAKING, cores=four_cores()).tasks] == [2]
    assert plan(todo[:1], SPEAKING, cores=four_cores()).adopted == 0, "--workers would not change what is begun"


def test_large_nets_have_all_cores_whatever_those_before_had(recipe, tmp_path):
    large = make_recipe(PHOTOGRAPHS, "resnet50")
    todo = jobs(large, tmp_path, 5)
    begin(todo[0].folder, threads=1)
    planned = plan(todo, SPEAKING, cores=range(16))
    assert [task.cores for task in planned.tasks] == [1] + [16] * 4 and planned.adopted == 0
    small = jobs(recipe, tmp_path / "small", 2)
    mixed = plan([*todo, *small], SPEAKING, cores=range(16))
    assert [task.cores for task in mixed.tasks] == [1] + [16] * 4 + [8] * 2, (
        "nor do small ones have what large ones had"
    )


def test_a_run_begun_with_more_threads_than_openmp_may_is_pinned_to_none(recipe, tmp_path, monkeypatch):
    """Its threads would wait for each other there."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    todo = jobs(recipe, tmp_path, 2)
    begin(todo[0].folder, threads=2)
    planned = plan(todo, SPEAKING, cores=four_cores())
    assert [(task.cores, task.pinned) for task in planned.tasks] == [(1, False), (1, True)]
    run_queue(planned, SPEAKING, command=fake())
    if hasattr(os, "sched_getaffinity"):
        assert met(todo[0])["cores"] == list(core_numbers()) and met(todo[1])["cores"] == four_cores()[:1]
    assert most_at_once(*map(met, todo)) == 1


def test_a_run_with_more_threads_than_cores_goes_on_by_the_same_command(recipe, tmp_path):
    todo = jobs(recipe, tmp_path, 2)
    said: list[str] = []
    asked = replace(SPEAKING, request=Request(device="cpu", threads=99), say=said.append)
    planned = plan(todo, asked, cores=four_cores())
    assert [(task.cores, task.request.threads) for task in planned.tasks] == [(4, 4)] * 2
    assert said == ["99 threads are more than the 4 cores here: 4 it is"]
    begin(todo[1].folder, threads=4)
    assert [task.request.threads for task in plan(todo, asked, cores=four_cores()).tasks] == [4, 4]


def test_ctrl_c_stops_every_run_and_waits_for_it(recipe, tmp_path):
    todo = jobs(recipe, tmp_path, 3)
    said: list[str] = []
    planned = plan(todo, SPEAKING, workers=2, cores=four_cores())
    interrupt_when(lambda: planned.tasks[1].job.folder.is_dir())
    with pytest.raises(Interrupted, match=r"0 of 3 runs are done, .* saved; the same command goes on"):
        run_queue(planned, replace(SPEAKING, say=said.append), command=fake(s0="waits", s1="waits"))
    assert [met(job)["stopped"] for job in todo[:2]] == [True, True] and not todo[2].folder.exists()
    assert any("save their states" in line for line in said)
    assert all(o.result for o in run_queue(plan(todo, SPEAKING), SPEAKING, command=fake()))


def test_a_second_ctrl_c_leaves_no_process_behind(recipe, tmp_path):
    (job,) = jobs(recipe, tmp_path, 1)
    said: list[str] = []
    interrupt_when(lambda: (job.folder / "met.json").is_file())
    interrupt_when(lambda: bool(said))
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_queue(plan([job], SPEAKING), replace(SPEAKING, say=said.append), command=fake(s0="deaf"))
    assert time.monotonic() - begun < 30, "it was not waited for"


def interrupt_when(it_is_time) -> None:
    """Ctrl-C, as soon as something is so."""

    def watch() -> None:
        while not it_is_time():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch, daemon=True).start()
