"""Trainings whose seeds leave little doubt that they reach the paper's error: the first table of README.md."""

import statistics

from reslab.experiments.budgets import SEEDS, named_with_preset, with_beside
from reslab.experiments.experiment import Row, Runs
from reslab.experiments.uncertainty import at_most
from reslab.reporting import markdown_table
from reslab.reporting.rounding import error_text, standard_error

COLUMNS = ("training", "the paper", "ours", "at most", "minutes")


def reached_table(runs: Runs, rows: tuple[Row, ...]) -> str:
    """Of `budgets`, five seeds or more each, whose mean is at or below the paper's error with 95 % confidence.

    As Markdown, with what its columns mean; "" where there are none.
    """
    together = with_beside(runs)
    found = [row for row in rows if _is_reached(together, row)]
    if not found:
        return ""
    images = found[0].images or 0
    error = standard_error(statistics.fmean(row.ours or 0.0 for row in found), images)
    machines = " or ".join(dict.fromkeys(str(row.besides["machine"]) for row in found if row.besides["minutes"]))
    return (
        f"{markdown_table([_cells(together, row) for row in found], COLUMNS)}\n"
        f"Errors in %: the paper's on the test images, ours on {images:,} validation images, the mean ± the standard "
        "deviation over n seeds. At most: the upper end of that mean's one-sided 95 % interval, over seeds alone; so "
        f"many images leave a standard error of about {error:.1f} points."
        + (f" Minutes: on {machines}, where they were timed there.\n" if machines else "\n")
    )


def _is_reached(runs: Runs, row: Row) -> bool:
    errors = runs.values(row.label, f"{runs.held_out}_error")
    return len(errors) >= SEEDS and row.paper is not None and at_most(errors) <= row.paper


def _cells(runs: Runs, row: Row) -> tuple[object, ...]:
    errors, images = runs.values(row.label, f"{runs.held_out}_error"), row.images or 0
    spread = error_text(statistics.stdev(errors), images)
    ours = f"{error_text(statistics.fmean(errors), images)} ± {spread} (n={len(errors)})"
    minutes = row.besides["minutes"]
    shown = f"{minutes:.2g}" if isinstance(minutes, float) else ""
    return named_with_preset(runs, row.label), f"{row.paper:g}", ours, error_text(at_most(errors), images), shown
