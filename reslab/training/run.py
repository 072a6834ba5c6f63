"""A run from its recipe to its result: data, folder, engine, loop, final measurements."""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import nn

from reslab.data import Dataset, FolderIndex, Images, Preprocessing, load_dataset, measure
from reslab.engine import Engine, Execution, Request, choose, elsewhere, make_engine, this_machine
from reslab.errors import RunError, UsageError
from reslab.evaluation import answers, single_view, top_error
from reslab.nets import Residual, Spec, build, spec
from reslab.store import ENVIRONMENT, RESULT, SPLIT, Identity, RunFolder, model_bytes, predictions_bytes
from reslab.training.loop import Progress, fit
from reslab.training.presets import Facts, check, make_recipe, stride_in_of
from reslab.training.provenance import commit
from reslab.training.recipe import Recipe, differences
from reslab.training.state import State, initial_state, restored_state

LIBRARIES = ("reslab", "torch", "numpy", "pillow", "scikit-learn", "safetensors")


@dataclass(frozen=True)
class Surroundings:
    """What a run needs besides its recipe, and what does not change its result."""

    request: Request = field(default_factory=Request)
    data_root: Path | None = None
    download: bool = False
    url: str | None = None
    on_bad: str = "error"
    save_every: float = 20.0  # seconds between two checkpoints
    say: Callable[[str], None] = lambda _: None
    watch: Callable[[Progress], None] = lambda _: None
    reading: Callable[[int, int], None] = lambda _done, _total: None


def facts_of(dataset: Dataset, split: str | None = None) -> Facts:
    """What a recipe needs to know of a data set."""
    official = dataset.folder is None
    cifar = dataset.name.startswith("cifar") and official
    return Facts(
        name=str(dataset.folder or dataset.name),
        classes=len(dataset.classes),
        size=dataset.size,
        train_images=len(dataset.splits["train"]),
        mirror=dataset.mirror,
        official=official,
        split=(split or "45k/5k") if cifar else None,
        fingerprint=dataset.fingerprint or None,
    )


def recipe_for(data: str | Path = "digits", around: Surroundings | None = None, **choices: Any) -> Recipe:
    """The recipe of the house for a data set: `recipe_for("cifar10", model="resnet56", seed=1)`.

    Choices are `split`, `size`, and those of `presets.make_recipe`: model, preset, shortcut, stride_in, seed, batch.
    Raises UsageError for names that do not exist, DataError where the data set is missing or damaged.
    """
    split, size = choices.pop("split", None), choices.pop("size", None)
    dataset = read_data(str(data), split, size, around or Surroundings(), None)
    return make_recipe(facts_of(dataset, split), **choices)


def read_data(
    name: str, split: str | None, size: int | None, around: Surroundings, folder: RunFolder | None
) -> Dataset:
    """The data set of a run; a folder's photographs in the split that the run wrote down, if it did."""
    written = folder.read(SPLIT) if folder else None
    return load_dataset(
        name,
        split=split,
        size=size,
        root=around.data_root,
        download=around.download,
        url=around.url,
        on_bad=around.on_bad,
        index=FolderIndex.from_dict(written) if written else None,
        say=around.say,
        progress=around.reading,
    )


def default_folder(recipe: Recipe, runs: Path) -> Path:
    """`runs/<data>-<model>-<recipe>-<hash>-s<seed>`."""
    data = Path(recipe.data.name).name.replace(" ", "_")
    return runs / f"{data}-{recipe.model.name}-{recipe.name}-{recipe.digest()}-s{recipe.seed}"


def train(
    recipe: Recipe,
    run: str | Path | None = None,
    *,
    runs: str | Path = "runs",
    residual: Residual | None = None,
    around: Surroundings | None = None,
) -> dict[str, Any]:
    """Train `recipe`, or go on where it stopped, and return the result (the keys of `reslab train --json`).

    `run` names the folder; without it, `runs/<data>-<model>-<recipe>-<hash>-s<seed>`. A finished run returns its
    recorded result. `residual` is a residual function of one's own (see `reslab.Block`). Raises UsageError for a recipe
    that cannot be trained on its data or contradicts the folder, DataError and RunError for trouble with either.
    """
    around = around or Surroundings()
    path = Path(run) if run else default_folder(recipe, Path(runs))
    dataset = read_data(recipe.data.name, recipe.data.split, recipe.data.size, around, RunFolder(path))
    return train_on(dataset, recipe, path, around, residual)


def train_on(
    dataset: Dataset, recipe: Recipe, run: Path, around: Surroundings, residual: Residual | None = None
) -> dict[str, Any]:
    """`train` on a data set that is already read."""
    folder = RunFolder(run)
    # What cannot be done is refused before anything is written.
    check(recipe, facts_of(dataset, recipe.data.split))
    choose(around.request, this_machine())
    with folder.locked():
        same_recipe(recipe, folder)
        execution, exact = same_execution(folder, around)
        if result := folder.read(RESULT):
            around.say(f"{folder.path} is done; this is its recorded result")
            return result
        begin_folder(recipe, dataset, folder)
        return _train(recipe, dataset, folder, execution, exact, around, residual)


def _train(
    recipe: Recipe,
    dataset: Dataset,
    folder: RunFolder,
    execution: Execution,
    exact: bool,
    around: Surroundings,
    residual: Residual | None,
) -> dict[str, Any]:
    train, val = dataset.splits["train"], dataset.splits.get("val")
    preprocessing = measure(train, recipe.data.mean)
    net = network(recipe, residual)
    engine = make_engine(net, preprocessing, execution)
    saved = folder.load_state()
    state = restored_state(*saved, engine) if saved else initial_state(recipe, engine, net)
    if saved:
        around.say(f"going on at step {state.step} of {recipe.steps}")
    fit(recipe, state, engine, train, val, folder, around.watch, around.save_every)
    return finish(recipe, state, engine, preprocessing, dataset, folder, execution, exact)


