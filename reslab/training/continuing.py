"""A run that goes on: in the folder of the same recipe, executed as it was begun."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from reslab.data import Dataset, FolderIndex
from reslab.engine import (
    Execution,
    Request,
    Work,
    alike,
    choose,
    elsewhere,
    kernels_of,
    refuse_unavailable,
    slow_bf16,
    this_machine,
)
from reslab.errors import RunError, UsageError, as_typed
from reslab.nets import Residual, digest_of, named_residual
from reslab.store import ENVIRONMENT, RESULT, SPLIT, RunFolder
from reslab.training.fields import field_of
from reslab.training.provenance import commit
from reslab.training.recipe import Recipe, differences
from reslab.training.surroundings import Surroundings

LIBRARIES = ("reslab", "torch", "numpy", "pillow", "scikit-learn", "safetensors")
DECIDING = ("reslab", "torch", "numpy", "pillow")  # other versions of these may give other bytes


def same_recipe(recipe: Recipe, folder: RunFolder) -> None:
    """Raises RunError where the folder was made by another recipe, and says in what they differ."""
    written = folder.recipe()
    if written is None:
        return
    differing = differences(recipe, Recipe.from_dict(written))
    if differing:
        raise RunError(f"{folder.path} was made by another recipe ({'; '.join(differing)}); choose another --run")


def same_residual(recipe: Recipe, run: Path, residual: Residual | None) -> Residual | None:
    """A run's own residual function, given or named by its recipe. Raises UsageError where it has changed since."""
    function = residual or named_residual(recipe.model.residual)
    if function and digest_of(function) != recipe.model.residual_digest:
        raise UsageError(f"{recipe.model.residual} has changed since {run} began; choose another --run")
    return function


def same_photographs(dataset: Dataset, folder: RunFolder) -> None:
    """Raises RunError where the photographs have other bytes than when the run was begun, by a few of them."""
    written = folder.read(SPLIT)
    if written and dataset.folder and not FolderIndex.from_dict(written).looks_as_in(dataset.folder):
        raise RunError(
            f"{folder.path} was begun on other photographs than those in {dataset.folder}, which have the same names "
            "and lengths; choose another --run"
        )


def refuse_changes(recipe: Recipe, run: Path, asked: Mapping[str, Any]) -> None:
    """Raises UsageError where fields, by dotted name, are asked to have other values than an existing run's recipe."""
    theirs = {name: field_of(recipe, name) for name in asked}
    differing = [f"{name} {value} here, {theirs[name]} there" for name, value in asked.items() if value != theirs[name]]
    if differing:
        changed = {name for name, value in asked.items() if value != theirs[name]}
        raise UsageError(
            f"{run} is there already: {', '.join(differing)}; a run's recipe is part of it: give another --run, or "
            f"leave the option{'s' if len(differing) > 1 else ''} out{_or_start(recipe, run, changed)}"
        )


def _or_start(recipe: Recipe, run: Path, changed: set[str]) -> str:
    """The way out where a run has ended, and its net may learn on: not for another net, other data or another seed."""
    other = {"seed", "data.name", "model.name", "model.shortcut", "model.stride_in", "model.start", "teacher.net"}
    if RunFolder(run).read(RESULT) is None or other & changed:
        return ""
    data = "DATA" if recipe.data.fingerprint else recipe.data.name
    return f"; or start from it: reslab train {data} --from {as_typed(run)}"


def recorded_execution(folder: RunFolder, request: Request) -> tuple[dict[str, Any], Execution]:
    """What an existing run was begun with.

    Raises UsageError where what is asked for contradicts it, RunError where the record is torn or foreign.
    """
    environment = folder.read(ENVIRONMENT)
    if not isinstance(environment, dict) or not {"execution", "machine", "versions", "exact"} <= set(environment):
        raise RunError(f"{folder.path / ENVIRONMENT} is no record of reslab's; choose another --run")
    recorded = Execution.from_dict(environment["execution"])
    if contradictions := request.contradicts(recorded):
        raise UsageError(f"{folder.path} runs otherwise: {', '.join(contradictions)}; choose another --run")
    return environment, recorded


def refuse_other_execution(run: Path, request: Request) -> None:
    """Raises UsageError, before data are read, for what contradicts the record of a run, or is not here for a new one.

    RunError where the record is torn or foreign.
    """
    folder = RunFolder(run)
    if folder.read(ENVIRONMENT) is None:
        refuse_unavailable(request, this_machine())
    else:
        recorded_execution(folder, request.within(this_machine()))


def write_place(folder: RunFolder, environment: Mapping[str, Any], place: Path | None) -> None:
    """Write down where the photographs of a run lie now, if it is another place than before."""
    if place and environment.get("folder") != str(place):
        folder.write(ENVIRONMENT, {**environment, "folder": str(place)})


def same_execution(folder: RunFolder, around: Surroundings, place: Path | None, work: Work) -> tuple[Execution, bool]:
    """The recorded execution of a run that goes on, or a new choice; and whether the bytes will be the same.

    `place` is where a folder of photographs lies now, `work` what is to be run. Raises UsageError where what is asked
    for contradicts what is recorded.
    """
    machine, versions = this_machine(), {name: version(name) for name in LIBRARIES}
    where = {"folder": str(place)} if place else {}
    if folder.read(ENVIRONMENT) is None:
        execution, announcement = choose(around.request, machine, work, around.say)
        around.say(announcement)
        record: dict[str, Any] = {"announcement": announcement, "execution": execution.to_dict()}
        record |= {"machine": machine.to_dict(), "kernels": kernels_of(execution)}
        folder.write(ENVIRONMENT, {**record, "versions": versions, "commit": commit(), "exact": True, **where})
        return execution, True
    environment, recorded = recorded_execution(folder, around.request)
    same = alike(environment["machine"], machine.to_dict())
    same = same and all(environment["versions"].get(name) == versions[name] for name in DECIDING)
    try:
        _refuse_alone(recorded, around.request)
        execution, _ = choose(Request.like(recorded), machine, work, around.say)
        same = same and environment.get("kernels") == kernels_of(execution)
        announcement = f"{execution} (as the run began)"
    except UsageError as error:
        around.say(f"the recorded execution is not to be had here: {error}")
        execution, announcement = elsewhere(recorded, around.request, machine, work, around.say)
        same = False
    exact = bool(environment["exact"]) and same
    if not exact:
        otherwise = (
            "in another number of processes"
            if execution.processes != recorded.processes
            else "on another machine or version"
        )
        around.say(f"{otherwise} than before: the run goes on, its bytes may differ (exact: false)")
    if not same and slow_bf16(execution, machine):
        around.say("this processor has no units for bf16, which the run keeps: it is slow here")
    if not exact or where:
        folder.write(ENVIRONMENT, {**environment, "execution": execution.to_dict(), "exact": exact, **where})
    around.say(announcement)
    return execution, exact


def _refuse_alone(recorded: Execution, request: Request) -> None:
    """Raises UsageError where several processes trained together, and this one is alone."""
    if recorded.processes > 1 and not request.processes:
        raise UsageError(f"{recorded.processes} processes trained together, started by torchrun; this one is alone")
