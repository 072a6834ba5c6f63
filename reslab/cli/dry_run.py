"""`reslab train --dry-run`: what would be done, and how long it would take."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reslab.cli.beforehand import error_values, error_words, recorded_error, time_words
from reslab.cli.show import counting, duration, emit, pairs, say

if TYPE_CHECKING:
    from reslab.data import Dataset
    from reslab.engine import Request
    from reslab.experiments.expectation import Expected
    from reslab.training import Estimate, Recipe


@dataclass(frozen=True)
class Outlook:
    """How a run would be trained, and what is expected of it; of one that is done nothing is."""

    done: bool
    params: int
    execution: dict[str, Any]
    step: int = 0  # from which it goes on
    trial: "Estimate | None" = None
    error: "Expected | None" = None


def show_plan(recipe: "Recipe", dataset: "Dataset", request: "Request", folder: Path, json: bool) -> None:
    """A few lines, or all of it for --json; nothing is written. Raises UsageError as the training would."""
    from reslab.training import facts_of
    from reslab.training.suitable import check

    dataset = dataset.with_train(recipe.data.images)
    check(recipe, facts_of(dataset, recipe.data.split))
    ahead = _of_what_is_done(folder) or _of_what_is_not(recipe, dataset, request, folder)
    trial, images = ahead.trial, len(dataset.splits["train"])
    epochs = round(recipe.epochs(images), 3)
    if json:
        plan: dict[str, Any] = {
            "run": folder,
            "done": ahead.done,
            "recipe": recipe.to_dict(),
            "execution": ahead.execution,
            "params": ahead.params,
            "step": ahead.step,
            "steps": recipe.steps,
            "epochs": epochs,
            "expected_images_per_second": round(trial.images_per_second, 1) if trial else None,
            "expected_seconds": round(trial.seconds * _left(recipe, ahead), 1) if trial else None,
            **error_values(ahead.error),
        }
        emit(plan)
        return
    pairs(
        [
            ("run", _standing(folder, ahead)),
            ("net", f"{recipe.model.name}, {ahead.params:,} parameters, {recipe.data.size} px"),
            ("steps", f"{recipe.steps:,} of {counting(recipe.batch, 'image')} ({epochs:g} epochs of {images:,})"),
            *(_expectations(recipe, dataset, trial, ahead) if trial else []),
            ("recipe", f"{recipe.name}{_otherwise(recipe, dataset)} (--json has every field)"),
        ]
    )


def _standing(folder: Path, ahead: Outlook) -> str:
    if ahead.done:
        return f"{folder} is done: nothing is trained, its result is recorded"
    return f"{folder} goes on from step {ahead.step:,}" if ahead.step else str(folder)


def _left(recipe: "Recipe", ahead: Outlook) -> float:
    """The part of the training that is still to be done."""
    return 1 - ahead.step / recipe.steps


def _of_what_is_done(folder: Path) -> Outlook | None:
    """As it is recorded; None where the run is not finished. Raises RunError where its model is gone."""
    from reslab.errors import RunError
    from reslab.store import ENVIRONMENT, MODEL_FILE, RESULT, RunFolder, why_no_model

    run = RunFolder(folder)
    if (result := run.read(RESULT)) is None:
        return None
    if not (folder / MODEL_FILE).is_file():
        raise RunError(why_no_model(folder))
    return Outlook(True, result["params"], (run.read(ENVIRONMENT) or {}).get("execution", {}), result["steps"])


def _of_what_is_not(recipe: "Recipe", dataset: "Dataset", request: "Request", folder: Path) -> Outlook:
    """By a trial of some seconds, and by runs that are recorded."""
    from reslab.engine import choose, this_machine
    from reslab.experiments.trial import short_trial
    from reslab.store import RunFolder
    from reslab.training.presets import work_of

    step = RunFolder(folder).saved_step()

    execution, announcement = choose(request.within(this_machine(), say), this_machine(), work_of(recipe), say)
    say(announcement)
    trial = short_trial(recipe, dataset, execution)
    return Outlook(False, trial.params, execution.to_dict(), step, trial, recorded_error(recipe))


def _expectations(recipe: "Recipe", dataset: "Dataset", trial: "Estimate", ahead: Outlook) -> list[tuple[str, str]]:
    pace = trial.images_per_second
    if ahead.step:  # its size is what it is
        steps = counting(recipe.steps - ahead.step, "step")
        time = f"about {duration(trial.seconds * _left(recipe, ahead))} for the {steps} that are left"
    else:
        time = time_words(recipe, dataset, trial.seconds)
    rows = [("time", f"{time}; {pace:,.{0 if pace >= 10 else 1}f} img/s on a short trial")]
    error = error_words(recipe, len(dataset.splits["train"]))
    return [*rows, ("expect", error)] if error else rows


def _otherwise(recipe: "Recipe", dataset: "Dataset") -> str:
    """Fields that are not as the preset has them for this net and this data, its length and seed apart."""
    from reslab.training import departures, facts_of

    found = departures(recipe, facts_of(dataset, recipe.data.split))
    changed = [f"{name} {ours} instead of {other}" for name, (ours, other) in found.items()]
    return f", but {', '.join(changed)}" if changed else ""
