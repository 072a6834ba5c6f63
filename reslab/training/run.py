"""A run from its recipe to its result: data, folder, engine, loop, final measurements."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from reslab.data import Dataset, FolderIndex, Preprocessing, load_dataset, measure
from reslab.engine import Engine, Execution, Request, choose, elsewhere, make_engine, this_machine
from reslab.errors import RunError, UsageError
from reslab.evaluation import answers, single_view, top_error
from reslab.nets import Residual, Spec, name_of, named_residual, spec
from reslab.store import ENVIRONMENT, RESULT, SPLIT, Identity, RunFolder, model_bytes, predictions_bytes
from reslab.training.loop import Progress, fit
from reslab.training.presets import Facts, check, make_recipe
from reslab.training.provenance import commit
from reslab.training.recipe import Recipe, differences
from reslab.training.state import State, initial_state, restored_state

LIBRARIES = ("reslab", "torch", "numpy", "pillow", "scikit-learn", "safetensors")
DECIDING = ("reslab", "torch", "numpy", "pillow")  # other versions of these may give other bytes


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
        name=dataset.name,
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
    dataset = read_data(data, split, size, around or Surroundings())
    return make_recipe(facts_of(dataset, split), **choices)


def read_data(
    name: str | Path, split: str | None, size: int | None, around: Surroundings, run: Path | None = None
) -> Dataset:
    """A data set; for a run that wrote down its split of a folder, in that split."""
    written = RunFolder(run).read(SPLIT) if run else None
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


def data_of_run(recipe: Recipe, run: Path, around: Surroundings) -> Dataset:
    """The data set that an existing run trains on; a folder of photographs from where it lay then.

    Raises UsageError where it is not there any more, and says how to name its new place.
    """
    place = (RunFolder(run).read(ENVIRONMENT) or {}).get("folder")
    if place and not Path(place).is_dir():
        raise UsageError(f"the photographs of {run} are not in {place} any more; reslab train NEW_PLACE --run {run}")
    return read_data(place or recipe.data.name, recipe.data.split, recipe.data.size, around, run)


def default_folder(recipe: Recipe, runs: Path) -> Path:
    """`runs/<data>-<model>-<recipe>-<hash>-s<seed>`."""
    data = recipe.data.name.replace(" ", "_")
    return runs / f"{data}-{recipe.model.name}-{recipe.name}-{recipe.digest()}-s{recipe.seed}"


def train(
    recipe: Recipe,
    run: str | Path | None = None,
    *,
    data: str | Path | None = None,
    runs: str | Path = "runs",
    residual: Residual | None = None,
    around: Surroundings | None = None,
) -> dict[str, Any]:
    """Train `recipe`, or go on where it stopped, and return the result (the keys of `reslab train --json`).

    `run` names the folder; without it, `runs/<data>-<model>-<recipe>-<hash>-s<seed>`. `data` says where a folder of
    photographs lies, if not under the data root. A finished run returns its recorded result. `residual` is a residual
    function of one's own (see `reslab.Block`). Raises UsageError for a recipe that cannot be trained on its data,
    DataError and RunError for trouble with the data or the run folder.
    """
    around = around or Surroundings()
    if residual and recipe.model.residual is None:
        recipe = replace(recipe, model=replace(recipe.model, residual=name_of(residual)))
    path = Path(run) if run else default_folder(recipe, Path(runs))
    dataset = read_data(data or recipe.data.name, recipe.data.split, recipe.data.size, around, path)
    return train_on(dataset, recipe, path, around, residual)


def train_on(
    dataset: Dataset, recipe: Recipe, run: Path, around: Surroundings, residual: Residual | None = None
) -> dict[str, Any]:
    """`train` on a data set that is already read."""
    folder = RunFolder(run)
    # What cannot be done is refused before anything is written.
    residual = residual or named_residual(recipe.model.residual)
    check(recipe, facts_of(dataset, recipe.data.split))
    choose(around.request, this_machine())
    with folder.locked():
        same_recipe(recipe, folder)
        if result := folder.read(RESULT):
            _recorded_execution(folder, around.request)
            around.say(f"{folder.path} is done; this is its recorded result")
            return {**result, "run": str(folder.path)}
        execution, exact = same_execution(folder, around, dataset.folder)
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
    engine = make_engine(spec_of(recipe), preprocessing, execution, residual)
    saved = folder.load_state()
    if saved:
        state = restored_state(*saved, engine, recipe)
        around.say(f"going on at step {state.step} of {recipe.steps}")
    else:
        state = initial_state(recipe, engine, spec_of(recipe), residual)
    fit(recipe, state, engine, train, val, folder, around.watch, around.save_every)
    return finish(recipe, state, engine, preprocessing, dataset, folder, execution, exact)


def spec_of(recipe: Recipe) -> Spec:
    """The architecture that a recipe asks for."""
    asked = recipe.model
    return spec(asked.name, asked.shortcut, asked.classes, recipe.data.size, asked.stride_in)


def same_recipe(recipe: Recipe, folder: RunFolder) -> None:
    """Raises RunError where the folder was made by another recipe, and says in what they differ."""
    written = folder.recipe()
    if written is None:
        return
    differing = differences(recipe, Recipe.from_dict(written))
    if differing:
        raise RunError(f"{folder.path} was made by another recipe ({'; '.join(differing)}); choose another --run")


def _recorded_execution(folder: RunFolder, request: Request) -> tuple[dict[str, Any], Execution]:
    """What an existing run was begun with.

    Raises UsageError where what is asked for contradicts it, RunError where the record is torn or foreign.
    """
    environment = folder.read(ENVIRONMENT)
    try:
        recorded = Execution.from_dict(environment["execution"])
        assert {"machine", "versions", "exact"} <= set(environment)
    except (KeyError, TypeError, AssertionError) as error:
        raise RunError(f"{folder.path / ENVIRONMENT} is no record of reslab's; choose another --run") from error
    if contradictions := request.contradicts(recorded):
        raise UsageError(f"{folder.path} runs otherwise: {', '.join(contradictions)}; choose another --run")
    return environment, recorded


def same_execution(folder: RunFolder, around: Surroundings, place: Path | None) -> tuple[Execution, bool]:
    """The recorded execution of a run that goes on, or a new choice; and whether the bytes will be the same.

    `place` is where a folder of photographs lies now. Raises UsageError where what is asked for contradicts what is
    recorded.
    """
    machine, versions = this_machine(), {name: version(name) for name in LIBRARIES}
    where = {"folder": str(place)} if place else {}
    if folder.read(ENVIRONMENT) is None:
        execution, announcement = choose(around.request, machine)
        around.say(announcement)
        record = {"announcement": announcement, "execution": execution.to_dict(), "machine": machine.to_dict()}
        folder.write(ENVIRONMENT, {**record, "versions": versions, "commit": commit(), "exact": True, **where})
        return execution, True
    environment, recorded = _recorded_execution(folder, around.request)
    wanted = Request(
        recorded.engine, recorded.device, recorded.precision, "on" if recorded.compiled else "off", recorded.threads
    )
    same = all(environment["machine"].get(fact) == getattr(machine, fact) for fact in ("processor", "gpu"))
    same = same and all(environment["versions"].get(name) == versions[name] for name in DECIDING)
    try:
        execution, announcement = choose(wanted, machine)
    except UsageError as error:
        around.say(f"the recorded execution is not to be had here: {error}")
        execution, announcement = elsewhere(recorded, around.request, machine)
        same = False
    exact = bool(environment["exact"]) and same
    if not exact:
        around.say("on another machine or version than before: the run goes on, its bytes may differ (exact: false)")
    if not exact or where:
        folder.write(ENVIRONMENT, {**environment, "execution": execution.to_dict(), "exact": exact, **where})
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
    identity = Identity(
        model=recipe.model.name,
        spec=spec_of(recipe),
        classes=dataset.classes,
        data=recipe.data.name,
        split=recipe.data.split,
        fingerprint=recipe.data.fingerprint,
        residual=recipe.model.residual,
    )
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
        **measured(errors, dataset),
        "seconds": round(state.seconds, 2),
        "images_per_second": round(recipe.steps * recipe.batch / state.seconds, 1),
        "exact": exact,
    }
    folder.finish(model_bytes(named, identity, preprocessing), predictions_bytes(kept, dataset.classes), result)
    return result


def measured(errors: dict[str, float | None], dataset: Dataset) -> dict[str, float | int | None]:
    """Error and number of images of each split; null and 0 where a data set has no such split."""
    found: dict[str, float | int | None] = {}
    for split in ("train", "val", "test"):
        found[f"{split}_error"] = errors.get(split)
        found[f"{split}_images"] = len(dataset.splits[split]) if split in dataset.splits else 0
    return found
