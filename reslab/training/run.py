"""A run from its recipe to its result: data, folder, engine, loop, final measurements."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reslab.data import Dataset, find_folder
from reslab.engine import Execution, Lost, apart, choose, make_engine, this_machine
from reslab.errors import DataError, UsageError, refuse_no_text
from reslab.nets import Residual, digest_of, hint_of_main, name_of, named_residual, refuse_while_imported, try_out
from reslab.processes import this_team
from reslab.store import DIVERGED, RESULT, SPLIT, RunFolder, lineage_from, write_lineage
from reslab.training.again import command_again
from reslab.training.continuing import same_execution, same_photographs, same_recipe, same_residual
from reslab.training.division import divided_otherwise
from reslab.training.done import recorded_result
from reslab.training.finish import finish
from reslab.training.learned import said_of_frozen
from reslab.training.loop import Diverged, fit
from reslab.training.memory import told_of_memory
from reslab.training.normalisation import normalisation_of, normalised_otherwise
from reslab.training.presets import PRESETS, spec_of, work_of
from reslab.training.recipe import Recipe
from reslab.training.source import data_of_run, facts_of, read_data, recipe_for
from reslab.training.start import refuse_lost_start, start_of, starting_weights
from reslab.training.state import initial_state, restored_state
from reslab.training.stem import stem_filters
from reslab.training.suitable import check, check_parts
from reslab.training.surroundings import Surroundings
from reslab.training.teacher import teacher_of, teaching_by
from reslab.training.together import follow, led, tell

RUNS = "runs"  # where runs are made, if nobody says


def default_folder(recipe: Recipe, runs: Path) -> Path:
    """`runs/<data>-<model>-<recipe>-<hash>-s<seed>`."""
    data = recipe.data.name.replace(" ", "_")
    return runs / f"{data}-{recipe.model.name}-{recipe.name}-{recipe.digest()}-s{recipe.seed}"


def train(
    recipe: Recipe | str | Path | None = None,
    run: str | Path | None = None,
    *,
    data: str | Path | None = None,
    runs: str | Path | None = None,
    residual: Residual | None = None,
    around: Surroundings | None = None,
    asked: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Train `recipe`, or go on where it stopped, and return the result (the keys of `reslab train --json`).

    The name of a data set (else digits), or a folder or table of photographs, stands for its recipe of the house, with
    what is `asked` of `recipe_for`; beside `data`, which then are these, the name of a preset; a run folder for the
    recipe that it has, as `run` alone does. `run` names the folder; without it, it is
    `<data>-<model>-<recipe>-<hash>-s<seed>` in `runs` (else "runs"). `data` says where the photographs of a recipe lie,
    if not under the data root. A finished run returns its recorded result. `residual` is a residual function of one's
    own (see `nets.create`). In several processes, as torchrun starts them, all have to call this; the first trains with
    the help of the others. Raises UsageError for a recipe that cannot be trained on its data, DataError and RunError
    for trouble with the data or the run folder.
    """
    refuse_while_imported()
    team = this_team()
    given = (recipe, run, data, runs, residual, around or Surroundings(), asked or {})
    if team is None:
        return _train_here(*given)
    if not team.leads:
        return follow(team, residual)
    with led(team) as end:
        end |= _train_here(*given)
    return end


def _train_here(
    recipe: Recipe | str | Path | None,
    run: str | Path | None,
    data: str | Path | None,
    runs: str | Path | None,
    residual: Residual | None,
    around: Surroundings,
    asked: Mapping[str, Any],
) -> dict[str, Any]:
    """`train` of the process that decides."""
    if run is None and isinstance(recipe, str | Path) and RunFolder(Path(recipe)).recipe():
        recipe, run = None, recipe
    if run is not None and runs is not None:
        raise UsageError(
            f"run={str(run)!r} is the run's folder, runs={str(runs)!r} where one is made: give one of them"
        )
    if recipe is None and run and (written := RunFolder(Path(run)).recipe()):
        if asked:
            raise UsageError(
                f"{run} goes on by its own recipe: leave out {', '.join(asked)}; for another recipe give another run, "
                "which may start from this one (start=)"
            )
        return _go_on_as_written(Recipe.from_dict(written), Path(run), data, residual, around)
    if recipe is None and data is None and run and not asked:
        raise UsageError(f"there is no run in {run} to go on with; to begin one there, name the data, too")
    if recipe is None or isinstance(recipe, str | Path):
        data, preset = _data_and_preset(recipe, data)
        recipe = recipe_for(data, recipe=preset, residual=residual, around=around, **asked)
    elif not isinstance(recipe, Recipe):
        raise UsageError(
            f"train takes a recipe, as reslab.train(reslab.recipe('cifar10', model='resnet56')), or the name of a data "
            f"set or folder, as reslab.train('photos'); not a {type(recipe).__name__}"
        )
    elif asked:
        raise UsageError(
            f"the recipe is there already: give {', '.join(asked)} to reslab.recipe, or name the data in place of it"
        )
    recipe = with_residual(recipe, residual)
    path = Path(run) if run else default_folder(recipe, Path(runs or RUNS))
    if result := recorded_result(recipe, path, around, data, residual):
        return result
    dataset = read_data(data or _place(recipe, around), recipe.data.split, recipe.data.size, around, path)
    return train_on(_noted(dataset, around), recipe, path, around, residual)


