"""Panels with axes of their own: what is drawn of lines, their names, and that nothing measured is said."""

import re
from xml.etree import ElementTree

from reslab.reporting import INKED, Plot, PlotLine, median_line, net_colours, plots_figure
from reslab.reporting.plots import TOP

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


def test_a_median_is_drawn_with_the_least_and_the_most_of_its_lines():
    line = median_line("a", (0.0, 1.0), [(1.0, 5.0), (2.0, 9.0), (4.0, 1.0)], colour=1)
    assert line.points == ((0, 2), (1, 5)) and line.band == ((1, 4), (1, 9))
    bare = median_line("a", (0.0, 1.0), [(1.0, 5.0)], colour=1, shaded=False)
    shaded, alone = (plots_figure([[Plot("", "x", "y", (each,))]]).decode() for each in (line, bare))
    assert "fill: #d9701a; fill-opacity: 0.2" in shaded and "fill-opacity: 0.2" not in alone
    falling = median_line("a", (0.0, 1.0, 2.0), [(2.0, 1.0, 0.0)], colour=1)
    assert "fill-opacity: 0.2" in plots_figure([[Plot("", "x", "y", (falling,), log_y=True)]]).decode(), "but for its 0"


def test_a_legend_above_covers_no_line_and_lines_may_end_with_words():
    line = PlotLine("first", FALLING, end="8 deep")
    inside, above = (plots_figure([[Plot("", "x", "y", (line,), legend=at)]]).decode() for at in ("best", "above"))
    assert inside.count(">8 deep<") == above.count(">8 deep<") == 1
    heights = [float(re.search(r'y="([\d.]+)"[^>]*>first<', picture)[1]) for picture in (inside, above)]
    assert heights[1] < TOP < heights[0]


def test_few_powers_of_ten_have_plain_numbers():
    few, many = (
        plots_figure([[Plot("", "x", "y", (PlotLine("a", ((0, low), (1, 3.0))),), log_y=True)]]).decode()
        for low in (0.4, 4e-7)
    )
    assert ">0.5<" in few and ">2<" in few and ">0.5<" not in many


def test_the_first_plain_net_is_orange_and_the_first_residual_one_blue():
    assert net_colours([True, False]) == [1, 0] and net_colours([False, True]) == [0, 1]
    assert net_colours([False, False, True, True, False]) == [0, 2, 1, 3, 4] and net_colours([]) == []
