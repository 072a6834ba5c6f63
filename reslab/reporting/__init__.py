"""Records in; Markdown tables, curves as SVG, and one self-contained HTML page out. No data set, no GPU, no files."""

from reslab.reporting.beside import Pair, beside_figure
from reslab.reporting.curves import Series, curves_figure
from reslab.reporting.figures import DEPTH_COLOURS, Axis, Curve, Panel, mean_points, panels_figure
from reslab.reporting.grids import GridLine, grid_figure
from reslab.reporting.page import report, report_html
from reslab.reporting.speed import bench_figure, bench_table
from reslab.reporting.tables import SeedGroup, machine_text, markdown_table, markdown_text, runs_table, seed_groups

__all__ = [
    "DEPTH_COLOURS",
    "Axis",
    "Curve",
    "GridLine",
    "Pair",
    "Panel",
    "SeedGroup",
    "Series",
    "bench_figure",
    "bench_table",
    "beside_figure",
    "curves_figure",
    "grid_figure",
    "machine_text",
    "markdown_table",
    "markdown_text",
    "mean_points",
    "panels_figure",
    "report",
    "report_html",
    "runs_table",
    "seed_groups",
]
