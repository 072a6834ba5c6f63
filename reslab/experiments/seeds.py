"""One recipe with several seeds: a row for each, mean and standard deviation over all."""

import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from reslab.errors import UsageError
from reslab.experiments.jobs import Outcome
from reslab.reporting import markdown_table
from reslab.reporting.results import SPLITS as SPLIT_WORDS
from reslab.reporting.rounding import error_text, finite, standard_error
from reslab.training import Recipe

SPLITS = ("train", "val", "test")


def with_seeds(recipe: Recipe, seeds: int) -> list[Recipe]:
    """The recipe with its own seed and those that follow. Raises UsageError for fewer than one."""
    if seeds < 1:
        raise UsageError(f"--seeds {seeds}: a number of seeds is 1 or more")
    return [replace(recipe, seed=recipe.seed + k) for k in range(seeds)]


def summary(results: Sequence[dict[str, Any]], splits: Sequence[str] = SPLITS) -> dict[str, Any]:
    """Number of seeds, and for each split mean and standard deviation of the error in percent, and its images.

    What not every result has is None: no mean hides a missing seed. A single run has no standard deviation.
    """
    found: dict[str, Any] = {"n": len(results)}
    for split in splits:
        errors = [e for result in results if (e := finite(result.get(f"{split}_error"))) is not None]
        whole = bool(errors) and len(errors) == len(results)
        found[f"{split}_error_mean"] = round(statistics.fmean(errors), 4) if whole else None
        found[f"{split}_error_std"] = round(statistics.stdev(errors), 4) if whole and len(errors) > 1 else None
        found[f"{split}_images"] = results[0][f"{split}_images"] if whole else 0
    return found


def spread_text(found: dict[str, Any], split: str) -> str:
    """ "8.41 ± 0.12", of a `summary`; empty where nothing is known."""
    mean, std = found[f"{split}_error_mean"], found[f"{split}_error_std"]
    if mean is None:
        return ""
    return error_text(mean, found[f"{split}_images"]) + (f" ± {std:.2f}" if std is not None else "")


def seeds_table(outcomes: Sequence[Outcome]) -> str:
    """A row for each seed and one for their mean, as Markdown, and a line that explains it."""
    results = [outcome.result for outcome in outcomes if outcome.result]
    found = summary(results)
    splits = [split for split in SPLITS if found[f"{split}_images"]]
    columns = ("seed", *(f"{SPLIT_WORDS[split]} error %" for split in splits), "minutes", "run")
    rows = [_row(outcome, splits) for outcome in outcomes]
    mean = [f"mean of {found['n']}", *(spread_text(found, split) for split in splits), "", ""]
    return markdown_table([*rows, mean] if results else rows, columns) + _note(found, splits)


def _row(outcome: Outcome, splits: Sequence[str]) -> list[str]:
    seed = str(outcome.job.recipe.seed)
    if outcome.result is None:
        return [seed, *("" for _ in splits), "", outcome.job.folder.name]
    errors = [error_text(outcome.result[f"{split}_error"], outcome.result[f"{split}_images"]) for split in splits]
    return [seed, *errors, f"{outcome.result['seconds'] / 60:.1f}", outcome.job.folder.name]


def _note(found: dict[str, Any], splits: Sequence[str]) -> str:
    if not splits:
        return ""
    images = ", ".join(f"{found[f'{split}_images']:,} {SPLIT_WORDS[split]}" for split in splits)
    deviation = "± is the standard deviation over seeds; " if found["n"] > 1 else "a single run has no ±; "
    return f"\nMeasured on {images} images; {deviation}apart from that, {counting_text(found, splits[-1])}\n"


def counting_text(found: dict[str, Any], split: str) -> str:
    """The other uncertainty, from counting on so many images, which no number of seeds makes smaller."""
    mean, images = found[f"{split}_error_mean"], found[f"{split}_images"]
    points = standard_error(mean, images)
    return f"counting {error_text(mean, images)} % on {images:,} images has a standard error of {points:.2f} points."
