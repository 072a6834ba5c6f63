"""The picture of error against length: every run and every mean at its place, minutes of one machine."""

import re
from xml.etree import ElementTree

import pytest

from reslab.reporting import BudgetLine, BudgetRun, Level, budgets_figure, timed_on
from reslab.reporting.budgets import DIGITS, _ticks, mean_points

A, B = "Some $a_b$ <b>& machine, 1 thread", "Another, 2 threads"
LINE = BudgetLine(
    "ResNet-20",
    "#b8a100",
    (
        BudgetRun(4, 15.0, 2.0, A),
        BudgetRun(4, 14.0, 2.2, A),
        BudgetRun(8, 12.0, 4.0, A),
        BudgetRun(16, 10.0, 3.0, B),
    ),
)
PAPER = Level("ResNet-20 in the paper", "#b8a100", 8.75)


def words(svg: bytes) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]


def test_both_panels_have_every_run():
    svg = budgets_figure([LINE], [PAPER], "validation error %")
    found = words(svg)
    assert {"epochs", "minutes of training", "ResNet-20", "ResNet-20 in the paper, 8.75 %"} <= set(found)
    assert f"minutes on {A}" in found and f"minutes on {B}" not in found, "one length makes no line"
    assert found.count("validation error %") == 2
    assert svg == budgets_figure([LINE], [PAPER], "validation error %")


def test_what_stands_alone_has_a_mark_and_its_machine():
    lone = BudgetLine("the paper's recipe", "#b8a100", (BudgetRun(182, 8.0, 100.0, "A third"),), alone=True)
    found = words(budgets_figure([LINE, lone], [PAPER], "error %"))
    assert "the paper's recipe" in found and "on A third" in found
    slower = BudgetRun(182, 8.2, 300.0, "A fourth")
    both = BudgetLine("the paper's recipe", "#b8a100", (slower, *lone.runs), alone=True)
    found = words(budgets_figure([LINE, both], [PAPER], "error %"))
    assert "on A third" in found and "on A fourth" not in found, "no mean of two machines' minutes"
    shorter = BudgetLine("record", "#b8a100", (BudgetRun(20, 9.0, 15.0, "A fourth"), *lone.runs), alone=True)
    assert "on A third" in words(budgets_figure([LINE, shorter], [PAPER], "error %")), "the faster one, not the shorter"
    here = BudgetLine("the paper's recipe", "#b8a100", (*both.runs, BudgetRun(182, 8.1, 400.0, A)), alone=True)
    found = words(budgets_figure([LINE, here], [PAPER], "error %"))
    assert not any(word.startswith("on ") for word in found), "minutes of one machine are compared"
    same = BudgetLine("the paper's recipe", "#b8a100", (BudgetRun(182, 8.0, 100.0, A),), alone=True)
    assert not any(word.startswith("on ") for word in words(budgets_figure([LINE, same], [PAPER], "error %")))


@pytest.mark.parametrize("lines", [[], [BudgetLine("one", "#111111", (BudgetRun(4, 0.0, None, A),))]])
def test_little_is_still_a_picture(lines):
    found = words(budgets_figure(lines, [PAPER], "error %"))
    assert "not measured" in found and "epochs" in found


@pytest.mark.parametrize(("low", "high"), [(5.3, 17), (3.3, 200), (0.1, 0.4), (6, 95), (0.01, 9000)])
def test_ticks_are_round_and_do_not_touch(low, high):
    found = _ticks(low, high, 0.1)
    assert 2 <= len(found) <= 14 and all(low <= tick <= high for tick in found) and found == sorted(found)
    assert all(re.fullmatch(r"[\d.]{1,5}", f"{tick:g}") for tick in found) and DIGITS[-1] == (1,)


def test_minutes_are_those_of_the_fastest_machine_with_a_line():
    slow = [BudgetRun(epochs, error, 10.0 * epochs, "Busy") for epochs, error in ((4, 18.0), (8, 13.0), (16, 11.0))]
    fast = [BudgetRun(epochs, error, 0.4 * epochs, "Idle") for epochs, error in ((4, 18.1), (8, 13.1))]
    line = BudgetLine("ResNet-20", "#b8a100", (*slow, *fast))
    svg = budgets_figure([line], [], "error %")
    assert "minutes on Idle" in words(svg) and "minutes on Busy" not in words(svg)
    alone = budgets_figure([BudgetLine("ResNet-20", "#b8a100", tuple(fast))], [], "error %")
    ticks = {word for word in words(svg) if word.isdecimal()}
    assert not {"50", "100"} & ticks, "and so is the axis"
    assert "minutes on Idle" in words(alone)


def test_a_length_has_the_same_error_in_both_panels():
    """However few of its runs were timed: the one that was may be a lucky one."""
    runs = (BudgetRun(8, 12.0, 4.0, A), BudgetRun(4, 15.0, 2.0, A), BudgetRun(4, 13.0, 9.0, B), BudgetRun(16, 9, 5, B))
    assert mean_points(runs, [8, 4, 4, 16]) == [(4, 14.0), (8, 12.0), (16, 9.0)]
    assert mean_points(runs, [4.0, 2.0, None, None]) == [(2.0, 14.0), (4.0, 12.0)]


def test_an_epoch_of_a_deep_net_makes_no_machine_slow():
    shallow = BudgetLine("ResNet-20", "#b8a100", tuple(BudgetRun(e, 9.0, 0.2 * e, "Slower") for e in (4, 8, 16)))
    deep = BudgetLine("ResNet-56", "#c0304a", tuple(BudgetRun(e, 7.0, 0.5 * e, "Faster") for e in (8, 16)))
    same = BudgetLine("ResNet-20", "#b8a100", (*shallow.runs, BudgetRun(4, 9.0, 0.4, "Faster")))
    assert timed_on([same, deep]) == "Faster"
    assert timed_on([shallow, deep]) == "Slower", "of equals the one with the most lengths"
    noisy = tuple(
        BudgetRun(run.epochs, run.error, (run.minutes or 0) * (1 + run.epochs / 200), run.machine)
        for run in shallow.runs
    )
    assert timed_on([BudgetLine("ResNet-20", "#b8a100", noisy), deep]) == "Slower", "and not by a trifle"
    assert timed_on([BudgetLine("one", "#111111", (BudgetRun(4, 9.0, 0.0, A),))]) is None
