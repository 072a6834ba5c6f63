"""Lesions as an experiment: its test on digits, and what is said of invented errors."""

from xml.etree import ElementTree

from reslab.experiments.document import Document
from reslab.experiments.experiment import Runs
from reslab.experiments.lesion import LESION, NETS, PAIRS, WITHOUT, plotted
from reslab.experiments.scales import Setting, Shelf
from reslab.training import Surroundings

SMALL = Setting.nominal("small")


def invented(plain: float = 80.0, residual: float = 12.0) -> Runs:
    nets = {
        name: {"error": 9.0, "without": [[1, value - 2], [2, value], [4, value + 3]]}
        for name in NETS
        for value in [plain if name.startswith("plain") else residual]
    }
    return Runs(SMALL, {}, {"data": "cifar10", "images": 1000, "nets": nets})


def test_its_test_on_digits_decides_nothing():
    runs = Runs(Setting.nominal("smoke"))
    measured = LESION.measure(runs, Shelf(Surroundings()))
    assert (measured["data"], measured["images"], list(measured["nets"])) == ("digits", 100, ["plain20", "resnet20"])
    assert all(net["error"] == 0 for net in measured["nets"].values())  # against its own answers
    assert [len(net["without"]) for net in measured["nets"].values()] == [7, 9]
    runs = Runs(runs.setting, {}, measured)
    ElementTree.fromstring(LESION.picture(runs, LESION.rows(runs)))
    rows = {row.label: row for row in LESION.rows(runs)}
    assert not any("whole" in label for label in rows), "its own answers are no errors, and never wrong"
    assert {row.unit for row in rows.values()} == {"answers changed %"} and rows[f"plain20, {WITHOUT}"].ours > 0
    picture = LESION.picture(runs, []).decode()
    assert ">answers changed (%)<" in picture and ">error (%)<" not in picture
    text = Document.of(LESION, runs).markdown()
    assert "error" not in text.partition("**Not decided")[0].partition("|")[2] and "has 0.0 %" not in text
    assert "nothing of the claim; nets of CIFAR-10 look at digits" in text
    assert "Looked at: 100 images of digits." in text


def test_medians_stand_beside_the_whole_nets():
    rows = {row.label: row for row in LESION.rows(invented())}
    assert (rows["plain56, whole"].ours, rows["plain56, without a block, the median"].ours) == (9, 80)
    assert rows["resnet56, whole"].images == 1000 and rows["resnet56, whole"].on == "val"
    words = LESION.finding(invented()).words
    assert "resnet56 has 9.0 %, without one block 10.0 to 15.0 %, in the median 12.0 %" in words


def test_the_claim_is_of_both_kinds_and_one_net_each_decides_nothing():
    seen = LESION.finding(invented())
    assert (seen.holds, seen.seen) == (None, True)
    text = Document.of(LESION, invented()).markdown()
    assert "**Seen in one net each:** " in text and " Of others it decides nothing.\n" in text
    assert not LESION.finding(invented(plain=20.0)).seen and not LESION.finding(invented(residual=60.0)).seen
    assert LESION.finding(Runs(SMALL)).holds is None and len(LESION.rows(Runs(SMALL))) == 8


def test_the_legend_is_where_it_covers_nothing():
    plot = plotted(PAIRS[0], invented().measured["nets"])
    assert (plot.legend, plot.title) == ("above", "20 layers")


def test_dashed_are_the_whole_nets_alone():
    plain, plain_whole, residual, residual_whole = plotted(PAIRS[1], invented().measured["nets"]).lines
    assert [line.dashed for line in (plain, plain_whole, residual, residual_whole)] == [False, True, False, True]
    assert plain.colour == plain_whole.colour != residual.colour == residual_whole.colour
    assert residual_whole.points == ((1, 9), (4, 9)) and residual.points[1] == (2, 12)
