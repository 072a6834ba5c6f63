"""`reslab train`: a recipe from the command line, and its run."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reslab.cli import options
from reslab.cli.available import refuse_unavailable
from reslab.cli.beforehand import words_beforehand
from reslab.cli.dry_run import show_plan
from reslab.cli.existing import asked_fields, data_as_asked, existing_recipe, result_as_asked
from reslab.cli.fetching import fetch_as_asked
from reslab.cli.folds import asked_fold, train_folds
from reslab.cli.many import train_seeds
from reslab.cli.options import Number, Text
from reslab.cli.show import counting, duration, emit, pairs, percent, say
from reslab.cli.watch import counted, watched, with_events
from reslab.errors import UsageError, as_typed

RUNS = "runs"

if TYPE_CHECKING:
    from reslab.data import Dataset
    from reslab.training import Asked, Recipe


def train(
    data: options.Data = None,
    model: options.Model = None,
    shortcut: options.Shortcut = None,
    stride_in: options.StrideIn = None,
    recipe: options.Preset = None,
    split: options.Split = None,
    steps: options.Steps = None,
    epochs: options.Epochs = None,
    batch: options.Batch = None,
    lr: options.Rate = None,
    seed: options.Seed = None,
    size: options.Size = None,
    start: options.Start = None,
    freeze: options.Freeze = None,
    teacher: options.Teacher = None,
    assign: options.Assign = None,
    engine: options.Engine = "auto",
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    compile: options.Compile = "auto",
    threads: options.Threads = 0,
    data_root: options.DataRoot = None,
    download: options.Download = False,
    data_url: options.DataUrl = None,
    on_bad: options.OnBad = "error",
    run: Annotated[Path | None, typer.Option(help="The run folder; an existing one goes on.")] = None,
    runs: Annotated[
        Path | None, typer.Option(help="Where run folders are made, without --run.", show_default=RUNS)
    ] = None,
    save_every: options.SaveEvery = 20.0,
    seeds: Annotated[Number, typer.Option(help="So many runs, their seeds from --seed on, and a table.")] = None,
    folds: Annotated[
        Number, typer.Option(help="Of photographs: so many runs, each judged on another part of them, and a table.")
    ] = None,
    workers: options.Workers = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show recipe, steps and expected time; train nothing.")
    ] = False,
    tensorboard: options.TensorBoard = False,
    json: options.Json = False,
) -> None:
    """Train a net: digits by default; the same command again continues, or says that it is done.

    In several processes, or on several GPUs or machines: torchrun --nproc-per-node 2 -m -- reslab train ...
    """
    from reslab.engine import Request
    from reslab.nets import named_residual
    from reslab.reporting.tensorboard import following, require_tensorboard
    from reslab.store import RunFolder
    from reslab.training import (
        Asked,
        Surroundings,
        default_folder,
        like,
        read_data,
        refuse_no_teacher,
        refuse_unfreezable,
        train_on,
    )

    if tensorboard:
        require_tensorboard()
    if seeds is None and folds is None and workers:
        raise UsageError("--workers says how many runs there are at once: give --seeds or --folds, too")
    if seeds is not None and run:
        raise UsageError("--run names one folder, and --seeds makes one for each seed: name --runs instead")
    # What can be refused before thousands of photographs are decoded, is.
    asked = asked_fields(
        data, model, shortcut, stride_in, recipe, split, steps, batch, lr, seed, size, start, freeze, teacher, assign
    )
    split = asked.get("data.split") if folds is None else asked_fold(folds, data, seeds, run, asked)
    if run and runs:
        raise UsageError(
            f"--run {as_typed(run)} is the run's folder, --runs {as_typed(runs)} where one is made: give one of them"
        )
    runs = runs or Path(RUNS)
    fetch_as_asked(data, (start, teacher), data_root, download, data_url)
    request = Request(engine, device, precision, compile, threads)
    around = Surroundings(request, data_root, download or data_url is not None, data_url, on_bad, save_every, say)
    existing = existing_recipe(run) if run else None
    done = None
    if run and existing and not dry_run:
        done = result_as_asked(existing, run, around, data, asked, steps, epochs)
    if run and done:
        following([run], tensorboard, say)()
        _tell(done, json)
        return
    with counted("reading images") as reading:
        around = replace(around, reading=reading)
        if run and existing:
            chosen, dataset = existing, data_as_asked(existing, run, around, data, asked, steps, epochs)
        else:
            own = named_residual(asked.get("model.residual"))
            net = like(start, Asked(model, shortcut, stride_in, asked.get("data.size")), data or "digits", say, own)
            refuse_unfreezable(freeze, start, net)
            refuse_no_teacher(teacher)
            refuse_unavailable(request, workers, replace(net, model=asked.get("model.name", net.model)), data)
            dataset = read_data(data or "digits", split, net.size, around, run)
            chosen = chosen_recipe(
                dataset, split, net, recipe, start, freeze, teacher, seed, batch, lr, assign, steps, epochs
            )
    if folds is not None:
        train_folds(chosen, folds, dataset, around, runs, workers, tensorboard, dry_run, json)
        return
    if seeds is not None:
        train_seeds(chosen, seeds, dataset, around, runs, workers, tensorboard, dry_run, json)
        return
    folder = run or default_folder(chosen, runs)
    RunFolder(folder).refuse_foreign()
    for note in dataset.notes:
        say(note)
    if dry_run:
        show_plan(chosen, dataset, request, folder, json)
        return
    place = folder if RunFolder(folder).recipe() else f"the new folder {folder}"
    length = counting(chosen.steps, "step")
    say(f"{chosen.model.name} on {dataset.name}: recipe {chosen.name}, {length}, in {place}")
    if words := words_beforehand(chosen, dataset, request, folder):
        say(words)
    with watched() as shown, with_events(shown, [folder], tensorboard) as watch:
        result = train_on(dataset, chosen, folder, replace(around, watch=watch))
    _tell(result, json)


def _tell(result: dict[str, Any], json: bool) -> None:
    emit(result) if json else show_result(result)


def show_result(result: dict[str, Any]) -> None:
    """What a run came to, in a few lines."""
    rows = [
        ("run", result["run"]),
        ("train error", percent(result["train_error"], result["train_images"])),
        ("val error", percent(result["val_error"], result["val_images"])),
        ("test error", percent(result["test_error"], result["test_images"])),
        ("time", f"{duration(result['seconds'])} of training, {result['images_per_second']:,.0f} img/s"),
        ("next", f"reslab report {as_typed(result['run'])}"),
    ]
    pairs((name, value) for name, value in rows if value)


def chosen_recipe(
    dataset: "Dataset",
    split: Text,
    asked: "Asked",
    preset: Text,
    start: Text,
    freeze: Text,
    teacher: Text,
    seed: Number,
    batch: Number,
    lr: float | None,
    assign: list[str] | None,
    steps: Number,
    epochs: float | None,
) -> "Recipe":
    """The preset for this data, with what the command line changes."""
    from reslab.training import read_field, read_fields, recipe_on, with_residual

    fields: dict[str, Any] = {} if lr is None else {"optimizer.lr": lr}
    if freeze is not None:
        fields |= [read_field(f"model.frozen={freeze}")]  # "none" is none
    fields |= read_fields(assign or [])
    made = recipe_on(dataset, split, asked, preset, start, seed or 0, batch, steps, epochs, fields, teacher=teacher)
    return with_residual(made)
