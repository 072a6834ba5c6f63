"""`reslab train`: a recipe from the command line, and its run."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reslab.cli.show import duration, emit, out, pairs, percent, say
from reslab.cli.watch import counted, watched

if TYPE_CHECKING:
    from reslab.data import Dataset
    from reslab.engine import Request
    from reslab.training import Recipe

Text = str | None
Number = int | None


def train(
    data: Annotated[Text, typer.Argument(help="digits, cifar10, cifar100, or a folder of class folders.")] = None,
    model: Annotated[Text, typer.Option(help="A net of `reslab list`.")] = None,
    shortcut: Annotated[Text, typer.Option(help="A, B or C (sec. 4.1).")] = None,
    stride_in: Annotated[Text, typer.Option(help="Stride of a bottleneck: 1x1 (paper) or 3x3.")] = None,
    recipe: Annotated[Text, typer.Option(help="paper, fast or small.")] = None,
    split: Annotated[Text, typer.Option(help="CIFAR: 45k/5k, 40k/5k/5k or 50k.")] = None,
    steps: Annotated[Number, typer.Option(help="Stretch the recipe to so many steps.")] = None,
    epochs: Annotated[float | None, typer.Option(help="Stretch the recipe to so many epochs.")] = None,
    batch: Annotated[Number, typer.Option(help="Images in a batch.")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
    size: Annotated[Number, typer.Option(help="Height = width of a folder's images in pixels.")] = None,
    assign: Annotated[
        list[str] | None, typer.Option("--set", help="Any field of the recipe: dotted.field=value.")
    ] = None,
    engine: Annotated[str, typer.Option(help="auto, torch or native.")] = "auto",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, fp32 or bf16.")] = "auto",
    compile: Annotated[str, typer.Option(help="auto, on or off.")] = "auto",
    threads: Annotated[int, typer.Option(help="CPU threads; 0: as many as there are cores.")] = 0,
    data_root: Annotated[Path | None, typer.Option(help="Where data sets lie (else $RESLAB_DATA).")] = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch a missing data set.")] = False,
    data_url: Annotated[Text, typer.Option(help="Fetch from this address instead.")] = None,
    on_bad: Annotated[str, typer.Option(help="Images that cannot be read: error or skip.")] = "error",
    run: Annotated[Path | None, typer.Option(help="The run folder; an existing one goes on.")] = None,
    runs: Annotated[Path, typer.Option(help="Where run folders are made.")] = Path("runs"),
    save_every: Annotated[float, typer.Option(help="Seconds between two checkpoints.")] = 20.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show recipe, steps and expected time; train nothing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Train a net: digits by default; the same command again continues, or says that it is done."""
    from reslab.engine import Request
    from reslab.training import Surroundings, data_of_run, default_folder, read_data, train_on

    request = Request(engine, device, precision, compile, threads)
    around = Surroundings(request, data_root, download or data_url is not None, data_url, on_bad, save_every, say)
    mathematics = (data, model, shortcut, stride_in, recipe, split, steps, epochs, batch, lr, seed, size, assign)
    existing = _existing(run) if run and all(choice in (None, []) for choice in mathematics) else None
    with counted("reading images") as reading:
        around = replace(around, reading=reading)
        if run and existing:
            chosen, dataset = existing, data_of_run(existing, run, around)
        else:
            dataset = read_data(data or "digits", split, size, around, run)
            chosen = _recipe(dataset, split, model, recipe, shortcut, stride_in, seed, batch, lr, assign, steps, epochs)
    folder = run or default_folder(chosen, runs)
    if dry_run:
        _dry_run(chosen, dataset, request, folder, json)
        return
    for note in dataset.notes:
        say(note)
    say(f"{chosen.model.name} on {dataset.name}: recipe {chosen.name}, {chosen.steps:,} steps, in {folder}")
    with watched() as watch:
        result = train_on(dataset, chosen, folder, replace(around, watch=watch))
    emit(result) if json else show_result(result)


def show_result(result: dict[str, Any]) -> None:
    """What a run came to, in a few lines."""
    rows = [
        ("run", result["run"]),
        ("train error", percent(result["train_error"], result["train_images"])),
        ("val error", percent(result["val_error"], result["val_images"])),
        ("test error", percent(result["test_error"], result["test_images"])),
        ("time", f"{duration(result['seconds'])} of training, {result['images_per_second']:,.0f} img/s"),
        ("next", f"reslab report {result['run']}"),
    ]
    pairs((name, value) for name, value in rows if value)


def _existing(run: Path) -> "Recipe | None":
    """The recipe of a run folder that is there already."""
    from reslab.store import RunFolder
    from reslab.training import Recipe

    written = RunFolder(run).recipe()
    return Recipe.from_dict(written) if written else None


def _recipe(
    dataset: "Dataset",
    split: Text,
    model: Text,
    preset: Text,
    shortcut: Text,
    stride_in: Text,
    seed: Number,
    batch: Number,
    lr: float | None,
    assign: list[str] | None,
    steps: Number,
    epochs: float | None,
) -> "Recipe":
    """The preset for this data, with what the command line changes.

    Steps and epochs stretch the schedule; what is set of the schedule itself is said of the stretched one.
    """
    from reslab.training import facts_of, lasting, make_recipe, with_fields, with_residual

    chosen = make_recipe(facts_of(dataset, split), model, preset, shortcut, stride_in, seed or 0, batch)
    changes = [f"optimizer.lr={lr}"] if lr is not None else []
    changes += [change for change in assign or [] if not change.startswith("schedule.")]
    chosen = with_fields(chosen, changes)
    chosen = lasting(chosen, len(dataset.splits["train"]), steps, epochs)
    chosen = with_fields(chosen, [change for change in assign or [] if change.startswith("schedule.")])
    return with_residual(chosen)


def _dry_run(recipe: "Recipe", dataset: "Dataset", request: "Request", folder: Path, json: bool) -> None:
    """What would be done, and how long it would take; nothing is written."""
    import tomli_w

    from reslab.engine import choose, this_machine
    from reslab.training import estimate, facts_of
    from reslab.training.presets import check, work_of

    check(recipe, facts_of(dataset, recipe.data.split))
    execution, announcement = choose(request.within(this_machine()), this_machine(), work_of(recipe), say)
    say(announcement)
    expected = estimate(recipe, dataset, execution)
    epochs = round(recipe.epochs(len(dataset.splits["train"])), 3)
    plan = {
        "run": folder,
        "recipe": recipe.to_dict(),
        "execution": execution.to_dict(),
        "params": expected.params,
        "steps": recipe.steps,
        "epochs": epochs,
        "expected_images_per_second": round(expected.images_per_second, 1),
        "expected_seconds": round(expected.seconds, 1),
    }
    if json:
        emit(plan)
        return
    out.print(tomli_w.dumps(recipe.to_dict()), markup=False)
    pairs(
        [
            ("run", folder),
            ("net", f"{recipe.model.name}, {expected.params:,} parameters"),
            ("steps", f"{recipe.steps:,} ({epochs:g} epochs)"),
            ("time", f"about {duration(expected.seconds)} ({expected.images_per_second:,.0f} img/s on a short trial)"),
        ]
    )
