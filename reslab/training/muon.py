"""Muon: the momentum of a matrix, made orthogonal, is its step (Keller Jordan 2024; as in cifar10-airbench).

A convolution is the matrix (filters, inputs * k * k). Matrices of one shape are stepped together.
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
    """Where the matrices of one shape lie in a flat buffer, and the factor of their rate."""

    starts: tuple[int, ...]
    rows: int
    columns: int
    rate: float = 1.0

    def read(self, flat: Tensor) -> Tensor:
        """Copies of them, (matrices, rows, columns)."""
        return torch.stack(self._pieces(flat)).unflatten(1, (self.rows, self.columns))

    def write(self, flat: Tensor, matrices: Tensor) -> None:
        """Put them back, in place."""
        for piece, matrix in zip(self._pieces(flat), matrices.flatten(1), strict=True):
            piece.copy_(matrix)

    def _pieces(self, flat: Tensor) -> list[Tensor]:
        return [flat[start : start + self.rows * self.columns] for start in self.starts]


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
    return tuple(Matrices(tuple(places), *kind) for kind, places in found.items())


def muon(weights: Tensor, velocity: Tensor, gradient: Tensor, lr: float, momentum: float) -> None:
    """One step of matrices (matrices, rows, columns), in place; `gradient` is used up.

    v <- momentum * v + gradient;  w <- w * sqrt(rows) / |w| - lr * orthogonal(gradient + momentum * v), as Nesterov.
    Batch normalisation follows every convolution, so that the length of its weights means nothing: before each step it
    is set to sqrt(rows), in place of weight decay.
    """
    velocity.mul_(momentum).add_(gradient)
    weights.mul_(weights.shape[1] ** 0.5 / _length(weights))
    weights.sub_(orthogonal(gradient.add_(velocity, alpha=momentum)), alpha=lr)


def orthogonal(matrices: Tensor) -> Tensor:
    """Nearly U V^T of each matrix U S V^T, by Newton and Schulz's iteration x <- (a + b x x^T + c (x x^T)^2) x.

    Singular values come out between 0.68 and 1.21; those below a fiftieth of the matrix' length come out smaller.
    """
    a, b, c = COEFFICIENTS
    wide = matrices if matrices.shape[1] <= matrices.shape[2] else matrices.mT
    shrink = 1 / (_length(wide) + 1e-7)  # so that no singular value is above 1
    # x stays P x0 with P a polynomial of x0 x0^T: the iteration needs only small square matrices, which all commute.
    square = shrink.square() * (wide @ wide.mT)
    one = torch.eye(square.shape[1], device=square.device)
    polynomial = shrink * one
    for _ in range(ITERATIONS):
        factor = a * one + b * square + c * square @ square
        polynomial = factor @ polynomial
        square = factor @ factor @ square
    found = polynomial @ wide
    return found if matrices.shape[1] <= matrices.shape[2] else found.mT


def _length(matrices: Tensor) -> Tensor:
    """The Frobenius norm of each, (matrices, 1, 1)."""
    return torch.linalg.vector_norm(matrices.flatten(1), dim=1)[:, None, None]
