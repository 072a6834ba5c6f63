"""`reslab train --folds`: a run for each fold of the photographs, their table, and labels that may be wrong."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reslab.cli.many import failures, leave, look_ahead, run_all, show_ahead
from reslab.cli.options import Number, Text
from reslab.cli.show import emit, out, show_lines, show_text, table
from reslab.errors import UsageError

if TYPE_CHECKING:
    from reslab.data import Dataset
    from reslab.training import Recipe, Surroundings

MOST_MISTAKES = 12  # that are shown; --json has all


def asked_fold(folds: int, data: Text, seeds: Number, run: Path | None, asked: Mapping[str, Any]) -> str:
    """The split of the first run. Raises UsageError, before anything is read, for what cannot be divided into folds."""
    from reslab.data import NAMES
    from reslab.experiments.folds import first_fold

    first = first_fold(folds)
    if (data or "digits") in NAMES:
        raise UsageError(
            f"--folds {folds}: the splits of {data or 'digits'} are fixed; a folder or a table of photographs is "
            "divided into folds"
        )
    if seeds is not None:
        raise UsageError("--folds and --seeds both make several runs: give one of them; --seed N gives all folds that")
    if run:
        raise UsageError("--run names one folder, and --folds makes one for each fold: name --runs instead")
    if "data.split" in asked:
        raise UsageError(f"--folds {folds} holds out each fold in turn: leave the split {asked['data.split']} out")
    return first


def train_folds(
    recipe: "Recipe",
    folds: int,
    dataset: "Dataset",
    around: "Surroundings",
    runs: Path,
    workers: int,
    tensorboard: bool,
    dry_run: bool,
    json: bool,
) -> None:
    """A run for each fold, their table, and the mistakes that were the surest; `dataset` holds out the first fold."""
    from reslab.experiments.folds import fold_values, folds_table, with_folds
    from reslab.experiments.jobs import Job
    from reslab.training import default_folder, read_data

    recipes = with_folds(recipe, folds)
    others = [read_data(dataset.place, each.data.split, each.data.size, around) for each in recipes[1:]]
    divided = _told_apart([dataset, *others])
    jobs = [
        Job(each, default_folder(each, runs), dataset.place, f"fold {number}") for number, each in enumerate(recipes, 1)
    ]
    data_of = {job.folder: held for job, held in zip(jobs, divided, strict=True)}
    ahead = look_ahead(jobs, lambda job: data_of[job.folder], around, workers)
    if dry_run:
        show_ahead(ahead, json, {"folds": folds})
        return
    outcomes = run_all(ahead, around, tensorboard)
    values = fold_values(outcomes)
    if json:
        emit({**values, "failed": failures(outcomes)})
    else:
        show_lines(folds_table(outcomes, values), end="")
        _show_mistakes(values["mistakes"])
    leave(outcomes)


def _told_apart(divided: Sequence["Dataset"]) -> list["Dataset"]:
    """The same data sets; of notes that not all of them have, it is said which fold they are of."""
    often = Counter(note for dataset in divided for note in dataset.notes)
    return [
        replace(
            dataset,
            notes=tuple(
                note if often[note] == len(divided) else f"fold {number} held out: {note}" for note in dataset.notes
            ),
        )
        for number, dataset in enumerate(divided, 1)
    ]


def _show_mistakes(mistakes: Sequence[Mapping[str, Any]]) -> None:
    """A table of the surest."""
    out.print()
    if not mistakes:
        show_text("no mistake in any fold")
        return
    shown = mistakes[:MOST_MISTAKES]
    more = f"the surest {len(shown):,} of {len(mistakes):,} mistakes (--json has all)"
    show_text(
        f"These may be labelled wrongly: {more if len(mistakes) > len(shown) else 'all mistakes, the surest first'}"
    )
    rows = [(m["file"], m["true"], m["predicted"], f"{100 * m['probability']:.1f} %", m["fold"]) for m in shown]
    table(("file", "class", "the net says", "probability", "fold"), rows)
