"""Which run gets how many cores, and how long that takes."""

import math
import os
from dataclasses import replace

import pytest

from reslab.engine import Request
from reslab.errors import UsageError
from reslab.experiments.costs import Paces, expected_seconds
from reslab.experiments.outlook import Kind, Outlook, Work, makespan
from reslab.experiments.plan import Plan, Task, plan
from reslab.experiments.running import Running
from reslab.experiments.shares import fitting, is_small, on_cores, shares
from reslab.processor import core_numbers
from reslab.training import Facts, make_recipe
from tests.experiments.test_queue import PHOTOGRAPHS, SPEAKING, jobs

CIFAR = Facts("cifar10", 10, 32, 45_000, mirror=True, official=True, split="45k/5k")


@pytest.mark.parametrize(
    ("runs", "cores", "expected"),
    [
        (5, 2, [1, 1, 1, 1, 1]),
        (4, 2, [1, 1, 1, 1]),
        (1, 2, [2]),
        (3, 1, [1, 1, 1]),
        (3, 8, [2, 2, 2]),
        (11, 8, [1] * 11),
        (0, 4, []),
    ],
)
def test_small_nets_have_the_same_number_of_threads_and_all_cores_where_they_are_few(runs, cores, expected):
    assert shares([True] * runs, cores) == expected


def test_a_large_net_takes_all_cores_and_does_not_count_among_the_small_ones():
    assert shares([True, False, True, True], 2) == [1, 2, 1, 1]
    assert shares([False, True, True], 8) == [8, 4, 4]
    assert shares([False, False], 4) == [4, 4]


@pytest.mark.parametrize(
    ("workers", "threads", "expected"), [(2, 0, [4, 4, 4]), (0, 3, [3, 3, 3]), (2, 1, [1, 1, 1]), (3, 0, [2, 2, 2])]
)
def test_what_is_asked_for_overrules(workers, threads, expected):
    assert shares([True, True, False], 8, workers, threads) == expected


@pytest.mark.parametrize(
    ("asked", "taken", "told"),
    [
        ((0, 0), (0, 0), []),
        ((4, 0), (4, 0), []),
        ((2, 2), (2, 2), []),
        ((0, 9), (0, 4), ["9 threads are more than the 4 cores here: 4 it is"]),
        ((1, 9), (1, 4), ["9 threads are more than the 4 cores here: 4 it is"]),
        ((5, 0), (4, 0), ["5 runs at once are more than the 4 cores here: 4 it is"]),
        ((3, 2), (3, 1), ["3 runs at once of 2 threads are more than the 4 cores here: 1 for each it is"]),
    ],
)
def test_more_than_there_are_cores_for_are_not_taken_and_that_is_said(asked, taken, told):
    said: list[str] = []
    assert fitting(*asked, 4, said.append) == taken
    assert said == told
    assert shares([True], 4, *taken)


def test_less_than_nothing_is_refused(recipe, tmp_path):
    for workers, threads in ((-1, 0), (0, -1)):
        with pytest.raises(UsageError, match="--workers and --threads are 1 or more"):
            plan(jobs(recipe, tmp_path, 1), replace(SPEAKING, request=Request(threads=threads)), workers)


def test_small_means_cifars_size():
    assert is_small(make_recipe(CIFAR, "resnet110")) and not is_small(make_recipe(CIFAR, "resnet302"))
    assert is_small(make_recipe(CIFAR, "resnet18")) and not is_small(make_recipe(PHOTOGRAPHS, "resnet18"))


def test_a_pinned_start_leaves_this_process_where_it_was():
    before = core_numbers()
    with on_cores(before[:1]):
        if hasattr(__import__("os"), "sched_setaffinity"):
            assert core_numbers() == before[:1]
    with on_cores((10_000,)):  # a core that is not there
        assert core_numbers() == before
    assert core_numbers() == before


@pytest.mark.parametrize(("quota", "moves"), [(True, 0), (False, 2)])
def test_under_a_quota_of_time_runs_are_not_told_which_core_to_be_on(quota, moves, monkeypatch):
    moved = []
    monkeypatch.setattr("reslab.experiments.shares.within_quota", lambda: quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, cores: moved.append(cores), raising=False)
    with on_cores((1,)):
        assert moved == [(1,)][:moves]
    assert len(moved) == moves


