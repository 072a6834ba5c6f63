"""Rows of an experiment as a picture: the paper's values and ours, a line each."""

from collections.abc import Sequence

from reslab.experiments.experiment import Row
from reslab.reporting import Pair, beside_figure


def rows_beside(rows: Sequence[Row], quantity: str) -> bytes:
    """SVG. What is in no row of the paper's and not measured here is not drawn."""
    return beside_figure([Pair(row.label, row.paper, row.ours, row.std, row.read_off) for row in rows], quantity)