def network(recipe: Recipe, residual: Residual | None = None) -> nn.Sequential:
    """The net that a recipe asks for, its weights yet to be set."""
    return build(spec_of(recipe), residual or named_residual(recipe.model.residual))


def spec_of(recipe: Recipe) -> Spec:
    asked = recipe.model
    return spec(asked.name, asked.shortcut, asked.classes, recipe.data.size, stride_in_of(recipe))


def named_residual(name: str | None) -> Residual | None:
    """The user's own residual function "module:function". Raises UsageError where it cannot be imported."""
    if name is None:
        return None
    module, _, function = name.partition(":")
    try:
        sys.path.insert(0, "")  # one's own file beside where one stands, as `python -m` finds it
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"model.residual={name}: write module:function; {error}") from error
    finally:
        sys.path.remove("")


def same_recipe(recipe: Recipe, folder: RunFolder) -> None:
    """Raises RunError where the folder was made by another recipe, and says in what they differ."""
    written = folder.recipe()
    if written is None:
        return
    differing = differences(recipe, Recipe.from_dict(written))
    if differing:
        raise RunError(f"{folder.path} was made by another recipe ({'; '.join(differing)}); choose another --run")


def same_execution(folder: RunFolder, around: Surroundings) -> tuple[Execution, bool]:
    """The recorded execution of a run that goes on, or a new choice; and whether the bytes will be the same.

    Raises UsageError where what is asked for contradicts what is recorded.
    """
    machine = this_machine()
    environment = folder.read(ENVIRONMENT)
    if environment is None:
        execution, announcement = choose(around.request, machine)
        around.say(announcement)
        versions = {name: version(name) for name in LIBRARIES}
        record = {"announcement": announcement, "execution": execution.to_dict(), "machine": machine.to_dict()}
        folder.write(ENVIRONMENT, {**record, "versions": versions, "commit": commit(), "exact": True})
        return execution, True
    recorded = Execution.from_dict(environment["execution"])
    if contradictions := around.request.contradicts(recorded):
        raise UsageError(f"{folder.path} runs otherwise: {', '.join(contradictions)}; choose another --run")
    wanted = Request(
        recorded.engine, recorded.device, recorded.precision, "on" if recorded.compiled else "off", recorded.threads
    )
    same = environment["machine"]["processor"] == machine.processor and environment["machine"]["torch"] == machine.torch
    try:
        execution, announcement = choose(wanted, machine)
    except UsageError as error:
        around.say(f"the recorded execution is not to be had here: {error}")
        execution, announcement = elsewhere(recorded, around.request, machine)
        same = False
    exact = bool(environment["exact"]) and same
    if not exact:
        around.say("on another machine or version than before: the run goes on, its bytes may differ (exact: false)")
        folder.write(ENVIRONMENT, {**environment, "execution": execution.to_dict(), "exact": False})
    around.say(announcement)
    return execution, exact


def begin_folder(recipe: Recipe, dataset: Dataset, folder: RunFolder) -> None:
    """Write down recipe and split, once."""
    if dataset.index is not None and folder.read(SPLIT) is None:
        folder.write(SPLIT, dataset.index.to_dict())
    if folder.recipe() is None:
        folder.write_recipe(recipe.to_dict())


def finish(
    recipe: Recipe,
    state: State,
    engine: Engine,
    preprocessing: Preprocessing,
    dataset: Dataset,
    folder: RunFolder,
    execution: Execution,
    exact: bool,
) -> dict[str, Any]:
    """Measure the result on every split, write model, predictions and result."""
    weights, statistics = state.result()
    kept, errors = {}, {}
    for split, images in dataset.splits.items():
        scores = single_view(engine, weights, statistics, images)
        errors[split] = top_error(scores, images.labels)
        if split != "train":
            kept[split] = answers(scores, images)
    named = {**engine.parameters.views(weights), **engine.statistics.views(statistics)}
    identity = Identity(recipe.model.name, spec_of(recipe), dataset.classes, recipe.data.name, recipe.model.residual)
    result = {
        "run": str(folder.path),
        "data": recipe.data.name,
        "model": recipe.model.name,
        "recipe": recipe.name,
        "seed": recipe.seed,
        "steps": recipe.steps,
        "epochs": round(recipe.epochs(len(dataset.splits["train"])), 3),
        "params": engine.parameters.total,
        "engine": execution.engine,
        "precision": execution.precision,
        "compiled": execution.compiled,
        **measured(errors, dataset.splits),
        "seconds": round(state.seconds, 2),
        "images_per_second": round(recipe.steps * recipe.batch / state.seconds, 1),
        "exact": exact,
    }
    folder.finish(model_bytes(named, identity, preprocessing), predictions_bytes(kept, dataset.classes), result)
    return result


def measured(errors: dict[str, float | None], splits: dict[str, Images] | Any) -> dict[str, float | int | None]:
    """Error and number of images of each split; null and 0 where a data set has no such split."""
    return {
        key: value
        for split in ("train", "val", "test")
        for key, value in (
            (f"{split}_error", errors.get(split)),
            (f"{split}_images", len(splits[split]) if split in splits else 0),
        )
    }