def _data_and_preset(text: str | Path | None, data: str | Path | None) -> tuple[str | Path, str | None]:
    """What `train` is to train on, and under which preset, where text stands for its recipe: that is one of the two."""
    if data is None:
        return "digits" if text is None else text, None
    if text is None:
        return data, None
    if Path(text).name in (Path(data).name, Path(data).stem):  # the same photographs: what they are, and where
        return data, None
    if text not in PRESETS:
        raise UsageError(
            f"recipe={str(text)!r} is none of the presets {', '.join(PRESETS)}: if it is the data, data={str(data)!r} "
            "is, too; give one of them"
        )
    return data, str(text)


def _go_on_as_written(
    recipe: Recipe, run: Path, data: str | Path | None, residual: Residual | None, around: Surroundings
) -> dict[str, Any]:
    """An existing run by the recipe that its folder has. Raises UsageError for data that are not the recipe's."""
    if data is not None and recipe.data.fingerprint is None and str(data) != recipe.data.name:
        raise UsageError(f"{run} is of {recipe.data.name}, and not of {data}: leave data out, or give another run")
    if result := recorded_result(recipe, run, around, data, residual):
        return result
    return train_on(_noted(data_of_run(recipe, run, around, data), around), recipe, run, around, residual)


def _noted(dataset: Dataset, around: Surroundings) -> Dataset:
    """The data set, after what is to be said of it."""
    for note in dataset.notes:
        around.say(note)
    return dataset


def _place(recipe: Recipe, around: Surroundings) -> str:
    """Where the recipe's data lie by its name alone; a recipe does not know where a folder of photographs lay."""
    name = recipe.data.name
    if recipe.data.fingerprint is not None:
        try:
            find_folder(name, around.data_root)
        except UsageError as error:
            raise UsageError(
                f"the recipe is of a folder '{name}', which is not here; say where: train(recipe, data='.../{name}')"
            ) from error
    return name


def with_residual(recipe: Recipe, residual: Residual | None = None) -> Recipe:
    """The recipe that names a residual function of one's own, given or named already, and knows its digest.

    Raises UsageError where another one is given than is named.
    """
    function = residual or named_residual(recipe.model.residual)
    if function is None:
        return recipe
    if residual:
        _refuse_another(recipe, residual)
    name = recipe.model.residual or name_of(function)
    try_out(function, spec_of(recipe))
    return replace(recipe, model=replace(recipe.model, residual=name, residual_digest=digest_of(function)))


def _refuse_another(recipe: Recipe, residual: Residual) -> None:
    """Raises UsageError where the recipe names another function than the one that is given."""
    name = recipe.model.residual
    if name is None or name == name_of(residual):
        return
    digest = digest_of(residual)
    if digest == recipe.model.residual_digest:
        return  # the name may be of a file that has moved
    named = named_residual(name)
    if named and digest != digest_of(named):
        raise UsageError(
            f"residual={name_of(residual)} is given, but model.residual is {name}, another function: leave out one of "
            "them"
        )


