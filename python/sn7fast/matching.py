"""IoU of footprints, and matching by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sn7fast import _core
from sn7fast._arguments import real_number
from sn7fast.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.footprints import Footprints


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Pairs of footprints of which none is in two, sorted by ``index_a``.

    Attributes:
        index_a: int64 (m,), positions in the first set.
        index_b: int64 (m,), positions in the second set.
        iou: float64 (m,).
        unmatched_a: int64, the other positions of the first set, ascending.
        unmatched_b: int64, the other positions of the second set, ascending.
    """

    index_a: NDArray[np.int64]
    index_b: NDArray[np.int64]
    iou: NDArray[np.float64]
    unmatched_a: NDArray[np.int64]
    unmatched_b: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.iou)


def iou_pairs(
    a: Footprints, b: Footprints
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """IoU of all pairs that share an area.

    Candidates come from an R-tree over the bounding boxes of ``b``. The shared area is summed over
    pairs of edges, exactly for shapes on the pixel grid; footprints that cross themselves count as
    ``shapely.make_valid`` (shapely 2) would repair them, except that a stretch of an outline that
    is passed twice counts for nothing, where GEOS may keep what lies beside it.

    Args:
        a: n footprints.
        b: m footprints.

    Returns:
        (index_a, index_b, iou): int64, int64 and float64 (k,), sorted by index_a, then index_b;
        only pairs with an IoU above 0.

    Raises:
        GeometryError: Coordinates are not finite or a ring is not closed.
    """
    return _core.iou_pairs(a.arrays, b.arrays)


def match_footprints(
    a: Footprints,
    b: Footprints,
    *,
    iou_threshold: float = 0.25,
    rule: Literal["optimal", "greedy"] = "optimal",
) -> Matches:
    """Match two sets of footprints one to one.

    Args:
        a: n footprints.
        b: m footprints.
        iou_threshold: Only pairs with an IoU above it (strictly) are matched.
        rule: ``optimal``: as many pairs as possible and among those the largest sum of IoU, as SCOT
            matches (assignment by connected component). ``greedy``: highest IoU first, ties by
            position.

    Returns:
        The pairs and what is left over.

    Raises:
        InputError: The threshold is no number or the rule unknown.
    """
    if rule not in ("optimal", "greedy"):
        raise InputError(f"rule: got {rule!r}, wanted 'optimal' or 'greedy'")
    index_a, index_b, iou = _core.match_footprints(
        a.arrays, b.arrays, real_number("iou_threshold", iou_threshold), rule
    )

    def rest(count: int, taken: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.setdiff1d(np.arange(count), taken, assume_unique=True)

    return Matches(index_a, index_b, iou, rest(len(a), index_a), rest(len(b), index_b))
