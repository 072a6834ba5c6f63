"""How many cores each run of a queue gets, and which."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache

import torch

from reslab.experiments.paper import exact_counts
from reslab.nets import build, complexity, named_residual, spec
from reslab.processor import openmp_threads, usable_cores, within_quota
from reslab.progress import Say
from reslab.training import Data, Model, Recipe
from reslab.training.presets import spec_of

SMALL_MACS = 5e8  # of one image: twice resnet110 at 32 px; a quarter of resnet18 at 224 px


def allowed_cores() -> int:
    """Cores that a queue may keep busy: those of this process, or as many as $OMP_NUM_THREADS says if that is less."""
    return min(usable_cores(), openmp_threads() or usable_cores())


def fitting(workers: int, threads: int, cores: int, say: Say) -> tuple[int, int]:
    """The runs at once and the threads of each that the cores bear, said so where fewer than asked for; 0 stays 0."""
    if workers > cores:
        say(f"{workers} runs at once are more than the {cores} cores here: {cores} it is")
        workers = cores
    each = cores // max(workers, 1)
    if threads > each:
        many = f"{workers} runs at once of {threads} threads" if workers > 1 else f"{threads} threads"
        say(f"{many} are more than the {cores} cores here: {each} {'for each ' if workers > 1 else ''}it is")
        threads = each
    return workers, threads


def shares(small: Sequence[bool], cores: int, workers: int = 0, threads: int = 0) -> list[int]:
    """The threads of each run of a queue, in its order; each thread has a core of its own.

    A step of a small net loses something where threads divide it: as many runs at once as there are cores, one thread
    each. Small nets have the same number, more than one where they are fewer than cores: their minutes, and on some
    engines their bytes, depend on it, and runs of one queue are compared. A large net gets all cores, which also
    bounds the memory. `workers`, runs at once, or `threads` of each overrule this; `fitting` says how many there are
    cores for.
    """
    assert workers <= cores and max(workers, 1) * threads <= cores, "more than there are cores"
    if workers or threads:
        return [threads or cores // workers] * len(small)
    each = max(1, cores // max(1, sum(small)))
    return [each if is_small else cores for is_small in small]


def is_small(recipe: Recipe) -> bool:
    """Is it a net of the size of CIFAR's, by the multiply-adds of one image?"""
    return macs_of(recipe) <= SMALL_MACS


def macs_in_all(recipe: Recipe) -> int:
    """Multiply-adds of all images of a training, there alone: by them one run is longer than another."""
    return macs_of(recipe) * recipe.steps * recipe.batch


def macs_of(recipe: Recipe) -> int:
    """Multiply-adds of one image, about: those of a net of the paper are known, and go with the area of its images."""
    model, size = recipe.model, recipe.data.size
    home = spec(model.name, model.shortcut, stride_in=model.stride_in)
    known = exact_counts(model.name, home) if model.residual is None else None
    return known["macs"] * size**2 // home.size**2 if known else _counted(model, size)


@lru_cache(maxsize=64)
def _counted(model: Model, size: int) -> int:
    """Counted on the net, which takes seconds for a thousand layers."""
    net = spec_of(Recipe(model=model, data=Data(size=size)))
    with torch.device("meta"):  # shapes alone
        return complexity(build(net, named_residual(model.residual)), size).macs


@contextmanager
def on_cores(cores: Sequence[int]) -> Iterator[None]:
    """Processes that are started inside run on these cores alone, where the system can do that.

    Two runs that share cores slow each other down several times over, since their threads wait for each other. Where
    a quota of time binds, they are left to the system, which knows those cores that have any.
    """
    if not cores or not hasattr(os, "sched_setaffinity") or within_quota():
        yield
        return
    before = os.sched_getaffinity(0)
    with suppress(OSError):  # a container may have taken one away
        os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