def test_a_queue_has_no_more_cores_than_the_quota_pays(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr("reslab.experiments.plan.core_numbers", lambda: tuple(range(64)))
    monkeypatch.setattr("reslab.experiments.plan.usable_cores", lambda: 2)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert plan(jobs(recipe, tmp_path, 4), SPEAKING).at_once == 2


@pytest.mark.parametrize(
    ("openmp", "workers", "threads", "expected", "at_once", "said"),
    [
        ("1", 0, 0, [1] * 5, 1, 1),
        ("3", 0, 0, [1] * 5, 3, 3),
        ("8", 0, 0, [1] * 5, 8, 0),
        ("99", 0, 0, [1] * 5, 8, 0),
        ("no number", 0, 0, [1] * 5, 8, 0),
        ("1", 2, 0, [1] * 5, 2, 0),
        ("2", 2, 0, [1] * 5, 2, 2),
        ("4", 2, 0, [2] * 5, 2, 4),
        ("1", 0, 3, [3] * 5, 2, 0),
        ("1", 2, 3, [3] * 5, 2, 0),
    ],
)
def test_a_queue_takes_no_more_cores_than_openmp_may(
    openmp, workers, threads, expected, at_once, said, recipe, tmp_path, monkeypatch
):
    """Unless more runs at once, or threads of each, are asked for."""
    monkeypatch.setenv("OMP_NUM_THREADS", openmp)
    around = replace(SPEAKING, request=Request(device="cpu", threads=threads))
    found = plan(jobs(recipe, tmp_path, 5), around, workers, cores=range(8))
    assert [task.cores for task in found.tasks] == [task.request.threads for task in found.tasks] == expected
    assert (found.at_once, found.openmp) == (at_once, said)


def test_one_run_alone_has_what_openmp_may(recipe, tmp_path, monkeypatch):
    for openmp, threads in (("2", 2), ("99", 8)):
        monkeypatch.setenv("OMP_NUM_THREADS", openmp)
        (task,) = plan(jobs(recipe, tmp_path, 1), SPEAKING, cores=range(8)).tasks
        assert task.cores == task.request.threads == threads


@pytest.mark.parametrize(("openmp", "cores"), [("", 8), ("2", 2), ("99", 8)])
def test_the_cores_that_costs_are_reckoned_with_are_those_of_queues(openmp, cores, recipe, monkeypatch):
    monkeypatch.setattr("reslab.experiments.shares.usable_cores", lambda: 8)
    monkeypatch.setenv("OMP_NUM_THREADS", openmp)
    paces = Paces({False: 1e-9})
    assert expected_seconds(paces, [recipe] * 16) == pytest.approx(16 * paces.seconds(recipe) / cores)


def test_makespan_is_of_runs_that_begin_when_their_cores_are_free():
    four = [Work(10, 1)] * 4
    assert makespan([], four, cores=2, at_once=2) == 20
    assert makespan([], [*four, Work(5, 2)], cores=2, at_once=2) == 25
    assert makespan([], four, cores=2, at_once=1) == 40
    assert makespan([Work(3, 1)], [Work(10, 1), Work(1, 1)], cores=2, at_once=2) == 10
    assert makespan([Work(3, 2)], [Work(10, 1)], cores=2, at_once=2) == 13
    assert makespan([], [Work(4, 0)] * 2, cores=1, at_once=1) == 8, "a GPU's runs take turns without a core"
    assert makespan([], [], 2, 2) == 0
    assert makespan([Work(math.inf, 1)], [Work(1, 1)], 2, 2) == math.inf


def test_time_left_is_as_tried_until_it_is_measured(recipe, tmp_path):
    tasks = tuple(Task(job, SPEAKING.request, 1) for job in jobs(recipe, tmp_path, 4))
    two = Plan(tuple(task.job for task in tasks), {}, tasks, (0, 1), 2)
    images = recipe.steps * recipe.batch
    assert Outlook(two, {}).seconds_left([], tasks) == math.inf
    outlook = Outlook(two, {Kind.of(recipe): 30 / images})
    assert outlook.seconds_left([], tasks) == pytest.approx(60)
    outlook.learn(whole_run(tasks[0]), seconds=10)
    assert outlook.seconds_left([], tasks[1:]) == pytest.approx(20)
    resumed = whole_run(tasks[1])
    resumed.resumed = True
    outlook.learn(resumed, seconds=1)
    assert outlook.seconds_left([], tasks[2:]) == pytest.approx(10), "a part of a run is no measure of a whole one"


def whole_run(task: Task) -> Running:
    run = Running.__new__(Running)  # without its process
    run.task, run.resumed = task, False
    return run
