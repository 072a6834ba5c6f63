"""Numbers as the command line says them."""

import pytest

from reslab.cli.show import counting, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (0.37, "0.4 s"),
        (0.94, "0.9 s"),
        (0.96, "1 s"),
        (42.4, "42 s"),
        (180, "3 min"),
        (7500, "2 h 5 min"),
        (9 * 86_400, "9 days"),
        (700 * 86_400, "700 days"),
        (14.2 * 365.25 * 86_400, "14 years"),
        (float("inf"), "unknown time"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_one_is_no_plural():
    assert [counting(n, "step") for n in (0, 1, 64_000)] == ["0 steps", "1 step", "64,000 steps"]