def train_on(
    dataset: Dataset, recipe: Recipe, run: Path, around: Surroundings, residual: Residual | None = None
) -> dict[str, Any]:
    """`train` on a data set that is already read."""
    folder = RunFolder(run)
    refuse_no_text(run.resolve())
    if result := recorded_result(recipe, run, around, dataset.folder, residual):
        return result
    # What cannot be done is refused before anything is written.
    dataset = dataset.with_train(recipe.data.images)
    residual = same_residual(recipe, run, residual)
    check(recipe, facts_of(dataset, recipe.data.split), residual)
    team, request = this_team(), around.request.within(this_machine(), around.say)
    if team:
        request = replace(request, processes=team.size)
        check_parts(recipe, team.size)
    around = replace(around, request=request)
    choose(around.request, this_machine(), work_of(recipe), around.say)
    if folder.recipe() is None:
        refuse_lost_start(recipe, len(dataset.splits["train"]), residual)
        teacher_of(recipe, dataset.classes, residual)
    with folder.locked():
        if folder.read(RESULT) is None:  # else another process has come to its end meanwhile
            same_recipe(recipe, folder)
            same_photographs(dataset, folder)
            return _go_on(recipe, dataset, folder, around, residual)
    return train_on(dataset, recipe, run, around, residual)


def _go_on(
    recipe: Recipe, dataset: Dataset, folder: RunFolder, around: Surroundings, residual: Residual | None
) -> dict[str, Any]:
    """Begin, or go on, in a folder that is locked."""
    if folder.recipe() is None and (words := divided_otherwise(dataset, folder.path)):
        around.say(words)
    if folder.recipe() is None and recipe.model.residual and (words := hint_of_main(recipe.model.residual)):
        around.say(words)
    execution, exact = same_execution(folder, around, dataset.folder, work_of(recipe))
    begin_folder(recipe, dataset, folder)
    if words := _division(recipe, execution.processes):
        around.say(words)
    # A run seeds itself and has its own settings of PyTorch; the caller's stream and settings stay as they were.
    with apart(execution), told_of_memory(recipe, execution.processes):
        try:
            return _train(recipe, dataset, folder, execution, exact, around, residual)
        except DataError as error:
            raise DataError(
                f"{error}; once the file is as it was, this run goes on where it stopped: {command_again(folder.path)}"
            ) from error
        except Lost as error:
            raise Lost(f"{error}; this run goes on where it was saved: {command_again(folder.path)}") from error


def _division(recipe: Recipe, processes: int) -> str:
    """Who trains on which part of a batch; "" where it is not divided."""
    parts = recipe.accumulate
    if processes * parts == 1:
        return ""
    owned = "a process's own images" if parts == 1 else "a part's images"
    least, most = recipe.batch // (processes * parts), -(-recipe.batch // (processes * parts))
    each = f"{least}" if least == most else f"{least} or {most}"
    who = f"{processes} processes train together, each" if processes > 1 else "training is"
    division = f"{parts} parts of {each} images" if parts > 1 else f"{each} images"
    return f"{who} on {division} of a batch of {recipe.batch}; batch normalisation is over {owned}"


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
    saved = folder.load_state()
    source = None if saved else start_of(recipe, residual)
    preprocessing = normalisation_of(recipe, train, folder, source, around.say)
    teacher = teacher_of(recipe, dataset.classes, residual)
    teaching = teaching_by(recipe, teacher)
    engine = make_engine(spec_of(recipe), preprocessing, execution, residual, recipe.model.frozen, teaching)
    if recipe.model.frozen is not None:
        around.say(said_of_frozen(recipe, engine.parameters.of_net, engine.statistics))
    if saved:
        state = restored_state(*saved, engine, recipe)
        around.say(f"going on at step {state.step} of {recipe.steps}")
        if words := normalised_otherwise(recipe, folder):
            around.say(words)
    else:
        stem = stem_filters(recipe, engine, train, preprocessing)
        before = (*(lineage_from(source) if source else ()), *(lineage_from(teacher, taught=True) if teacher else ()))
        if before:
            write_lineage(folder, before)
        start = starting_weights(source, dataset.classes) if source else None
        state = initial_state(recipe, engine, spec_of(recipe), residual, stem, start)
    if execution.processes > 1:
        tell(recipe, state, preprocessing, dataset, folder, execution, around)
    try:
        seen = fit(recipe, state, engine, train, val, folder, around.watch, around.save_every)
    except Diverged as error:
        folder.write(DIVERGED, {"step": error.step})  # for whoever reads the run later
        raise Diverged(error.step, kept=folder.has_state) from error
    return finish(recipe, state, engine, preprocessing, dataset, folder, execution, exact, seen)


def begin_folder(recipe: Recipe, dataset: Dataset, folder: RunFolder) -> None:
    """Write down recipe and split, once."""
    if dataset.index is not None and dataset.folder is not None and folder.read(SPLIT) is None:
        folder.write(SPLIT, dataset.index.sampled(dataset.folder).to_dict())
    if folder.recipe() is None:
        folder.write_recipe(recipe.to_dict())
