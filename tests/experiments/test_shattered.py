"""Shattered gradients as an experiment: its test, rows beside the theorems, and what is said of invented numbers."""

from xml.etree import ElementTree

from torch import Generator, arange

from reslab.analysis import input_gradients
from reslab.experiments.document import Document
from reslab.experiments.experiment import Runs
from reslab.experiments.scales import Setting, Shelf
from reslab.experiments.shattered import BARE, BARE_PLAIN, LINES, NETS, PLAIN, RESIDUAL, SHATTERED
from reslab.nets import Rectifiers
from reslab.training import Surroundings

SMALL = Setting.nominal("small")
DEPTHS = (1, 2, 4, 8, 24, 50)


def invented(plain: float = 0.5, power: float = -0.5) -> dict:
    """Two nets of each kind, whose correlations are laws with a little spread."""
    laws = dict.fromkeys(NETS, lambda n: 0.9**n) | {PLAIN: lambda n: plain**n, RESIDUAL: lambda n: 0.7 * n**power}
    alike = {k: {str(n): [law(n) * (1 - 1e-3), law(n) * (1 + 1e-3)] for n in DEPTHS} for k, law in laws.items()}
    return {"nets": 2, "width": 4, "points": 4, "alike": alike, "lines": {}}


def test_its_test_draws_and_decides_nothing():
    runs = Runs(Setting.nominal("smoke"))
    found = Document.of(SHATTERED, runs).finding
    assert found.holds is None and "nothing of the claim; two narrow nets" in found.words
    measured = SHATTERED.measure(runs, Shelf(Surroundings()))
    assert measured["nets"] == 2 and set(measured["alike"]) == set(NETS)
    runs = Runs(runs.setting, {}, measured)
    ElementTree.fromstring(SHATTERED.picture(runs, SHATTERED.rows(runs)))
    assert SHATTERED.finding(runs).holds is None


def test_rows_are_percent_beside_the_theorems():
    rows = {row.label: row for row in SHATTERED.rows(Runs(SMALL, {}, invented()))}
    two = rows[f"{PLAIN}, 2 layers"]
    assert (two.paper, two.ours, two.n) == (None, 25, 2), "another paper's theorems are not this paper's values"
    theorem = {label: row.besides.get("theorem") for label, row in rows.items()}
    assert theorem[f"{BARE}, 8 layers"] == 10 and theorem[f"{BARE_PLAIN}, 24 layers"] == 5.96e-06
    assert theorem[f"{RESIDUAL}, 8 layers"] is None and theorem[f"{PLAIN}, 8 layers"] is None, "they are of others"
    assert rows[f"{RESIDUAL}, 8 layers"].std > 0


def test_the_power_is_that_of_deep_nets():
    """Of a line that bends, as that of residual nets does, a mean from 1 layer on would be no power of any part."""
    measured = invented()
    measured["alike"][RESIDUAL] |= {str(n): [8**-0.4 * (n / 8) ** -1.1 * k for k in (0.999, 1.001)] for n in (24, 50)}
    measured["alike"][RESIDUAL] |= {str(n): [n**-0.4 * k for k in (0.999, 1.001)] for n in (1, 2, 4, 8)}
    found = SHATTERED.finding(Runs(SMALL, {}, measured))
    assert found.holds is False and "from 8 to 50 layers as L to the power of -1.10 ±" in found.words


def test_one_layer_on_a_line_has_more_than_one_kink():
    depth, kind = LINES["plain, 1 layer"]
    net = Rectifiers(depth, 50, Generator().manual_seed(0), inputs=1, **kind)
    assert len(input_gradients(net, arange(-2, 2, 0.05)[:, None]).unique()) > 10


def test_laws_are_told_from_what_was_measured():
    found = SHATTERED.finding(Runs(SMALL, {}, invented()))
    assert found.holds is True and "leaves 0.500 ±" in found.words and "power of -0.50 ±" in found.words
    assert SHATTERED.finding(Runs(SMALL, {}, invented(plain=0.8))).holds is False
    assert SHATTERED.finding(Runs(SMALL, {}, invented(power=-1.2))).holds is False
    assert SHATTERED.finding(Runs(SMALL, {}, invented(power=0.0))).holds is False
    assert SHATTERED.finding(Runs(SMALL)).holds is None
    assert len(SHATTERED.rows(Runs(SMALL))) == 15 and all(row.ours is None for row in SHATTERED.rows(Runs(SMALL)))
