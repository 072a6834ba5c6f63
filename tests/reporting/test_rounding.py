"""Numbers as people read them: the last bits of a mean change no decimal."""

import statistics

import numpy as np
import pytest

from reslab.reporting.rounding import decimals_text, error_text, tiny_text


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (13.504999999999999, 2, "13.51"),
        (13.505, 2, "13.51"),
        (18.185, 2, "18.18"),
        (8397.2, 0, "8,397"),
        (np.float64(1.5), 1, "1.5"),
        (float("nan"), 2, "nan"),
    ],
)
def test_decimals(value, decimals, text):
    assert decimals_text(value, decimals) == text


def test_a_mean_and_its_rounded_value_are_one_error():
    mean = statistics.fmean([13.12, 13.3, 13.66, 13.94])
    assert error_text(mean, 5_000) == error_text(round(mean, 4), 5_000) == "13.51"
    assert (error_text(26.26, 20), error_text(12.6, 8)) == ("26.3", "13")
    assert (decimals_text(1.5, 2, sign=True), decimals_text(-1.5, 1, sign=True)) == ("+1.50", "-1.5")


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(5.7e-05, 2, "5.7 × 10⁻⁵"), (6e-06, 6, "6 × 10⁻⁶"), (0.39, 6, "0.39"), (25.0, 6, "25"), (1234.5, 6, "1,234.5")],
)
def test_what_is_tiny_has_its_power_of_ten_raised(value, digits, text):
    assert tiny_text(value, digits) == text
