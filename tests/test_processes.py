"""Which of several processes this is, and its share of images and cores."""

import os

import pytest
import torch

from reslab.processes import Team, this_team
from reslab.processor import usable_cores
from tests.torchrun import as_rank


def test_torchruns_words_are_understood(monkeypatch):
    assert this_team() is None
    as_rank(monkeypatch, 1)
    assert this_team() == Team(rank=1, size=2, local_rank=1, local_size=2) and not this_team().leads
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert this_team() is None, "one process is none among several"


def test_a_clusters_words_alone_are_no_torchrun(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "1")
    assert this_team() is None


@pytest.mark.parametrize(("images", "sizes"), [(8, [2, 3, 3]), (9, [3, 3, 3]), (2, [0, 1, 1])])
def test_parts_are_all_images_once_and_as_even_as_can_be(images, sizes):
    parts = [range(images)[Team(rank, 3, rank, 3).part(images)] for rank in range(3)]
    assert [image for part in parts for image in part] == list(range(images))
    assert [len(part) for part in parts] == sizes


def test_processes_on_one_machine_share_its_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert usable_cores() == 8
    as_rank(monkeypatch, 0)
    assert usable_cores() == 4
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "16")
    assert usable_cores() == 1


def test_a_test_process_has_as_many_threads_as_cores():
    """Of two threads that take turns on one core each waits, spinning, for the other."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("one test process alone")
    assert torch.get_num_threads() == 1 and os.environ["OMP_NUM_THREADS"] == "1"
