"""What tests of several rooms share: small recipes on the embedded digits, and folders of their own."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # which has a core to itself, and what the process above set in its environment
    os.environ["OMP_NUM_THREADS"] = "1"
else:
    os.environ.setdefault("OMP_NUM_THREADS", "2")

from reslab.data import load_dataset
from reslab.training import Recipe, facts_of, make_recipe


def pytest_configure() -> None:
    """Of several test processes (pytest -n 2) each has a core to itself, and so have those that it starts.

    Threads of two processes that share their cores would wait for each other at every step.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")  # "gw0", "gw1"
    if worker and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


@pytest.fixture(autouse=True)
def own_caches(tmp_path_factory, monkeypatch):
    """No test reads or writes the user's caches; compiled kernels, which take seconds, are shared by all tests."""
    cache, kernels = tmp_path_factory.mktemp("cache"), tmp_path_factory.getbasetemp().parent / "kernels"
    kernels.mkdir(exist_ok=True)
    (cache / "native").symlink_to(kernels, target_is_directory=True)
    monkeypatch.setenv("RESLAB_CACHE", str(cache))


@pytest.fixture(scope="session")
def digits():
    return load_dataset("digits")


def short_recipe(dataset, steps: int = 12, model: str = "resnet8", **choices) -> Recipe:
    """A recipe of a second or two."""
    return make_recipe(facts_of(dataset), model, **choices).stretched(steps)


@pytest.fixture
def recipe(digits) -> Recipe:
    return short_recipe(digits)


@pytest.fixture
def longer(recipe) -> Recipe:
    return replace(recipe, average=0.9).stretched(60)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets that RESLAB_DATA names; tests that need it are skipped, visibly, without it."""
    root = os.environ.get("RESLAB_DATA")
    if not root or not Path(root).is_dir():
        pytest.skip("needs real data: set RESLAB_DATA")
    return Path(root)
