"""`reslab train --dry-run`: what would be done, and how long it would take."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from reslab.cli.beforehand import error_words, recorded_error, time_words
from reslab.cli.show import counting, emit, pairs, say

if TYPE_CHECKING:
    from reslab.data import Dataset
    from reslab.engine import Request
    from reslab.training import Recipe


def show_plan(recipe: "Recipe", dataset: "Dataset", request: "Request", folder: Path, json: bool) -> None:
    """A few lines, or all of it for --json; nothing is written. Raises UsageError as the training would."""
    from reslab.engine import choose, this_machine
    from reslab.experiments.trial import short_trial
    from reslab.store import RESULT, RunFolder
    from reslab.training import facts_of
    from reslab.training.presets import check, work_of

    dataset = dataset.with_train(recipe.data.images)
    check(recipe, facts_of(dataset, recipe.data.split))
    execution, announcement = choose(request.within(this_machine(), say), this_machine(), work_of(recipe), say)
    say(announcement)
    expected = short_trial(recipe, dataset, execution)
    recorded, images = recorded_error(recipe), len(dataset.splits["train"])
    epochs = round(recipe.epochs(images), 3)
    done = RunFolder(folder).read(RESULT) is not None
    if json:
        plan: dict[str, Any] = {
            "run": folder,
            "done": done,
            "recipe": recipe.to_dict(),
            "execution": execution.to_dict(),
            "params": expected.params,
            "steps": recipe.steps,
            "epochs": epochs,
            "expected_images_per_second": round(expected.images_per_second, 1),
            "expected_seconds": round(expected.seconds, 1),
            "expected_val_error": round(recorded.error, 2) if recorded else None,
            "expected_val_error_runs": recorded.runs if recorded else 0,
        }
        emit(plan)
        return
    time, pace = time_words(recipe, dataset, expected.seconds), expected.images_per_second
    pairs(
        [
            ("run", f"{folder} is done: nothing is trained, its result is recorded" if done else folder),
            ("net", f"{recipe.model.name}, {expected.params:,} parameters, {recipe.data.size} px"),
            ("steps", f"{recipe.steps:,} of {counting(recipe.batch, 'image')} ({epochs:g} epochs of {images:,})"),
            ("time", f"{time}; {pace:,.{0 if pace >= 10 else 1}f} img/s on a short trial"),
            *([("expect", error)] if (error := error_words(recipe, images)) else []),
            ("recipe", f"{recipe.name}{_otherwise(recipe, dataset)} (--json has every field)"),
        ]
    )


def _otherwise(recipe: "Recipe", dataset: "Dataset") -> str:
    """Fields that are not as the preset has them for this net and this data, its length and seed apart."""
    from reslab.training import PRESETS, facts_of, field_names, field_of, make_recipe

    if recipe.name not in PRESETS:
        return ""
    usual = make_recipe(facts_of(dataset, recipe.data.split), recipe.model.name, recipe.name, seed=recipe.seed)
    usual = usual.stretched(recipe.steps)
    values = {name: (field_of(recipe, name), field_of(usual, name)) for name in field_names()}
    changed = [f"{name} {ours} instead of {other}" for name, (ours, other) in values.items() if ours != other]
    return f", but {', '.join(changed)}" if changed else ""
