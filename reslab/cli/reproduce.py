"""`reslab reproduce`: a table or figure of the paper, our numbers beside its own."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reslab.cli import options
from reslab.cli.at_hand import at_hand
from reslab.cli.many import look_ahead, run_all, show_ahead
from reslab.cli.minutes import budget
from reslab.cli.overview import show_overview
from reslab.cli.show import emit, pairs, say, show_lines
from reslab.errors import DataError, RunError, UsageError, as_typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reslab.experiments.document import Document
    from reslab.experiments.experiment import Experiment, Runs
    from reslab.experiments.outlook import Kind
    from reslab.experiments.plan import Plan
    from reslab.experiments.reproduce import Reproduction
    from reslab.experiments.scales import Shelf
    from reslab.training import Surroundings

RUNS = Path("runs")


def reproduce(
    name: Annotated[str, typer.Argument(help="An experiment of `reslab list`, or all.")] = "all",
    scale: Annotated[options.Text, typer.Option(help="smoke (a test), small or full.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Take the scale, or the part of its steps, that fits.")] = None,
    seeds: Annotated[int, typer.Option(help="Runs of each net.")] = 1,
    data: Annotated[Path | None, typer.Option(help="The photographs for the ImageNet nets.")] = None,
    data_root: options.DataRoot = None,
    download: options.Download = False,
    on_bad: options.OnBad = "error",
    to: Annotated[Path | None, typer.Option("--out", help="Where tables and pictures go; default: in --runs.")] = None,
    given: Annotated[
        list[Path] | None, typer.Option("--from", help="A run, or trained net, to take instead; repeat it.")
    ] = None,
    finished: Annotated[
        bool, typer.Option("--finished", help="Draw what is finished of its runs; train nothing.")
    ] = False,
    runs: options.Runs = RUNS,
    workers: options.Workers = 0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the runs and the expected time; train nothing.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Make a table or figure of the paper again; the same command goes on. `all` without a scale says what there is."""
    from reslab.experiments.document import Document
    from reslab.experiments.plan import refuse_negative
    from reslab.experiments.registry import ALL, named
    from reslab.experiments.reproduce import Reproduction, given_runs
    from reslab.experiments.scales import SCALES, Shelf
    from reslab.store import read_record
    from reslab.training import Surroundings

    experiments = named(name)
    _consistent(name, experiments, scale, minutes, seeds, data, given)
    refuse_negative(workers, threads=0)
    if finished and (given or dry_run):
        raise UsageError("--finished takes what --runs has, and trains nothing: leave --from and --dry-run out")
    if name == ALL and scale is None and minutes is None:
        show_overview(experiments, json)
        return
    folder = to or runs / "reproduced"
    around = Surroundings(data_root=data_root, download=download, on_bad=on_bad, say=say)
    shelf = Shelf(around, data, counted=dry_run)
    where = places(data, data_root, download, on_bad)
    if given:
        (experiment,) = experiments
        chosen_runs = given_runs(experiment, [read_record(run) for run in given])
        if dry_run:
            show_untrained(json, given)
            return
        found = measured(experiment, chosen_runs, shelf)
        words = [*(f"--from {as_typed(run)}" for run in given), *where]
        write([Document.of(experiment, found, asked=" ".join(words))], folder, json)
        return
    chosen = scale or next(iter(SCALES))
    part = 1.0
    if minutes is not None:
        chosen, part = budget(experiments, scale, minutes, seeds, shelf, folder, around)
    setting, there, missing = at_hand(experiments, chosen, shelf, part)
    work = Reproduction(there, setting, seeds, shelf, runs)
    words = [*length(scale, minutes, seeds), *where]
    words += [f"--runs {as_typed(runs)}"] if runs != RUNS else []
    if finished:
        take_finished(work)
        there = begun(name, work, " ".join(words))
        words.append("--finished")
    elif not run_rounds(work, around, workers, dry_run, json):
        return
    work.measure()
    documents = documents_of(work, there, " ".join(words), name if minutes is not None else "")
    write(documents, folder, json, missing, single=name != ALL)
    if missing or (not finished and any(document.failed for document in documents)):
        raise typer.Exit(1)


def measured(experiment: "Experiment", runs: "Runs", shelf: "Shelf") -> "Runs":
    """Runs that somebody made with what is measured on them; without their images, with what is recorded of them."""
    from reslab.engine import within_cores

    if experiment.measure is None:
        return runs
    try:
        with within_cores():
            return replace(runs, measured=experiment.measure(runs, shelf))
    except DataError as error:
        say(f"only what the runs have recorded: {error}")
        return runs


def take_finished(work: "Reproduction") -> None:
    """Take in the runs that are there, whole, of every round; of the others the document says that they are not."""
    from reslab.experiments.jobs import NOT_FINISHED, Outcome, outcome_of

    for turn in range(work.rounds):
        work.take_in([outcome_of(job) or Outcome(job, None, NOT_FINISHED) for job in work.jobs(turn)])


def begun(name: str, work: "Reproduction", asked: str) -> tuple["Experiment", ...]:
    """The experiments of which there is something to draw. Raises RunError where that is none of those asked for."""
    from reslab.experiments.jobs import NOT_FINISHED

    def empty(one: "Experiment") -> bool:
        waiting = all(outcome.trouble == NOT_FINISHED for outcome in work.failed.get(one.name, []))
        return bool(one.rounds) and waiting and not work.so_far(one.name).found

    there = tuple(one for one in work.experiments if not empty(one))
    lacking = [one for one in work.experiments if empty(one)]
    missing = ", ".join(one.name for one in lacking)
    words = f"nothing of {missing} is finished in {work.folder}; train with: reslab reproduce {name} {asked}"
    words += "".join(f" ({told})" for told in on_the_page(lacking))
    if not there:
        raise RunError(words)
    if missing:
        say(f"left out: {words}")
    return there


