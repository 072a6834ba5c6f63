"""The net of 56 layers that is one of 20: on digits, and what is said of what was measured."""

from reslab.experiments.construction import CONSTRUCTION, DEEPER, MADE, TRAINED
from reslab.experiments.experiment import Runs
from reslab.experiments.scales import Setting, Shelf
from reslab.store import read_trained
from reslab.training import Surroundings

SMALL = Setting.nominal("small")
MEASURED = {
    "data": "cifar10", "images": 5000, "differing": 0, "difference": 0.0,
    "errors": {TRAINED: 12.0, MADE: 12.0, DEEPER: 27.0},
}  # fmt: skip


def test_on_digits_every_answer_is_the_same():
    runs = Runs(Setting.nominal("smoke"))
    found = CONSTRUCTION.measure(runs, Shelf(Surroundings()))
    assert (found["data"], found["images"], found["differing"], found["errors"]) == ("digits", 360, 0, {})
    assert found["difference"] < 1e-5
    measured = Runs(runs.setting, {}, found)
    judged = CONSTRUCTION.finding(measured)
    assert judged.holds is True and "360 of 360 images of digits" in judged.words
    assert [row.ours for row in CONSTRUCTION.rows(measured)] == [None, None, None, 0]


def test_errors_stand_beside_each_other():
    runs = Runs(SMALL, {}, MEASURED)
    assert [row.ours for row in CONSTRUCTION.rows(runs)] == [12.0, 12.0, 27.0, 0]
    found = CONSTRUCTION.finding(runs)
    words = found.words
    assert found.holds is True and CONSTRUCTION.finding(Runs(SMALL, {}, {**MEASURED, "differing": 1})).holds is False
    assert "to the last bit" in words and "12.00 %" in words and "27.00 %" in words
    assert b"<svg" in CONSTRUCTION.picture(runs, CONSTRUCTION.rows(runs))


def test_one_other_answer_is_no_construction():
    runs = Runs(SMALL, {}, {**MEASURED, "differing": 1, "difference": 1e-3})
    assert CONSTRUCTION.finding(runs).holds is False and "within 1e-03" in CONSTRUCTION.finding(runs).words
    assert CONSTRUCTION.finding(Runs(SMALL)).holds is None


def test_rounded_weights_are_why_the_error_is_not_that_of_the_run():
    """27.12 % in `reslab list`, 27.10 % of the net that is there: said where the latter is printed."""
    record = read_trained("plain56-cifar10")
    half, ended = record["measured"]["half"]["top1_error"], record["result"]["val_error"]
    words = CONSTRUCTION.finding(Runs(SMALL, {}, {**MEASURED, "errors": {**MEASURED["errors"], DEEPER: half}})).words
    assert half != ended and f"{half:.2f} % ({ended:.2f} % at the end of its run, before its weights were" in words
    assert "half precision" not in CONSTRUCTION.finding(Runs(SMALL, {}, MEASURED)).words, (
        "another error, another reason"
    )
