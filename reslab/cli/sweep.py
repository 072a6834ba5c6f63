"""`reslab sweep`: a grid over fields of a recipe, run and compared."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reslab.cli import options
from reslab.cli.available import refuse_unavailable
from reslab.cli.fetching import fetch_as_asked
from reslab.cli.many import leave, look_ahead, run_all, show_ahead
from reslab.cli.show import emit, pairs, say, show_lines
from reslab.cli.train import chosen_recipe
from reslab.cli.watch import counted
from reslab.errors import UsageError

if TYPE_CHECKING:
    from reslab.training import Recipe


def sweep(
    data: options.Data = None,
    grid: Annotated[
        list[str] | None, typer.Option("--grid", help="A field, as of --set, and its values: optimizer.lr=0.1,0.2.")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--change",
            help="What one change is worth, alone: smoothing=0, model.name=plain20, or more fields with commas.",
        ),
    ] = None,
    base: Annotated[
        list[str] | None,
        typer.Option("--base", help="The point to compare with, as field=value; else the preset's own, or the first."),
    ] = None,
    models: Annotated[options.Text, typer.Option(help="Nets to compare: plain20,resnet20.")] = None,
    seeds: Annotated[int, typer.Option(help="Runs of each point, their seeds from --seed on.")] = 1,
    model: options.Model = None,
    shortcut: options.Shortcut = None,
    stride_in: options.StrideIn = None,
    recipe: options.Preset = None,
    split: Annotated[options.Text, typer.Option(help="CIFAR: 40k/5k/5k unless you say otherwise.")] = None,
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
    threads: Annotated[int, typer.Option(help="CPU threads of each run; 0: an equal share of the cores.")] = 0,
    workers: options.Workers = 0,
    data_root: options.DataRoot = None,
    download: options.Download = False,
    data_url: options.DataUrl = None,
    on_bad: options.OnBad = "error",
    runs: options.Runs = Path("runs"),
    to: Annotated[
        Path | None, typer.Option("--out", help="Table, picture and values; default: beside the runs.")
    ] = None,
    save_every: options.SaveEvery = 20.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the runs and the expected time; train nothing.")
    ] = False,
    tensorboard: options.TensorBoard = False,
    json: options.Json = False,
) -> None:
    """Try every combination of a grid, or changes one by one, with every seed, and compare validation errors.

    The same command goes on.
    """
    from reslab.engine import Request
    from reslab.experiments.grid import base_of, points_of, read_axes
    from reslab.experiments.sweep import Sweep, same_sweep, search_split, sweep_files, sweep_table, sweep_values
    from reslab.nets import named_residual
    from reslab.reporting.tensorboard import require_tensorboard
    from reslab.store import make_folder, write_bytes
    from reslab.training import (
        Asked,
        Surroundings,
        like,
        read_data,
        read_fields,
        refuse_no_teacher,
        refuse_twice,
        refuse_unfreezable,
    )

    if tensorboard:
        require_tensorboard()
    axes = read_axes(grid or [], models, change or [])
    _no_contradiction([axis.field for axis in axes], model, shortcut, stride_in, freeze, batch, lr, assign)
    name = data or "digits"
    set_to = read_fields(assign or [])
    refuse_twice(set_to, {"data.split": split, "data.size": size, "optimizer.lr": lr, "model.frozen": freeze})
    split = set_to.get("data.split", split)
    chosen_split = split or search_split(name)
    request = Request(engine, device, precision, compile, threads)
    refuse_unavailable(request, workers)
    fetch_as_asked(data, (start, teacher), data_root, download, data_url)
    around = Surroundings(request, data_root, download or data_url is not None, data_url, on_bad, save_every, say)
    own_block = named_residual(set_to.get("model.residual"))
    net = like(start, Asked(model, shortcut, stride_in, size), name, say, own_block)
    refuse_unfreezable(freeze, start, net)
    refuse_no_teacher(teacher)
    with counted("reading images") as reading:
        dataset = read_data(name, chosen_split, net.size, replace(around, reading=reading))
    if "val" not in dataset.splits:
        raise UsageError(f"the split {chosen_split} has no validation images to choose by; --split 40k/5k/5k has")
    if chosen_split != split:
        say(
            f"split {chosen_split}: judged on 5,000 images that are not those of the 45k/5k split, so that a choice "
            f"made here can be reported there and on the test images"
        )

    def make(of: options.Text, changes: list[str]) -> "Recipe":
        asked, assigned = replace(net, model=of or net.model), [*(assign or []), *changes]
        return chosen_recipe(
            dataset, chosen_split, asked, recipe, start, freeze, teacher, seed, batch, lr, assigned, steps, epochs
        )

    points, own = tuple(points_of(axes, make)), None
    with suppress(UsageError):  # what is set besides may only suit values of the grid
        own = make(None, [])
    asked = Sweep(axes, points, seeds, base_of(points, own, base or []), own)
    folder = to or runs / f"sweep-{asked.digest()}"
    same_sweep(asked, folder)
    ahead = look_ahead(asked.jobs(runs, dataset.place), lambda _: dataset, around, workers)
    if dry_run:
        show_ahead(ahead, json)
        return
    make_folder(folder)
    outcomes = run_all(ahead, around, tensorboard)
    for file, content in sweep_files(asked, outcomes).items():
        write_bytes(folder / file, content)
    if json:
        emit({**sweep_values(asked, outcomes), "out": folder})
    else:
        show_lines(sweep_table(asked, outcomes))
        pairs([("written", f"sweep.md, sweep.svg and sweep.json in {folder}")])
    leave(outcomes)


def _no_contradiction(
    fields: list[str],
    model: options.Text,
    shortcut: options.Text,
    stride_in: options.Text,
    freeze: options.Text,
    batch: options.Number,
    lr: float | None,
    assign: list[str] | None,
) -> None:
    """Raises UsageError where a field is both in the grid and set to one value."""
    nets = {"model": model, "model.shortcut": shortcut, "model.stride_in": stride_in, "model.frozen": freeze}
    set_to = {**nets, "batch": batch, "optimizer.lr": lr}
    fixed = {field for field, value in set_to.items() if value is not None}
    fixed |= {change.partition("=")[0].strip() for change in assign or []}
    for field in fields:
        if field in fixed:
            raise UsageError(f"{field} has one value in an option and several in the grid; leave the option out")
