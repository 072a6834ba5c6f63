"""Panels with axes of their own: what is drawn of lines, their names, and that nothing measured is said."""

import re
from xml.etree import ElementTree

from reslab.reporting import INKED, Plot, PlotLine, plots_figure

FALLING = tuple((layers, 10.0**-layers) for layers in (1, 2, 4, 8))


def points_of(svg: str, colour: str) -> int:
    """Points of the line of a colour; the legend has one, too."""
    path, *_ = re.findall(rf'<path d="(M [^"]*)"[^>]*stroke: {colour}', svg)
    return len(re.findall(r"[ML] ", path))


def test_below_the_floor_of_a_logarithmic_axis_nothing_is_drawn():
    line = PlotLine(r"<mine> $x\1", FALLING)
    logarithmic, linear = (
        plots_figure([[Plot("title", "x", "y", (line,), log_y=log, floor=1e-3)]]).decode() for log in (True, False)
    )
    ElementTree.fromstring(logarithmic)
    assert points_of(linear, "#2f7ed8") == 4 and points_of(logarithmic, "#2f7ed8") == 2
    assert r"&lt;mine&gt; $x\1" in linear and "label0" not in linear
    assert logarithmic == plots_figure([[Plot("title", "x", "y", (line,), log_y=True, floor=1e-3)]]).decode()


def test_a_logarithmic_depth_has_the_depths_for_its_ticks():
    picture = plots_figure([[Plot("", "layers", "y", (PlotLine("a", FALLING),), log_x=True)]]).decode()
    assert all(f">{layers}<" in picture for layers in (1, 2, 4, 8)) and ">3<" not in picture


def test_rows_of_panels_and_what_has_no_name():
    lines = (PlotLine("first", FALLING, dots=True), PlotLine("", FALLING, INKED, dashed=True), PlotLine("empty", ()))
    picture = plots_figure([[Plot("one", "x", "y", lines)] * 2, [Plot("two", "x", "y", lines, legend="")]]).decode()
    assert picture.count(">one<") == 2 and picture.count(">two<") == 1
    assert picture.count(">first<") == 2 and "stroke-dasharray" in picture and "empty" not in picture


def test_nothing_measured_says_so():
    assert plots_figure([[Plot("", "x", "y", ())]]).decode().count("not measured") == 1


def test_an_axis_reaches_as_far_as_it_is_told():
    plots = [Plot("", "x", "y", (PlotLine("a", ((1, 20.0), (2, 30.0))),), reach=reach) for reach in (None, (0, 100))]
    free, told = (plots_figure([[plot]]).decode() for plot in plots)
    assert ">100<" in told and ">100<" not in free
