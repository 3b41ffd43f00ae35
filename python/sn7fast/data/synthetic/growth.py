"""When the months of a synthetic AOI are, and when each building is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast.data.synthetic.settlement import as_footprints

if TYPE_CHECKING:
    from numpy.typing import NDArray

# New ones a month, by building: in SpaceNet 7 about 4,700 buildings and 5 to 40 new ones.
BIRTH_RATE = 22.5 / 4700


def months_with_gaps(rng: np.random.Generator, count: int) -> list[int]:
    """Months counted from 2018-01, one to three missing in between (none among three or fewer)."""
    missing = int(rng.integers(1, 4)) if count > 3 else 0
    inner = 1 + rng.permutation(max(count + missing - 2, 0))[:missing]
    return sorted(set(range(count + missing)) - set(inner.tolist()))


def month_label(time: int) -> str:
    """``YYYY_MM`` of a month counted from 2018-01."""
    return f"{2018 + time // 12:04}_{time % 12 + 1:02}"


def ordered_by_birth(
    rng: np.random.Generator,
    corners: NDArray[np.float64],
    births_per_month: float,
    times: list[int],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """When buildings are built, those of the first month at time 0.

    Args:
        rng: Source of all choices.
        corners: float64 (n, 6, 2), in the order in which the towns grow.
        births_per_month: Mean number of new ones; at most half of the buildings are new.
        times: Months of the frames.

    Returns:
        Two int64 (n,): the buildings by time, then by descending area, and the times in this order.
    """
    count = len(corners)
    per_month = rng.poisson(births_per_month, times[-1])
    new = np.repeat(np.arange(1, times[-1] + 1), per_month)[: count // 2]
    # Two of three are built at the edge of the towns, which comes last; the others in between.
    rank = np.arange(count) + np.where(rng.random(count) < 1 / 3, count * rng.random(count), 0)
    births = np.zeros(count, np.int64)
    births[np.argsort(-rank, kind="stable")[: len(new)]] = rng.permutation(new)
    order = np.lexsort((-as_footprints(corners).areas, births))
    return order, births[order]
