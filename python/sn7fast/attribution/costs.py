"""What one error of each kind of count costs the SCOT score.

SCOT is a smooth function of five counts of errors: unmatched truth (fn), unmatched proposals (fp),
mismatches (mm), and new buildings missed (cfn) and invented (cfp). With n rows of truth and c new
buildings in it

    track  = (n - fn - mm) / (n + (fp - fn) / 2)
    change = (c - cfn) / (c + (cfp - cfn) / 2)

The price of an error is the mean of the score's slope along the straight way from the perfect
proposal (no error) to the counts at hand: the integral over s from 0 to 1 of -dSCOT/dcount at s
times the counts. By the fundamental theorem, counts times prices add up to 1 - SCOT. This is the
Aumann-Shapley price (Aumann and Shapley, "Values of Non-Atomic Games", 1974; integrated gradients
in machine learning): the only way to share out that prices equal errors equally, charges none for
what has no effect, and does not depend on the unit of the counts.

The integrals are sums: Gauss-Legendre with 16 nodes on panels that halve toward both ends. The
slope's poles lie outside of every disk around a point x of (0, 1) with a radius of 0.7 times its
distance to the nearer end, since the score's denominator is a sum of two products of two linear
functions, all positive on (0, 1), whose arguments there differ by less than pi. So each panel is
integrated to the last digits, however steep the score is near an end.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NODES = 16
# The steepest layer, beta = 1e9 with no change found, is 1e-18 wide.
_HALVINGS = 64


class ErrorCounts(NamedTuple):
    """Errors of one AOI, or the price of one of each."""

    fn: float
    fp: float
    mismatches: float
    change_fn: float
    change_fp: float


def unit_costs(rows: int, new: int, errors: ErrorCounts, beta: float) -> ErrorCounts:
    """The price of one error of each count; counts times prices add up to 1 - SCOT.

    Args:
        rows: Rows of truth that are scored, above 0.
        new: New buildings of the truth from the second month on, above 0.
        errors: What the proposal did wrong. A price is given for a count of 0, too.
        beta: Weight of the tracking score.
    """
    fn, fp, mm = (count / rows for count in errors[:3])
    cfn, cfp = (count / new for count in errors[3:])
    at, weight = _quadrature()
    # Numerators and denominators of track and change along the way, as shares of rows and new.
    found, found_of = at.line(fn + mm), at.line((fn - fp) / 2)
    built, built_of = at.line(cfn), at.line((cfn - cfp) / 2)
    square = beta * beta
    track_weight, change_weight = square / (1 + square), 1 / (1 + square)
    denominator = track_weight * found_of * built + change_weight * built_of * found
    track_slope = weight * track_weight * (built / denominator) ** 2 / rows
    change_slope = weight * change_weight * (found / denominator) ** 2 / new
    prices = (
        track_slope * (found_of - found / 2),
        track_slope * found / 2,
        track_slope * found_of,
        change_slope * (built_of - built / 2),
        change_slope * built / 2,
    )
    return ErrorCounts(*(float(price.sum()) for price in prices))


class _Points(NamedTuple):
    """Points of (0, 1) by their distance from the nearer end, which keeps its digits."""

    distance: NDArray[np.float64]
    from_one: NDArray[np.bool_]

    def line(self, fall: float) -> NDArray[np.float64]:
        """1 - fall * s."""
        from_zero = 1 - fall * self.distance
        return np.where(self.from_one, (1 - fall) + fall * self.distance, from_zero)


@cache
def _quadrature() -> tuple[_Points, NDArray[np.float64]]:
    """Points and weights."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    ends = np.concatenate([[0.0], 0.5 ** np.arange(_HALVINGS, 0, -1)])
    middle, half = (ends[1:] + ends[:-1]) / 2, np.diff(ends) / 2
    distance = (middle[:, None] + half[:, None] * nodes).ravel()
    weight = (half[:, None] * weights).ravel()
    from_one = np.repeat([False, True], len(distance))
    return _Points(np.tile(distance, 2), from_one), np.tile(weight, 2)
