"""Contours: levels, colours that mean the same in every panel, and curves through the values."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from reslab.reporting import plots_figure, squares_of
from reslab.reporting.contours import FINER, FLOOR, finer, levels_of

PLACES = (-1.0, -0.5, 0.0, 0.5, 1.0)


def bowl(least: float, steep: float = 2.0) -> list[list[float]]:
    return [[least * float(np.exp(steep * (x * x + y * y))) for x in PLACES] for y in PLACES]


def drawn(named: dict) -> str:
    return plots_figure([squares_of(named, PLACES, "first", "second")], heights=(300,)).decode()


def test_levels_are_round_and_lie_around_all_values():
    assert levels_of([0.12, 4.0]) == (0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5)
    assert levels_of([1.0, 1.0]) == (1, 1.5), "a plain has two, too"
    assert levels_of([0.1, 7.0])[0] == 0.1 and levels_of([0.1, 7.0])[-1] == 10


def test_panels_have_the_same_levels_and_say_what_is_in_the_middle():
    low, high = squares_of({"low": bowl(0.1), "high": bowl(1.0)}, PLACES, "x", "y")
    assert low.levels == high.levels and (low.title, high.title) == ("low: 0.1 in the middle", "high: 1 in the middle")
    assert squares_of({}, PLACES, "x", "y") == []


def test_levels_are_written_on_their_lines():
    picture = drawn({"one": bowl(0.12)})
    ElementTree.fromstring(picture)
    assert all(f">{level}<" in picture for level in ("0.2", "0.5", "1", "second")) and ">−0.5<" in picture
    assert picture == drawn({"one": bowl(0.12)}), "the same values give the same bytes"


def test_names_are_anybodys():
    assert "&lt;mine&gt; $x^2: 0.12 in the middle" in drawn({"<mine> $x^2": bowl(0.12)})


def test_lines_are_readable_on_dark_and_on_light_ground_on_any_page():
    """Dark ones are not the page's ink, which is light at night."""
    strokes = set(re.findall(r"stroke: (#\w+); stroke-width: 0.7", drawn({"one": bowl(0.12)})))
    assert strokes == {"#f4f6f8", "#1b2026"}


def test_nothing_is_below_the_floor():
    (panel,) = squares_of({"one": [[0.0, 1.0], [1.0, 1.0]]}, (0.0, 1.0), "x", "y")
    assert panel.values[0][0] == FLOOR and panel.levels[0] == pytest.approx(FLOOR)


def test_curves_go_through_the_values():
    values = np.array([3.0, 1.0, 4.0, 1.0, 5.0])
    found = finer(values)
    assert len(found) == 4 * FINER + 1 and np.array_equal(found[::FINER], values)
    assert np.allclose(finer(np.arange(5.0)), np.arange(0, 4.01, 1 / FINER)), "a straight line stays one"
