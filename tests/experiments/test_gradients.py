"""Signals in plain nets: its test on digits, and what is said of invented ones."""

import re
from xml.etree import ElementTree

from reslab.experiments.document import Document
from reslab.experiments.experiment import Runs
from reslab.experiments.gradients import END, GRADIENTS, NETS, START, TRAINED
from reslab.experiments.scales import Setting, Shelf
from reslab.training import Surroundings

SMALL = Setting.nominal("small")


def net(*ratios: float, weakest: float = 1.0, middle: float = 2.0) -> dict:
    return {"norms": [ratios[0], middle, 1.0], "ratios": list(ratios), "weakest": weakest}


def invented(**others: dict) -> Runs:
    start = {name: net(8000.0, 9000.0) for name in NETS} | others
    return Runs(SMALL, {}, {"images": 128, "signals": {START: start, END: {name: net(20.0) for name in TRAINED}}})


def test_its_test_on_digits():
    runs = Runs(Setting.nominal("smoke"))
    measured = GRADIENTS.measure(runs, Shelf(Surroundings()))
    assert (measured["images"], set(measured["signals"])) == (128, {START})
    runs = Runs(runs.setting, {}, measured)
    plain, residual = GRADIENTS.rows(runs)[:2]
    assert plain.ours > residual.ours > 1 and (plain.n, plain.images, plain.on) == (2, 128, "train")
    ElementTree.fromstring(GRADIENTS.picture(runs, []))
    assert len(measured["signals"][START]["plain20"]["norms"]) == 19
    document = Document.of(GRADIENTS, runs)
    assert document.finding.holds is None and "the nets of 20 layers alone, on digits" in document.finding.words
    assert document.values()["too_small"] is True


def test_colours_are_those_of_the_page_and_lines_end_with_their_depth():
    picture = GRADIENTS.picture(invented(), []).decode()
    colours = set(re.findall(r"stroke: (#\w+)", picture))
    assert {"#2f7ed8", "#d9701a"} <= colours and not {"#2b9a58", "#9a62d2", "#d6455a", "#168f9c"} & colours
    assert [picture.count(f">{words}<") for words in ("plain", "residual", "56", "110")] == [2, 2, 2, 1]


def test_growing_is_no_vanishing_and_is_told():
    found = GRADIENTS.finding(invented())
    assert found.holds is True and "8,500 to 1 in plain56" in found.words
    assert "in deep plain nets such as plain20 they explode, which the paper does not say" in found.words
    assert "trained, one net each, the first layer's gradient is to the last's as 20 to 1 in plain20" in found.beside
    assert "trained" not in found.words
    assert "explode" not in GRADIENTS.finding(invented(**{name: net(20.0, 90.0) for name in NETS})).words
    rows = {row.label: row for row in GRADIENTS.rows(invented())}
    assert (rows["plain110, at the start"].ours, rows["plain56, trained"].n, rows["plain56, trained"].std) == (
        8500,
        1,
        None,
    )


def test_what_single_trained_nets_do_decides_nothing():
    runs = invented()
    runs.measured["signals"][END]["plain56"] = net(0.001)
    found = GRADIENTS.finding(runs)
    assert found.holds is True and "the weakest gradient is 0.001 times the last's" in found.beside
    assert [row.judged for row in GRADIENTS.rows(runs)] == [True] * 6 + [False] * 4


def test_what_vanishes_in_a_plain_net_is_seen_and_only_there():
    assert GRADIENTS.finding(invented(plain56=net(1.0, 0.001))).holds is False
    assert GRADIENTS.finding(invented(plain56=net(1.0, weakest=0.005))).holds is False
    assert GRADIENTS.finding(invented(plain56=net(1.0, middle=0.005))).holds is False, (
        "of any layer, not the first alone"
    )
    assert GRADIENTS.finding(invented(resnet56=net(0.001))).holds is True
    assert GRADIENTS.finding(Runs(SMALL)).holds is None and len(GRADIENTS.rows(Runs(SMALL))) == 10
