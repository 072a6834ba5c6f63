"""Muon: the momentum of a matrix, made orthogonal, is its step (Keller Jordan 2024; as in cifar10-airbench).

A convolution is the matrix (filters, inputs * k * k). Matrices of one shape are stepped together, where they lie.
"""

from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

from reslab.engine import Layout

ITERATIONS = 3
COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of x, x^3 and x^5: steep at 0, so that three iterations are enough


@dataclass(frozen=True)
class Matrices:
    """Matrices of one shape that lie in a flat buffer at equal distances, and the factor of their rate."""

    start: int
    distance: int
    count: int
    rows: int
    columns: int
    rate: float = 1.0

    def of(self, flat: Tensor) -> Tensor:
        """The buffer's own numbers, (count, rows, columns)."""
        return flat.as_strided(
            (self.count, self.rows, self.columns), (self.distance, self.columns, 1), flat.storage_offset() + self.start
        )


def convolutions_of(layout: Layout, rates: Tensor | None = None) -> tuple[Matrices, ...]:
    """Every convolution but the first, the stem, and but those that are frozen or that `rates` leaves where they are.

    `rates` are the factors of the rate of each number of the flat buffer (`optimizer.rates_of`); None: all are 1.
    """
    starts = (0, *accumulate(layout.sizes))
    found: dict[tuple[int, int, float], list[int]] = {}
    for shape, size, start in [
        place for place in zip(layout.shapes, layout.sizes, starts, strict=False) if len(place[0]) == 4
    ][1:]:
        rate = 1.0 if rates is None else float(rates[start])
        if rate and start >= layout.frozen:
            found.setdefault((shape[0], size // shape[0], rate), []).append(start)
    return tuple(
        Matrices(places[0], places[1] - places[0] if len(places) > 1 else rows * columns, len(places), *kind)
        for kind, all_places in found.items()
        for rows, columns, _ in [kind]
        for places in _evenly_spaced(all_places)
    )


def _evenly_spaced(places: list[int]) -> list[list[int]]:
    """Rising numbers in parts, in each of which all neighbours are equally far from each other."""
    parts = [places[:1]]
    for place in places[1:]:
        last = parts[-1]
        if len(last) < 2 or place - last[-1] == last[1] - last[0]:
            last.append(place)
        else:
            parts.append([place])
    return parts


def muon(weights: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float) -> None:
    """One step of matrices (matrices, rows, columns), in place.

    v <- momentum * v + gradient;  w <- w * sqrt(rows) / |w| - lr * orthogonal(gradient + momentum * v), as Nesterov.
    Batch normalisation follows every convolution, so that the length of its weights means nothing: before each step it
    is set to sqrt(rows), in place of weight decay.
    """
    velocity.mul_(momentum).add_(gradient)
    weights.mul_(weights.shape[1] ** 0.5 / _length(weights))
    weights.sub_(orthogonal(torch.add(gradient, velocity, alpha=momentum)), alpha=lr)


def orthogonal(matrices: Tensor) -> Tensor:
    """Nearly U V^T of each matrix U S V^T, by Newton and Schulz's iteration x <- (a + b x x^T + c (x x^T)^2) x.

    Singular values come out between 0.68 and 1.21; those below a fiftieth of the matrix' length come out smaller.
    """
    a, b, c = COEFFICIENTS
    wide = matrices if matrices.shape[1] <= matrices.shape[2] else matrices.mT
    # x stays P x0 with P a polynomial of x0 x0^T: the iteration needs only small square matrices, which all commute.
    square = wide @ wide.mT
    length = square.diagonal(dim1=1, dim2=2).sum(1).sqrt()[:, None, None]
    shrink = 1 / (length + 1e-7)  # so that no singular value is above 1
    square *= shrink.square()
    polynomial = shrink
    for left in reversed(range(ITERATIONS)):
        factor = torch.baddbmm(square, square, square, beta=b, alpha=c)
        factor.diagonal(dim1=1, dim2=2).add_(a)
        polynomial = factor @ polynomial if polynomial is not shrink else factor * shrink
        if left:
            square = factor @ (factor @ square)
    found = polynomial @ wide
    return found if matrices.shape[1] <= matrices.shape[2] else found.mT


def _length(matrices: Tensor) -> Tensor:
    """The Frobenius norm of each, (matrices, 1, 1)."""
    return torch.linalg.vector_norm(matrices.flatten(1), dim=1)[:, None, None]