def on_the_page(experiments: "Sequence[Experiment]") -> list[str]:
    """Words on those of the experiments that the page of the paper has numbers of ours of; none without any."""
    from reslab.cli.report import package_records
    from reslab.experiments.recorded import is_measured

    records = package_records()
    names = ", ".join(one.name for one in experiments if is_measured(one, *records))
    return [f"what was measured of {names} before, and is recorded here: reslab report --paper"] if names else []


def run_rounds(work: "Reproduction", around: "Surroundings", workers: int, dry_run: bool, json: bool) -> bool:
    """Bring every run of every round to its end; with `dry_run`, only show those of the first, and say False."""
    from reslab.experiments.costs import Paces, seconds_behind
    from reslab.experiments.scales import is_imagenet

    def pace(plan: "Plan") -> "dict[Kind, float]":
        recipes = [task.job.recipe for task in plan.tasks]
        paces = Paces.tried_here(
            work.setting, {is_imagenet(recipe.model.name) for recipe in recipes}, around.request, around.say
        )
        return paces.tried(recipes)

    for turn in range(work.rounds):
        jobs = work.jobs(turn)
        behind = seconds_behind(work.experiments, work.setting)
        ahead = look_ahead(jobs, lambda job: work.shelf.of(job.recipe), around, workers, pace, behind)
        if dry_run:
            show_ahead(ahead, json)
            for words in on_the_page([one for one in work.experiments if one.rounds]):
                say(words)
            return False
        work.take_in(run_all(ahead, around))
    if dry_run:
        show_untrained(json)
    return not dry_run


def show_untrained(json: bool, given: "Sequence[Path]" = ()) -> None:
    """What a dry run shows where nothing is to be trained, since all is known, or is `given`."""
    say("nothing is trained for this")
    if json:
        ended = {"runs": list(given), "ended": len(given)}
        emit({**ended, "at_once": 0, "threads": [], "expected_seconds": 0.0})


def write(
    documents: "Sequence[Document]",
    folder: Path,
    json: bool,
    missing: dict[str, str] | None = None,
    single: bool = True,
) -> None:
    """Tables, values and pictures into `folder`, and what they say to stdout."""
    from reslab.store import make_folder, write_bytes

    make_folder(folder)
    for document in documents:
        for file, content in document.files().items():
            write_bytes(folder / file, content)
    values = [{**document.values(), "files": [folder / file for file in document.files()]} for document in documents]
    if json:
        emit(values[0] if single else {"experiments": values, "missing": missing or {}})
        return
    for document in documents:
        show_lines(document.markdown())
    names = ", ".join(f"{document.stem}.md, .json, .svg" for document in documents)
    pairs([("written", f"{names} in {folder}")])


def documents_of(work: "Reproduction", there: "Sequence[Experiment]", asked: str, together: str) -> "list[Document]":
    """What came out of each. `together` names what was asked for where that decided how long the runs are."""
    from reslab.experiments.document import Document

    found = []
    for one in there:
        runs, failed = work.so_far(one.name), work.failed.get(one.name, [])
        if one.rounds:
            found.append(Document.of(one, runs, failed, asked, together))
        else:  # of the options the scale alone says something there, of the images that a measured net is for
            found.append(Document.of(one, runs, asked=f"--scale {work.setting.scale}" if one.measure else ""))
    return found


def length(scale: str | None, minutes: float | None, seeds: int) -> list[str]:
    """The options that say how long runs are and how many, as they were given; the scale that stands for none."""
    from reslab.experiments.scales import SCALES

    usual = [f"--scale {next(iter(SCALES))}"] if scale is None and minutes is None else []
    return usual + given_length(scale, minutes, seeds)


def given_length(scale: str | None, minutes: float | None, seeds: int) -> list[str]:
    """The same, without what was not given."""
    words = [f"--scale {scale}"] if scale else []
    words += [f"--minutes {minutes:g}"] if minutes is not None else []
    return words + ([f"--seeds {seeds}"] if seeds > 1 else [])


def places(data: Path | None, data_root: Path | None, download: bool, on_bad: str) -> list[str]:
    """The options that say where images come from, as they were given."""
    words = [f"--data {as_typed(data)}"] if data else []
    words += [f"--data-root {as_typed(data_root)}"] if data_root else []
    words += ["--download"] if download else []
    return words + ([f"--on-bad {on_bad}"] if on_bad != "error" else [])


def _consistent(
    name: str,
    experiments: "Sequence[Experiment]",
    scale: str | None,
    minutes: float | None,
    seeds: int,
    data: Path | None,
    given: list[Path] | None,
) -> None:
    """Raises UsageError for options that say nothing together."""
    from reslab.experiments.reproduce import kinds_of_nets
    from reslab.experiments.scales import SCALES, Setting

    Setting.nominal(scale or next(iter(SCALES)))
    if seeds < 1:
        raise UsageError(f"--seeds {seeds}: a number of seeds is 1 or more")
    if minutes is not None and not minutes > 0:
        raise UsageError(f"--minutes {minutes:g}: a budget is more than 0 minutes")
    if given and len(experiments) > 1:
        raise UsageError("--from is for one experiment: name it")
    if given and (words := given_length(scale, minutes, seeds)):
        raise UsageError(
            f"the runs of --from are as many and as long as they are: with --from leave out {' and '.join(words)}"
        )
    if data and True not in kinds_of_nets(experiments, "small"):
        raise UsageError(f"--data is for the ImageNet nets, and {name} has none; CIFAR-10 lies in --data-root")
    if data and not given and minutes is None and scale in (None, "smoke"):
        raise UsageError("--data: the scale smoke is on the embedded digits; --scale small takes photographs")
