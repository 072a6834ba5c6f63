"""Records in; Markdown tables, curves as SVG, and self-contained HTML pages out; nets in, diagrams out.

No data set, no GPU, no files.
"""

from reslab.reporting.architectures import NetColumn, architecture_figure
from reslab.reporting.beside import Pair, beside_figure
from reslab.reporting.block_diagram import Diagram, block_figure, first_blocks, weights_of
from reslab.reporting.budgets import BudgetLine, BudgetRun, Level, budgets_figure, timed_on, timed_runs
from reslab.reporting.columns import Column, columns_figure
from reslab.reporting.contours import Contours, squares_of
from reslab.reporting.curves import Series, curves_figure
from reslab.reporting.depths import DepthPanel, DepthPoint, depths_figure
from reslab.reporting.fields import COLUMNS as FIELD_COLUMNS
from reslab.reporting.fields import FieldRow, field_rows, fields_table
from reslab.reporting.figures import DEPTH_COLOURS, Axis, Curve, Panel, mean_points, panels_figure
from reslab.reporting.grids import GridLine, grid_figure
from reslab.reporting.inception_diagram import inception_diagrams
from reslab.reporting.page import report, report_html
from reslab.reporting.paper_markdown import paper_markdown, paper_pictures
from reslab.reporting.paper_page import Entry, Line, Opening, paper_html
from reslab.reporting.pictures import activation_png
from reslab.reporting.plots import INKED, Plot, PlotLine, mean_line, median_line, net_colours, plots_figure
from reslab.reporting.points import PointErrors, points_figure
from reslab.reporting.responses import ResponseLine, responses_figure
from reslab.reporting.sheet import FORMS, Form, Sheet
from reslab.reporting.speed import bench_figure, bench_table
from reslab.reporting.tables import (
    BESIDE,
    SeedGroup,
    machine_text,
    machines_note,
    markdown_table,
    markdown_text,
    runs_table,
    seed_groups,
)

__all__ = [
    "BESIDE",
    "DEPTH_COLOURS",
    "FIELD_COLUMNS",
    "FORMS",
    "INKED",
    "Axis",
    "BudgetLine",
    "BudgetRun",
    "Column",
    "Contours",
    "Curve",
    "DepthPanel",
    "DepthPoint",
    "Diagram",
    "Entry",
    "FieldRow",
    "Form",
    "GridLine",
    "Level",
    "Line",
    "NetColumn",
    "Opening",
    "Pair",
    "Panel",
    "Plot",
    "PlotLine",
    "PointErrors",
    "ResponseLine",
    "SeedGroup",
    "Series",
    "Sheet",
    "activation_png",
    "architecture_figure",
    "bench_figure",
    "bench_table",
    "beside_figure",
    "block_figure",
    "budgets_figure",
    "columns_figure",
    "curves_figure",
    "depths_figure",
    "field_rows",
    "fields_table",
    "first_blocks",
    "grid_figure",
    "inception_diagrams",
    "machine_text",
    "machines_note",
    "markdown_table",
    "markdown_text",
    "mean_line",
    "mean_points",
    "median_line",
    "net_colours",
    "panels_figure",
    "paper_html",
    "paper_markdown",
    "paper_pictures",
    "plots_figure",
    "points_figure",
    "report",
    "report_html",
    "responses_figure",
    "runs_table",
    "seed_groups",
    "squares_of",
    "timed_on",
    "timed_runs",
    "weights_of",
]
