"""Rows of an experiment as a picture: the paper's values and ours, a line each."""

from collections.abc import Sequence

from reslab.experiments.experiment import Row
from reslab.reporting import Pair, beside_figure

TOP5 = ", top-5"  # what the labels of rows of top-5 errors end with


def rows_beside(rows: Sequence[Row], quantity: str, papers: str = "") -> bytes:
    """SVG. What is in no row of the paper's and not measured here is not drawn; top-5 errors have their own axis.

    `papers` is the data that the paper's values are of: named where ours are of others, which have a panel of theirs.
    """
    return beside_figure([_pair(row) for row in rows], quantity, papers=papers)


def _pair(row: Row) -> Pair:
    quantity = f"top-5 {row.unit}" if row.label.endswith(TOP5) else ""
    return Pair(row.label.removesuffix(TOP5), row.paper, row.ours, row.std, row.read_off, quantity, row.elsewhere or "")
