"""Numbers as people read them: no more digits than the images they were counted on can carry."""

import math
from typing import Any

EXACT = 9  # decimals of a number that are more than the last bits of its reckoning
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LARGE = 1e5  # from here on numbers that are measured are written with their power of ten


def finite(value: Any) -> float | None:
    """The number, or None for what is absent or not a number: such a value is left out, never guessed."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def decimals_text(value: float, decimals: int, sign: bool = False) -> str:
    """With so many decimals and its thousands apart.

    A mean of 13.505 may come out a trifle below, as 13.504999999999999: that is no reason for another decimal, and the
    mean and what is kept of it, to some decimals, are one text.
    """
    return f"{round(value, EXACT):{'+' if sign else ''},.{decimals}f}"


def error_text(error: float, images: int | None = None) -> str:
    """An error in percent: two decimals, fewer where it was counted on few images."""
    return decimals_text(error, 2 if images is None or images >= 200 else 1 if images >= 20 else 0)


def standard_error(error: float, images: int) -> float:
    """What an error in percent is uncertain by, in points, from being counted on so many images: sqrt(p(1-p)/n)."""
    p = error / 100
    return 100 * math.sqrt(max(p * (1 - p), 0.0) / images)


def count_text(value: float) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,.0f}"


def power_text(value: float, sign: bool = False) -> str:
    """ "7.4e17": of so large a number nobody reads the digits."""
    mantissa, _, exponent = f"{value:{'+' if sign else ''}.1e}".partition("e")
    return f"{mantissa}e{int(exponent)}"


def tiny_text(value: float, digits: int = 6) -> str:
    """With so many digits at most, "0.39", "5.7 × 10⁻⁵": for prose and tables, where nobody reads "5.7e-05"."""
    mantissa, power, exponent = f"{value:,.{digits}g}".partition("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(RAISED)}" if power else mantissa


def epochs_text(epochs: float) -> str:
    """Epochs to one decimal, none where it would be a zero."""
    return f"{epochs:,.1f}".removesuffix(".0")


def duration_text(seconds: float) -> str:
    """ "48 s", "12 min 5 s", "3 h 20 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def list_text(words: list[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
