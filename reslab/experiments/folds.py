"""Cross-validation: a recipe with each fold of the photographs held out in turn, so that each is judged once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from reslab.data import Fold, FolderIndex
from reslab.errors import UsageError
from reslab.evaluation import learned_before
from reslab.experiments.jobs import Outcome
from reslab.experiments.seeds import SPLITS, spread_text, summary
from reslab.reporting import markdown_table
from reslab.reporting.results import SPLITS as SPLIT_WORDS
from reslab.reporting.rounding import error_text, standard_error
from reslab.store import SPLIT, RunFolder, read_record
from reslab.training import Recipe


class Mistake(NamedTuple):
    """A photograph of which a net that was not trained on it says something else than its label."""

    file: str  # relative to the data set's folder
    true: str
    predicted: str
    probability: float  # of what was predicted
    fold: int  # that was held out


def first_fold(folds: int) -> str:
    """The split of the first run. Raises UsageError for fewer than two folds."""
    if folds < 2:
        raise UsageError(f"--folds {folds}: photographs are divided into 2 folds or more")
    return str(Fold(1, folds))


def with_folds(recipe: Recipe, folds: int) -> list[Recipe]:
    """The recipe with each fold held out in turn; all are of the same length."""
    splits = (str(Fold(number, folds)) for number in range(1, folds + 1))
    return [replace(recipe, data=replace(recipe.data, split=split)) for split in splits]


def fold_values(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What `--json` says of the runs of all folds, but for those that failed.

    `pooled` is the error over all photographs, `summary` mean and standard deviation over folds. No fold stands in for
    another: where one has no result, both are None, and mistakes are those of the others.
    """
    results = [{**(outcome.result or {}), "fold": number} for number, outcome in _finished(outcomes)]
    whole = len(results) == len(outcomes)
    before = [learned_before(RunFolder(outcome.job.folder)) for _, outcome in _finished(outcomes)]
    return {
        "folds": len(outcomes),
        "runs": results,
        "pooled": pooled(results) if whole else None,
        "summary": _over_folds(results) if whole else None,
        "learned_before": None if None in before else sum(filter(None, before)),
        "mistakes": [mistake._asdict() for mistake in mistakes(outcomes)],
    }


def pooled(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The error in percent of all photographs, each judged once, and its standard error from counting on so many."""
    images = sum(result["val_images"] for result in results)
    error = sum(result["val_error"] * result["val_images"] for result in results) / images
    return {
        "val_error": round(error, 4),
        "val_images": images,
        "val_standard_error": round(standard_error(error, images), 4),
    }


def _over_folds(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Without numbers of images: those of validation are others in each fold."""
    return {name: value for name, value in summary(results).items() if not name.endswith("_images")}


def mistakes(outcomes: Sequence[Outcome]) -> list[Mistake]:
    """Of all folds that have a result, the surest first. Raises RunError where what a run recorded is torn."""
    found = [mistake for number, outcome in _finished(outcomes) for mistake in _of_fold(number, outcome)]
    return sorted(found, key=lambda mistake: (-mistake.probability, mistake.file))


def _of_fold(number: int, outcome: Outcome) -> list[Mistake]:
    record, index = read_record(outcome.job.folder), FolderIndex.from_dict(RunFolder(outcome.job.folder).read(SPLIT))
    if "val" not in record.predictions:
        return []
    answers, files, names = record.predictions["val"], index.files["val"], record.classes
    return [
        Mistake(file, names[label], names[said], round(float(probabilities[said]), 6), number)
        for file, label, probabilities in zip(files, answers.labels, answers.probabilities, strict=True)
        for said in [int(probabilities.argmax())]
        if said != label
    ]


def _finished(outcomes: Sequence[Outcome]) -> list[tuple[int, Outcome]]:
    """With the fold's number."""
    return [(number, outcome) for number, outcome in enumerate(outcomes, 1) if outcome.result is not None]


def folds_table(outcomes: Sequence[Outcome], values: dict[str, Any]) -> str:
    """A row for each fold and one for all photographs, as Markdown, and what the numbers are; of `fold_values`."""
    results = values["runs"]
    tested = any(result["test_images"] for result in results)
    columns = ("fold", "validation error %", "images", *(["test error %"] if tested else []), "minutes", "run")
    rows = [_row(number, outcome, tested) for number, outcome in enumerate(outcomes, 1)]
    whole = values["pooled"]
    if whole is None:
        return markdown_table(rows, columns)
    error, images = whole["val_error"], whole["val_images"]
    last = ["all", error_text(error, images), f"{images:,}", *([""] if tested else []), "", ""]
    return markdown_table([*rows, last], columns) + _note(values, tested)


def _row(number: int, outcome: Outcome, tested: bool) -> list[str]:
    found, run = outcome.result, outcome.job.folder.name
    if found is None:
        return [str(number), "", "", *([""] if tested else []), "", run]
    test = [error_text(found["test_error"], found["test_images"])] if tested else []
    error = error_text(found["val_error"], found["val_images"])
    return [str(number), error, f"{found['val_images']:,}", *test, f"{found['seconds'] / 60:.1f}", run]


def _note(values: dict[str, Any], tested: bool) -> str:
    whole, results = values["pooled"], values["runs"]
    error, images = whole["val_error"], whole["val_images"]
    before = values["learned_before"]
    but = f" (but a net before it was trained on {before:,} of them)" if before else ""
    if before is None:
        but = " (but whether one before it was trained on it is not known)"
    counted = {**values["summary"], **{f"{split}_images": results[0][f"{split}_images"] for split in SPLITS}}
    lines = [
        f"All: each of the {images:,} photographs is judged once, by a net that was not trained on it{but}; counting "
        f"{error_text(error, images)} % of so many has a standard error of {whole['val_standard_error']:.2f} points.",
        f"The mean of the folds is {spread_text(counted, 'val')} %; ± is the standard deviation over folds, luck of "
        "the training and of the few photographs in each.",
    ]
    if tested:
        lines.append(
            f"Mean {SPLIT_WORDS['test']} error: {spread_text(counted, 'test')} %, all nets on the same "
            f"{counted['test_images']:,} images."
        )
    return "\n" + "\n".join(lines) + "\n"
