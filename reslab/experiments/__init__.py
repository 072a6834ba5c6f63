"""The paper's experiments, and its numbers."""

from reslab.experiments.measured import Result, by_preset, counts_table, fast_curves, table6
from reslab.experiments.paper import exact_counts, paper, printed

EXPERIMENTS: dict[str, str] = {}
"""Name -> what it shows: one entry for each table or figure that `reslab` can make again."""

__all__ = [
    "EXPERIMENTS",
    "Result",
    "by_preset",
    "counts_table",
    "exact_counts",
    "fast_curves",
    "paper",
    "printed",
    "table6",
]
