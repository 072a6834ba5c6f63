"""The paper's experiments, and its numbers."""

from reslab.experiments.paper import exact_counts, paper, printed

EXPERIMENTS: dict[str, str] = {}
"""Name -> what it shows: one entry for each table or figure that `reslab` can make again."""

__all__ = ["EXPERIMENTS", "exact_counts", "paper", "printed"]
