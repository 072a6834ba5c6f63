"""Error against depth: both kinds of nets, in panels of one scale, whatever is known."""

import re

import pytest

from reslab.reporting import DepthPanel, DepthPoint, depths_figure

PAPERS = DepthPanel(
    "The paper",
    "test error %",
    (DepthPoint(20, 9.5, "≈9.5"), DepthPoint(56, 13.5, "≈13.5")),
    (DepthPoint(20, 8.75, "8.75"), DepthPoint(110, 6.61, "6.61")),
    papers=True,
)
OURS = DepthPanel("Measured here", "validation error %", (DepthPoint(20, 12.07, "12.07", 0.5),), ())


def texts(svg: bytes) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg.decode())


def box(svg: bytes) -> tuple[float, float]:
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg.decode())
    assert found
    return float(found[1]), float(found[2])


def test_first_and_last_error_of_each_kind_are_printed():
    svg = depths_figure([PAPERS, OURS])
    found = texts(svg)
    assert {"The paper", "Measured here", "≈9.5", "plain ≈13.5", "8.75", "residual 6.61", "plain 12.07"} <= set(found)
    assert not any(text.startswith("residual") for text in found if text != "residual 6.61")
    assert svg == depths_figure([PAPERS, OURS])


def test_all_panels_have_the_same_axes():
    found = texts(depths_figure([PAPERS, OURS]))
    assert [found.count(depth) for depth in ("20", "56", "110")] == [2, 2, 2]
    assert found.count("0") == 2, "errors from 0"


def test_on_a_phone_they_stand_below_each_other():
    (wide, low), (narrow, high) = box(depths_figure([PAPERS, OURS])), box(depths_figure([PAPERS, OURS], stacked=True))
    assert narrow <= 360 < wide and high > 1.5 * low


@pytest.mark.parametrize("panels", [[DepthPanel("none", "error %", (), ())], [OURS]])
def test_little_is_still_a_picture(panels):
    assert ("not measured" in texts(depths_figure(panels))) == (panels != [OURS])
