"""Means over AOIs with what chance would make of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_DRAWS = 4000
_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over AOIs with its bootstrap interval.

    Attributes:
        mean: Of all AOIs.
        low: With AOIs drawn with replacement, 2.5 % of the means are below; None for less than 2.
        high: 2.5 % are above.
    """

    mean: float
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        ends = "" if self.low is None else f" ({self.low:.4f} to {self.high:.4f})"
        return f"{self.mean:.4f}{ends}"


def bootstrap(values: Sequence[float], seed: int) -> Interval:
    """The mean of some values, with a 95 % interval of drawing them with replacement.

    Args:
        values: One an AOI, at least one.
        seed: The same values and seed give the same interval.
    """
    array = np.asarray(values, float)
    if len(array) < 2:
        return Interval(float(array.mean()), None, None)
    draws = np.random.default_rng(seed).integers(0, len(array), (_DRAWS, len(array)))
    tail = (1 - _SHARE) / 2
    low, high = np.quantile(array[draws].mean(axis=1), [tail, 1 - tail])
    return Interval(float(array.mean()), float(low), float(high))


def folds_of(aois: Sequence[str], count: int, seed: int) -> list[list[str]]:
    """AOIs dealt out to folds as even as can be, each fold sorted.

    Args:
        aois: Their names.
        count: How many folds; no more than there are AOIs are made.
        seed: Of the shuffle.
    """
    order = np.random.default_rng(seed).permutation(sorted(aois)).tolist()
    count = min(count, len(order))
    return [sorted(order[k::count]) for k in range(count)]
