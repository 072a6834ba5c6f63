"""Figure 7: two panels, plain nets dashed, names as they are."""

import re
from xml.etree import ElementTree

from reslab.reporting import ResponseLine, responses_figure
from reslab.reporting.drawing import COLOURS

LINES = (ResponseLine("plain20", (1.0, 3.0, 2.0), plain=True), ResponseLine("<mine> $x", (0.5, 0.7, 0.6)))


def curves(svg: str) -> list[list[float]]:
    """Heights of the points of every line with three of them, as drawn: from the top."""
    paths = re.findall(r'<path d="(M [\d.]+ [\d.]+\s*(?:L [\d.]+ [\d.]+\s*){2})"[^>]*fill: none', svg)
    return [[float(y) for y in re.findall(r"[\d.]+ ([\d.]+)", path)] for path in paths]


def test_above_in_order_and_below_sorted():
    picture = responses_figure(LINES)
    text = picture.decode()
    ElementTree.fromstring(text)
    assert picture == responses_figure(LINES)
    original, sorted_ = curves(text)[0], curves(text)[2]
    assert original[0] > original[2] > original[1]  # 1, 2, 3 from below; pixels grow downwards
    assert sorted_ == sorted(sorted_)
    assert "plain20" in text and "&lt;mine&gt; $x" in text and text.count("stroke-dasharray") >= 2


def test_nothing_measured_says_so():
    assert responses_figure([]).decode().count("not measured") == 2


def test_a_net_may_have_its_own_colour():
    own = responses_figure([ResponseLine("one", (1.0, 3.0, 2.0), colour=3)]).decode()
    assert COLOURS[3] in own and COLOURS[0] not in own
