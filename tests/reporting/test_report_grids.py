"""The picture of a grid: every mean and every seed at its place, names in any script, the same bytes each time."""

import re
from xml.etree import ElementTree

import pytest

from reslab.reporting import GridLine, grid_figure
from reslab.reporting.drawing import COLOURS

TWO = [
    GridLine("weight_decay 1e-4", ((8.0, 8.4), (7.0, 7.2))),
    GridLine("weight_decay 5e-4", ((9.0, 9.4), ())),
]
AWKWARD = '中文 $a_b$ <b>&"'


def marks(svg: bytes) -> int:
    """Dots and diamonds that are drawn."""
    return len(re.findall(rb"<use ", svg))


def words(svg: bytes) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]


def test_a_dot_for_each_seed_and_one_for_each_mean():
    svg = grid_figure(TWO, "optimizer.lr", ["0.1", "0.2"], ordered=True)
    assert marks(svg) == 6 + 3
    assert {"optimizer.lr", "0.1", "0.2", "weight_decay 1e-4", "weight_decay 5e-4"} <= set(words(svg))
    assert "small: one seed, large: mean of seeds" in words(svg)
    assert svg == grid_figure(TWO, "optimizer.lr", ["0.1", "0.2"], ordered=True)


def test_one_mean_may_have_a_ring():
    plain = grid_figure(TWO, "optimizer.lr", ["0.1", "0.2"], ordered=True)
    ringed = grid_figure(TWO, "optimizer.lr", ["0.1", "0.2"], ordered=True, ringed=(0, 1, "the base"))
    assert marks(ringed) == marks(plain) + 1
    assert "small: one seed, large: mean of seeds, ringed: the base" in words(ringed)
    missing = grid_figure(TWO, "optimizer.lr", ["0.1", "0.2"], ordered=True, ringed=(1, 1, "the base"))
    assert marks(missing) == marks(plain) and not any("ringed" in word for word in words(missing))


def test_one_seed_is_its_own_mean():
    svg = grid_figure([GridLine("", ((8.0,), (7.0,)))], "lr", ["1", "2"], ordered=True)
    assert marks(svg) == 2 and not any("mean" in word for word in words(svg))


def test_names_are_not_joined_by_a_line():
    line = [GridLine("", ((8.0,), (7.0,)))]
    joined, apart = (grid_figure(line, "model", ["a", "b"], ordered=ordered) for ordered in (True, False))
    strokes = [len(re.findall(rb"stroke-width: 2.2", svg)) for svg in (joined, apart)]
    assert strokes == [1, 0]


def test_means_are_of_what_is_there():
    assert TWO[0].means() == [(0, pytest.approx(8.2)), (1, pytest.approx(7.1))]
    assert TWO[1].means() == [(0, pytest.approx(9.2))]


@pytest.mark.parametrize("lines", [[], [GridLine("nothing", ((), ()))], [GridLine(AWKWARD, ((50.0,), (1.0,)))]])
def test_any_words_and_any_gaps(lines):
    svg = grid_figure(lines, AWKWARD, [AWKWARD, "2"], ordered=False)
    assert words(svg).count(AWKWARD) == 2 + sum(line.label == AWKWARD for line in lines)


def test_a_line_may_have_a_colour_of_its_own_its_name_with_it():
    lines = [GridLine("plain", ((30.0,), (31.0,)), colour=1), GridLine("residual", ((9.0,), (8.0,)), colour=0)]
    svg = grid_figure(lines, "rate", ["0.1", "0.2"], ordered=True).decode()
    names = {
        line.rpartition(">")[0].rpartition(">")[2].partition("<")[0]: line
        for line in svg.splitlines()
        if "<text" in line
    }
    assert COLOURS[1] in names["plain"] and COLOURS[0] in names["residual"]
