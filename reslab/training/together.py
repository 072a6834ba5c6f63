"""One training in several processes: the first leads it as if it were alone, the others follow.

The first reads the command, chooses the execution, writes and speaks. It tells the others the recipe, where the data
lie and where the training stands; from there on all run the same loop, and meet inside the engine.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reslab.data import Contrast, Dataset, FolderIndex, Preprocessing, load_dataset
from reslab.engine import (
    Execution,
    Lost,
    Request,
    apart,
    choose,
    join,
    leave,
    make_engine,
    share,
    spread,
    this_machine,
)
from reslab.nets import Residual
from reslab.processes import Team
from reslab.store import SPLIT, RunFolder, Unwritten
from reslab.training.continuing import same_residual
from reslab.training.finish import finish
from reslab.training.loop import fit
from reslab.training.memory import told_of_memory
from reslab.training.presets import spec_of, work_of
from reslab.training.recipe import Recipe
from reslab.training.source import facts_of
from reslab.training.state import State, initial_state
from reslab.training.suitable import check
from reslab.training.surroundings import Surroundings
from reslab.training.teacher import teacher_of, teaching_by


@contextmanager
def led(team: Team) -> Iterator[dict[str, Any]]:
    """While inside, what this process trains the others train, too, who `follow`.

    They are told the end, and get what stands in the dict then. After an error they notice that this process is gone.
    """
    join(team)
    end: dict[str, Any] = {}
    with left_after_an_error():  # in the middle of a step, perhaps, where nobody listens to words
        yield end
    with suppress(Lost):  # who has ended meanwhile need not be told; all is done
        share({"end": end})


def follow(team: Team, residual: Residual | None = None) -> dict[str, Any]:
    """Take part in every training of the process that leads, until it has come to its end; what it says then.

    Raises Lost where a process ends before, and what hinders this one: DataError or UsageError.
    """
    join(team)
    with left_after_an_error():
        while "end" not in (told := share()):
            _take_part(told, residual)
    end: dict[str, Any] = told["end"]
    return end


@contextmanager
def left_after_an_error() -> Iterator[None]:
    """An error inside lets go of the other processes: they would wait for one that goes on with something else."""
    try:
        yield
    except BaseException:
        leave()
        raise


def tell(
    recipe: Recipe,
    state: State,
    preprocessing: Preprocessing,
    dataset: Dataset,
    folder: RunFolder,
    execution: Execution,
    around: Surroundings,
) -> None:
    """Of the process that leads: all that the others need for the same training, and wait until they are there."""
    contrast = preprocessing.contrast
    whitening = contrast.whitening if contrast else None
    share(
        {
            "recipe": recipe.to_dict(),
            "execution": execution.to_dict(),
            "run": str(folder.path),
            "data": str(dataset.folder or recipe.data.name),
            "data_root": None if around.data_root is None else str(around.data_root),
            "on_bad": around.on_bad,
            "split": folder.read(SPLIT),
            "mean": preprocessing.mean.tolist(),
            "std": preprocessing.std,
            "centre": contrast.centre.tolist() if contrast else None,
            "whitened": whitening is not None,
            "facts": state.facts(),
        }
    )
    if whitening is not None:
        spread(torch.from_numpy(whitening))
    _spread(state)


def _take_part(told: Mapping[str, Any], residual: Residual | None) -> None:
    """One training, as `tell` told it."""
    recipe, run = Recipe.from_dict(told["recipe"]), Path(told["run"])
    dataset = _data(recipe, told)
    residual = same_residual(recipe, run, residual)
    check(recipe, facts_of(dataset, recipe.data.split), residual)
    wanted = Request.like(Execution.from_dict(told["execution"]))
    execution, _ = choose(wanted, this_machine(), work_of(recipe))
    mean = np.array(told["mean"], np.float32)
    preprocessing = Preprocessing(mean, told["std"], dataset.size, contrast=_contrast(told))
    with apart(execution), told_of_memory(recipe, execution.processes):
        teaching = teaching_by(recipe, teacher_of(recipe, dataset.classes, residual))
        engine = make_engine(spec_of(recipe), preprocessing, execution, residual, recipe.model.frozen, teaching)
        state = initial_state(recipe, engine, spec_of(recipe), residual)
        _spread(state)
        state.step, state.seconds = told["facts"]["step"], told["facts"]["seconds"]
        train, val, folder = dataset.splits["train"], dataset.splits.get("val"), Unwritten(run)
        seen = fit(recipe, state, engine, train, val, folder, save_every=math.inf)
        finish(recipe, state, engine, preprocessing, dataset, folder, execution, True, seen)


def _contrast(told: Mapping[str, Any]) -> Contrast | None:
    """What images have in common once they are of one contrast, as `tell` told it."""
    if told["centre"] is None:
        return None
    centre = np.array(told["centre"], np.float32)
    if not told["whitened"]:
        return Contrast(centre)
    matrix = torch.zeros(centre.size, centre.size)
    spread(matrix)
    return Contrast(centre, matrix.numpy())


def _data(recipe: Recipe, told: Mapping[str, Any]) -> Dataset:
    """The data set of the process that leads, as it lies here."""
    dataset = load_dataset(
        told["data"],
        split=recipe.data.split,
        size=recipe.data.size if recipe.data.fingerprint else None,
        root=Path(told["data_root"]) if told["data_root"] else None,
        on_bad=told["on_bad"],
        index=FolderIndex.from_dict(told["split"]) if told["split"] else None,
    )
    return replace(dataset, name=recipe.data.name).with_train(recipe.data.images)


def _spread(state: State) -> None:
    for buffer in state.tensors().values():
        spread(buffer)
