"""The paper's experiments, and its numbers; the queue that many runs share.

paper, measured   the paper's numbers, and ours beside them
experiment        what an experiment is: the runs that it needs, its rows, its picture
registry          all of them; figure1, table6 ... are one file each
scales            what they are run on: a test, a budget that a machine can bear, the paper's own
reproduce, alike  their runs through the queue; runs that are compared are of one recipe
costs             how long they take here
document          what came out, as Markdown and JSON
tested            errors of many views and of ensembles, as Tables 2 to 5 have them
comparing, lines  what they share: differences with their uncertainty, the paper's curves
engines           the same recipe on both engines; engine_curves draws it
jobs, plan        runs that are to be done, what is known of each, and how the rest is to be run
shares            how many cores each run gets, and which
queue, running    the queue while it runs, and its runs, each a process of its own
worker            the other end: one run in its process
outlook           how long it will take
seeds, grid       one recipe with several seeds; a grid over fields of a recipe
sweep             every point of a grid with every seed: picture, values
sweep_table       their table, from the values alone
kept_sweep        a finished sweep, from its folder to results/
levers            the tables of recorded sweeps: what each lever is worth
"""

from reslab.experiments.engine_curves import engines_figure
from reslab.experiments.engines import engines_table, on_both
from reslab.experiments.measured import (
    Result,
    by_preset,
    cifar10_presets,
    counts_table,
    fast_curves,
    measured_nets,
    measured_table6,
)
from reslab.experiments.paper import exact_counts, paper, printed, printed_errors, published

__all__ = [
    "Result",
    "by_preset",
    "cifar10_presets",
    "counts_table",
    "engines_figure",
    "engines_table",
    "exact_counts",
    "fast_curves",
    "measured_nets",
    "measured_table6",
    "on_both",
    "paper",
    "printed",
    "printed_errors",
    "published",
]
