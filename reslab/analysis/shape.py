"""What a line of losses through trained weights says of its shape. The trained weights are in its middle."""

from collections.abc import Sequence
from itertools import pairwise


def ways(losses: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """From the middle outwards, to either side."""
    middle = len(losses) // 2
    return tuple(losses[middle::-1]), tuple(losses[middle:])


def rises(way: Sequence[float]) -> bool:
    """Is every loss above the one before it?"""
    return all(here < beyond for here, beyond in pairwise(way))


def steadiness(losses: Sequence[float]) -> float:
    """The share of its two ways along which the loss rises at every step: 0, 1/2 or 1."""
    return sum(map(rises, ways(losses))) / 2


def curvatures(losses: Sequence[float]) -> list[float]:
    """Second differences, of equal steps: 0 along a straight line, below 0 where it bends downwards."""
    return [a - 2 * b + c for a, b, c in zip(losses, losses[1:], losses[2:], strict=False)]


def downward(losses: Sequence[float]) -> float | None:
    """How strongly it bends downwards where it does so most, as a part of how it bends upwards: 0 for a convex line.

    None for a line that bends upwards nowhere.
    """
    found = curvatures(losses)
    most = max(found, default=0.0)
    return max(-min(found), 0.0) / most if most > 0 else None
