"""The loss around trained weights as an experiment: its test on digits, and what is said of invented lines."""

import re
from xml.etree import ElementTree

import pytest

from reslab.experiments.comparing import difference_of_shares
from reslab.experiments.document import Document
from reslab.experiments.experiment import Runs
from reslab.experiments.landscape import BATCH, DEEP, LANDSCAPE, NETS, TRAINING, plotted
from reslab.experiments.measuring import measured_by
from reslab.experiments.scales import Setting, Shelf
from reslab.training import Surroundings

SMALL = Setting.nominal("small")
DISTANCES = [-0.5, -0.25, 0.0, 0.25, 0.5]
SMOOTH = [[4.0 + k, 2.0, 1.0, 2.0, 4.0 + k] for k in (0.0, 0.1, 0.2)]
ROUGH = [[2.0 + k, 4.0, 1.0, 4.0, 2.0 + k] for k in (0.0, 0.1, 0.2)]


def invented(plain: list = ROUGH, residual: list = SMOOTH, batch: tuple | None = None, data: str = "cifar10") -> Runs:
    def of(names: tuple, pair: tuple) -> dict:
        return {name: pair[not name.startswith("plain")] for name in names}

    return Runs(
        SMALL,
        {},
        {
            "data": data,
            "images": 200,
            "distances": {TRAINING: DISTANCES, BATCH: DISTANCES},
            "lines": {TRAINING: of(NETS, (plain, residual)), BATCH: of(DEEP, batch or (plain, residual))},
            "surfaces": {name: [[1.0, 2.0, 3.0, 2.0, 1.5]] * 5 for name in DEEP},
        },
    )


def test_its_test_on_digits_draws_and_decides_nothing():
    runs = Runs(Setting.nominal("smoke"))
    measured = measured_by(LANDSCAPE, runs, Shelf(Surroundings()))
    assert (measured["data"], measured["images"]) == ("digits", 20)
    assert {kind: list(of) for kind, of in measured["lines"].items()} == {k: list(NETS[:2]) for k in (TRAINING, BATCH)}
    lines, square = measured["lines"][TRAINING]["plain20"], measured["surfaces"]["plain20"]
    assert square[2] == lines[0] and [row[2] for row in square] == lines[1]
    assert measured["lines"][BATCH]["plain20"] != lines and measured["environment"]["execution"]["precision"] == "fp32"
    runs = Runs(runs.setting, {}, measured)
    ElementTree.fromstring(LANDSCAPE.picture(runs, LANDSCAPE.rows(runs)))
    found = LANDSCAPE.finding(runs)
    assert found.holds is None and "only nets of 20 layers" in found.words
    assert Document.of(LANDSCAPE, runs).values()["too_small"] is True
    assert sum(row.ours is not None for row in LANDSCAPE.rows(runs)) == 4


def test_rows_say_how_steadily_and_how_bent():
    steady, bent = [row for row in LANDSCAPE.rows(invented()) if row.label == "resnet56"]
    assert (steady.ours, bent.ours) == (100, 0) and (steady.n, steady.images, steady.on) == (3, 200, "train")
    steady, bent = [row for row in LANDSCAPE.rows(invented()) if row.label == "plain56"]
    assert steady.ours == 0 and bent.ours == pytest.approx(4.9 / 6, abs=1e-4)
    assert bent.besides["over directions"] == "0.80 to 0.83"
    assert len(LANDSCAPE.rows(invented())) == len(LANDSCAPE.rows(Runs(SMALL))) == 12
    judged = [row.judged for row in LANDSCAPE.rows(invented())]
    assert judged == [True] * 8 + [False] * 4, "nets of 20 layers stand beside"


def test_the_claim_is_of_both_numbers_with_either_statistics():
    assert LANDSCAPE.finding(invented()).seen and LANDSCAPE.finding(invented()).holds is None, "of one net each"
    assert not LANDSCAPE.finding(invented(SMOOTH, ROUGH)).seen
    assert not LANDSCAPE.finding(invented(batch=(SMOOTH, ROUGH))).seen
    assert not LANDSCAPE.finding(invented(batch=(SMOOTH, SMOOTH))).seen, "nothing lies between the two"
    assert not LANDSCAPE.finding(invented(data="digits")).seen
    assert LANDSCAPE.finding(Runs(SMALL)).holds is None
    words = LANDSCAPE.finding(invented()).words
    rises, bends = words.split("; ")
    assert rises.startswith(
        "around resnet56 and plain56 the loss rises along 100 and 0 % of the ways with the training's"
    )
    assert "downwards 0.00 and 0.82 times as strongly as upwards with the training's statistics (as claimed)" in bends
    both = LANDSCAPE.finding(invented(batch=(SMOOTH, ROUGH))).words
    assert re.findall(r"\((.*?)\)", both) == ["as claimed", "the other way round"] * 2
    alike = LANDSCAPE.finding(invented(batch=(SMOOTH, SMOOTH))).words
    assert re.findall(r"\((.*?)\)", alike) == ["as claimed", "not sure"] * 2


def test_all_of_few_ways_are_no_certainty():
    """Sixteen of sixteen against thirteen may be chance, though none of the sixteen differs from the others."""
    assert not difference_of_shares((16, 16), (13, 16)).sure and difference_of_shares((16, 16), (8, 16)).sure
    found = difference_of_shares((16, 16), (13, 16))
    assert found.points == pytest.approx(100 * (17 / 18 - 14 / 18)) and found.error > 10
    mostly = [*SMOOTH * 2, SMOOTH[0], [4.0, 2.0, 1.0, 2.0, 1.5]]
    assert not LANDSCAPE.finding(invented(mostly, SMOOTH * 2, (ROUGH, SMOOTH))).seen


def test_a_line_that_bends_upwards_nowhere_is_left_out_of_the_bends():
    flat = [[1.0, 1.0, 1.0, 1.0, 1.0]] * 3
    bent = [row for row in LANDSCAPE.rows(invented(flat)) if row.label == "plain56"][1]
    assert bent.ours is None and not LANDSCAPE.finding(invented(flat)).seen


def test_colours_are_those_of_the_page_and_losses_have_one_axis():
    low = [[0.5 * loss for loss in line] for line in SMOOTH]
    training, batch = plotted(invented(batch=(low, low)))
    assert training.reach == batch.reach and training.reach[0] < 0.5 < 4.2 < training.reach[1]
    lines = {line.label: line for line in training.lines}
    assert lines["plain20"].colour == lines["plain56"].colour != lines["resnet20"].colour == lines["resnet56"].colour
    assert {name for name, line in lines.items() if line.dashed} == {name for name in lines if "20" in name}
    assert lines["resnet56"].points[4] == (0.5, 4.1) and lines["resnet56"].band[4] == (4.0, 4.2)
    picture = LANDSCAPE.picture(invented(), []).decode()
    assert picture.count(">plain56<") == 2 and ">plain56: 3 in the middle<" in picture
    assert "stroke: #d9701a" in picture and "stroke: #2f7ed8" in picture and "stroke: #2b9a58" not in picture
