"""The figure in the manner of Figure 6: deterministic, without warnings, in any script."""

import math
import re
from xml.etree import ElementTree

import pytest

from reslab.reporting import Series, curves_figure
from tests.reporting.invented_runs import metric_lines

AWKWARD = 'plain20 中文 $a_b$ <b>&"'


def two_runs() -> list[Series]:
    return [Series.of("resnet20", metric_lines(8.3)), Series.of(AWKWARD, metric_lines(9.9, seed=1))]


def test_the_same_curves_are_the_same_bytes() -> None:
    assert curves_figure(two_runs()) == curves_figure(two_runs())


def test_a_document_is_opaque_and_names_its_lines() -> None:
    svg = curves_figure(two_runs()).decode()
    words = [element.text for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]
    assert "resnet20" in words and AWKWARD in words
    assert "error %" in words and "epoch" in words
    assert "dashed: training error, bold: validation error" in words
    assert "#ffffff" in svg


def test_on_a_page_it_takes_the_colour_of_the_text() -> None:
    svg = curves_figure(two_runs(), theme="page").decode()
    assert svg.startswith("<svg") and "currentColor" in svg
    assert "#ffffff" not in svg and "#000000" not in svg and "http" not in svg and "resnet20" not in svg


def test_a_run_has_one_colour_and_two_strokes() -> None:
    svg = curves_figure(two_runs()[:1]).decode()
    ElementTree.fromstring(svg)
    lines = [line for line in svg.splitlines() if "stroke: #2f7ed8" in line]
    assert len(lines) == 2
    assert sum("stroke-dasharray" in line for line in lines) == 1


@pytest.mark.parametrize("count", [0, 1, 9, 30])
def test_any_number_of_runs(count: int) -> None:
    svg = curves_figure([Series.of(f"run {i}", metric_lines(i)) for i in range(count)]).decode()
    elements = list(ElementTree.fromstring(svg).iter())
    styles = [element.get("style", "") for element in elements]
    for width, dashed in (("1.1", True), ("2.2", False)):  # of training, of validation
        drawn = [style for style in styles if f"stroke-width: {width}" in style]
        assert len(drawn) == count and all(("stroke-dasharray" in style) is dashed for style in drawn)
        assert len({re.search(r"stroke: (#\w+)", style)[1] for style in drawn}) == count, "a colour a run"
    words = [element.text for element in elements if element.tag.endswith("text")]
    assert [word for word in words if word.startswith("run ")] == [f"run {i}" for i in range(count)]


def test_gaps_and_single_points() -> None:
    lines = [{"step": 5, "epoch": 0.5, "val_error": 90.0}, {"step": 9, "epoch": 1.0, "train_error": math.nan}, {}]
    series = Series.of("short", lines, against="step")
    assert series.train == () and series.val == ((5.0, 90.0),)
    ElementTree.fromstring(curves_figure([series, Series("empty", (), ())], against="step", quantity="loss"))


def test_a_long_training_curve_is_averaged_not_sampled() -> None:
    lines = [{"step": i + 1, "epoch": i / 100, "train_error": float(i % 2)} for i in range(6400)]
    series = Series.of("long", lines, against="step")
    assert len(series.train) == 160
    assert all(error == 0.5 for _, error in series.train)
    assert series.train[-1][0] == 6400
