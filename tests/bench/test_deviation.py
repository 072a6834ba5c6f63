"""How far losses lie apart, by bench/deviation.py."""

import json

import numpy as np
import pytest

from bench.deviation import AUTOCAST, FIRST, REFERENCE, compared, deviation, main
from reslab.native import FP32, Unavailable, library

NATIVE = ("native", "fp32")


def test_a_deviation_by_hand():
    assert deviation(np.array([1.0, 2.0]), np.array([1.0, 2.0])) == 0
    assert deviation(np.array([4.0, 2.0]), np.array([1.0, 6.0])) == pytest.approx((25 / 2) ** 0.5)


def test_medians_over_seeds_and_the_ratio_to_autocasts():
    steps = 10 * FIRST
    right = [np.full(steps, 2.0), np.linspace(3, 1, steps), np.zeros(steps)]
    off = {
        AUTOCAST: [0.1, 0.2, 0.9],
        NATIVE: [0.3, -5.0, 0.1],
    }
    losses = {REFERENCE: right} | {
        kind: [run + by for run, by in zip(right, bys, strict=True)] for kind, bys in off.items()
    }
    autocast, native = compared(losses)
    assert autocast["rms"] == pytest.approx(0.2) and autocast["ratio"] == autocast["first_ratio"] == 1
    assert native["rms"] == pytest.approx(0.3) and native["ratio"] == pytest.approx(1.5)
    assert [native["rms_least"], native["rms_most"]] == pytest.approx([0.1, 5.0])


def test_the_first_steps_are_apart():
    right = np.zeros(10 * FIRST)
    late = np.where(np.arange(len(right)) < FIRST, 0.01, 1.0)
    autocast, native = compared({REFERENCE: [right], AUTOCAST: [late], NATIVE: [late + 1]})
    assert autocast["first_rms"] == pytest.approx(0.01) and native["first_ratio"] == pytest.approx(101)
    assert native["ratio"] < 2.1


def test_what_the_kernels_lack_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--model", "preact20", "--data", "digits"])
    assert "the native kernels are not made for batch normalisation before convolutions" in capsys.readouterr().err


def test_kernels_in_fp32_begin_closer_than_autocast(capsys):
    try:
        library(FP32)
    except Unavailable as reason:
        pytest.skip(str(reason))
    arguments = f"--model plain8 --data digits --batch 16 --steps {FIRST} --seeds 1 --json".split()
    main(arguments)
    told = json.loads(capsys.readouterr().out)
    rows = {(row["engine"], row["precision"]): row for row in told["rows"]}
    assert told["data"] == "digits" and told["steps"] == FIRST and REFERENCE not in rows
    assert 0 < rows[NATIVE]["first_ratio"] < 0.5 and rows[NATIVE]["rms"] == rows[NATIVE]["first_rms"]
