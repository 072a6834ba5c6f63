"""What a training is expected to take and to come to, said before it begins."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reslab.cli.show import duration, say

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


def error_values(expected: "Expected | None") -> dict[str, float | int | None]:
    """What is expected, as `--json` has it: error and standard deviation in percent, and the number of runs."""
    return {
        "expected_val_error": round(expected.error, 2) if expected else None,
        "expected_val_error_std": round(expected.spread, 2) if expected and expected.spread is not None else None,
        "expected_val_error_runs": expected.runs if expected else 0,
    }


def error_words(recipe: "Recipe", train_images: int) -> str:
    """ "about 10.1 ± 0.4 % error on the validation images (2 runs)"; between two lengths, which they are.

    Of a training longer or shorter than all that are recorded, that its error is not known; "" where none is recorded.
    """
    from reslab.experiments.expectation import recorded_lengths
    from reslab.reporting.rounding import list_text
    from reslab.store import read_results

    if expected := recorded_error(recipe):
        lengths = _lengths(recipe, expected.steps, train_images)
        of = f" of {list_text(lengths)} epochs" if len(lengths) > 1 else ""
        runs = f"{expected.runs} run{'' if expected.runs == 1 else 's'}{of}"
        spread = f" ± {expected.spread:.1f}" if expected.spread is not None else ""
        return f"about {expected.error:.1f}{spread} % error on the validation images ({runs})"
    if recorded := recorded_lengths(recipe, read_results()):
        ends = _lengths(recipe, sorted({recorded[0], recorded[-1]}), train_images)
        return f"an error that is not known: recorded are runs of {' to '.join(ends)} epochs"
    return ""


def _lengths(recipe: "Recipe", each: Sequence[int], train_images: int) -> list[str]:
    """So many steps, as epochs."""
    from reslab.reporting.rounding import epochs_text

    return [epochs_text(steps * recipe.candidates / train_images) for steps in each]


def time_words(recipe: "Recipe", dataset: "Dataset", seconds: float) -> str:
    """ "about 3 min"; of photographs that take hours, a size that does not, too."""
    from reslab.experiments.expectation import smaller_size

    smaller = smaller_size(recipe, seconds) if dataset.folder else None
    way_out = f" (--size {smaller[0]} takes about {duration(smaller[1])})" if smaller else ""
    return f"about {duration(seconds)}{way_out}"


def words_beforehand(recipe: "Recipe", dataset: "Dataset", request: "Request", folder: Path) -> str:
    """One line about a training that is to be begun; empty where nothing is known, and for one that is done.

    Raises UsageError where the recipe cannot be trained. How long it takes is said of a run that is new, by a trial of
    a second or so, and of none that is over before that would be worth it; nor where several processes train together,
    which a trial by one says nothing of.
    """
    from reslab.engine import choose, this_machine
    from reslab.experiments.expectation import expected_seconds
    from reslab.processes import this_team
    from reslab.store import RESULT, RunFolder
    from reslab.training import facts_of
    from reslab.training.presets import work_of
    from reslab.training.suitable import check

    if RunFolder(folder).read(RESULT) is not None:
        return ""
    dataset = dataset.with_train(recipe.data.images)
    check(recipe, facts_of(dataset, recipe.data.split))
    words = []
    if RunFolder(folder).recipe() is None and this_team() is None:
        execution, _ = choose(request.within(this_machine()), this_machine(), work_of(recipe), say)
        seconds = expected_seconds(recipe, dataset, execution)
        words += [time_words(recipe, dataset, seconds)] if seconds is not None else []
    if error := error_words(recipe, len(dataset.splits["train"])):
        words.append(error)
    return f"expect {', '.join(words)}" if words else ""
