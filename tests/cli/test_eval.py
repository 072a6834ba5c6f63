"""`reslab eval` with views, scales and ensembles, as a user types it."""

from pathlib import Path

import pytest

from tests.cli.test_commands import Answer


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> list[Path]:
    place = tmp_path_factory.mktemp("runs")
    for name, seed in (("first", 0), ("second", 1)):
        words = ("--model", "resnet8", "--steps", "15", "--seed", seed, "--run", place / name, "--threads", "1")
        assert Answer("train", *words).code == 0
    return [place / "first", place / "second"]


def test_views_scales_and_members_are_told(runs):
    answer = Answer("eval", runs[0], "--ensemble", runs[1], "--views", "flip", "--scales", "8,10,12", "--json")
    assert answer.out.count("\n") == 1 and answer.code == 0
    assert (answer.json["views"], answer.json["scales"], answer.json["dense"]) == (6, [8, 10, 12], True)
    assert answer.json["members"] == [str(run) for run in runs] and answer.json["images"] == 360
    assert answer.json["top5_error"] <= answer.json["top1_error"]
    assert "no larger images than its 8 x 8 pixels" in answer.err


def test_in_words(runs):
    assert (
        "6 views at 8, 10, 12 pixels, dense, 2 nets"
        in Answer("eval", runs[0], "--ensemble", runs[1], "--views", "flip", "--scales", "8,10,12").out
    )
    assert "digits, test, 10 views at 9 pixels" in Answer("eval", runs[0], "--views", "10").out
    assert "digits, test, 1 view\n" in Answer("eval", runs[0], "--views", "1").out


def test_one_view_is_what_the_run_recorded(runs):
    plain, one = Answer("eval", runs[0], "--json").json, Answer("eval", runs[0], "--views", "1", "--json").json
    assert plain == one and plain["members"] == [str(runs[0])]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--views", "12"], "unknown views '12'"),
        (["--scales", "8,x"], "--scales 8,x: whole numbers of pixels, as 224,256"),
        (["--scales", "8,8"], "named more than once"),
        (["--scales", "4"], "scale 4: the net need"),
        (["--views", "10", "--scales", "7"], "crops of 8 pixels need a shorter side from 8"),
    ],
)
def test_mistakes(runs, words, message):
    answer = Answer("eval", runs[0], *words)
    assert answer.code == 2 and message in answer.err and answer.out == ""


def test_a_member_that_is_no_run(runs, tmp_path):
    answer = Answer("eval", runs[0], "--ensemble", tmp_path / "nothing")
    assert answer.code == 1 and "nothing" in answer.err
