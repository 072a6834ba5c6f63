"""What a training is expected to take and to come to, said before it begins."""

from pathlib import Path
from typing import TYPE_CHECKING

from reslab.cli.show import duration

if TYPE_CHECKING:
    from reslab.data import Dataset
    from reslab.engine import Request
    from reslab.experiments.expectation import Expected
    from reslab.training import Recipe


def recorded_error(recipe: "Recipe") -> "Expected | None":
    """The error that our recorded runs let expect; None where nothing is recorded that says it."""
    from reslab.experiments.expectation import expected_error
    from reslab.store import read_results

    return expected_error(recipe, read_results())


def error_words(expected: "Expected", recipe: "Recipe", train_images: int) -> str:
    """ "about 10.1 % error on the validation images (2 runs)"; between two lengths, which they are."""
    from dataclasses import replace

    from reslab.reporting.rounding import epochs_text, list_text

    lengths = [
        epochs_text(replace(recipe, schedule=replace(recipe.schedule, steps=steps)).epochs(train_images))
        for steps in expected.steps
    ]
    of = f" of {list_text(lengths)} epochs" if len(lengths) > 1 else ""
    runs = f"{expected.runs} run{'' if expected.runs == 1 else 's'}{of}"
    return f"about {expected.error:.1f} % error on the validation images ({runs})"


def time_words(recipe: "Recipe", dataset: "Dataset", seconds: float) -> str:
    """ "about 3 min"; of photographs that take hours, a size that does not, too."""
    from reslab.experiments.expectation import smaller_size

    smaller = smaller_size(recipe, seconds) if dataset.folder else None
    way_out = f" (--size {smaller[0]} takes about {duration(smaller[1])})" if smaller else ""
    return f"about {duration(seconds)}{way_out}"


def words_beforehand(recipe: "Recipe", dataset: "Dataset", request: "Request", folder: Path) -> str:
    """One line about a training that is to be begun; empty where nothing is known, and for one that is done.

    Raises UsageError where the recipe cannot be trained. How long it takes is said of a run that is new, by a trial of
    a second or so, and of none that is over before that would be worth it.
    """
    from reslab.engine import choose, this_machine
    from reslab.experiments.expectation import expected_seconds
    from reslab.store import RESULT, RunFolder
    from reslab.training import facts_of
    from reslab.training.presets import check, work_of

    if RunFolder(folder).read(RESULT) is not None:
        return ""
    dataset = dataset.with_train(recipe.data.images)
    check(recipe, facts_of(dataset, recipe.data.split))
    words = []
    if RunFolder(folder).recipe() is None:
        execution, _ = choose(request.within(this_machine()), this_machine(), work_of(recipe))
        seconds = expected_seconds(recipe, dataset, execution)
        words += [time_words(recipe, dataset, seconds)] if seconds is not None else []
    if expected := recorded_error(recipe):
        words.append(error_words(expected, recipe, len(dataset.splits["train"])))
    return f"expect {', '.join(words)}" if words else ""
