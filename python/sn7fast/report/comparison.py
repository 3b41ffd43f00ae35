"""Tracks against truth, row by row: what SCOT counts, told of each footprint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sn7fast.attribution import attribute_scot
from sn7fast.errors import InternalError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.attribution import AoiAttribution
    from sn7fast.scores import ScotAoi
    from sn7fast.stack import Stack

# What holds of a row; the page has the same numbers.
SCORED, MATCHED, SWITCHED, NEW, PARTNER_NEW = 1, 2, 4, 8, 16


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """What SCOT says of the rows of one side.

    Attributes:
        flags: uint8 (rows,): sum of SCORED; MATCHED; SWITCHED, if matched and either identifier
            had another partner when it was last matched; NEW, if the identifier comes first in any
            but the first scored month; PARTNER_NEW, if that holds of its partner's.
        partner: int64 (rows,), row of the other side, or -1.
        iou: float64 (rows,), of the pair, NaN without one.
    """

    flags: NDArray[np.uint8]
    partner: NDArray[np.int64]
    iou: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Both sides of one AOI.

    Attributes:
        tracks: Of the proposal.
        truth: Of the truth.
        costs: The score, and what each building costs it.
    """

    tracks: Verdicts
    truth: Verdicts
    costs: AoiAttribution


def compare(truth: Stack, tracks: Stack, *, truth_min_area_px: float = 4.0) -> Comparison:
    """Score the tracks and say of each row what SCOT counts it for.

    Args:
        truth: With ids.
        tracks: With ids.
        truth_min_area_px: Smaller truth is not scored.

    Raises:
        InputError: Ids are missing or come twice in a month.
    """
    (costs,) = attribute_scot(truth, tracks, truth_min_area_px=truth_min_area_px).aois.values()
    months = tuple(costs.score.months)
    is_large = truth.footprints.areas >= truth_min_area_px
    g = _Rows(truth, months, is_large)
    p = _Rows(tracks, months, np.ones(len(tracks), bool))
    if months:
        scored = costs.score.months.values()
        month = np.repeat(np.arange(len(months)), [len(one.iou) for one in scored])
        pair_g = g.find(month, np.concatenate([one.truth_ids for one in scored]))
        pair_p = p.find(month, np.concatenate([one.proposal_ids for one in scored]))
        iou = np.concatenate([one.iou for one in scored])
        g.pair(pair_g, pair_p, iou)
        p.pair(pair_p, pair_g, iou)
        switched = g.switched(pair_g, p.number[pair_p]) | p.switched(pair_p, g.number[pair_g])
        for side, rows, other, others in ((g, pair_g, p, pair_p), (p, pair_p, g, pair_g)):
            side.flags[rows[switched]] |= SWITCHED
            side.flags[rows[other.is_new[others]]] |= PARTNER_NEW
    compared = Comparison(p.verdicts(), g.verdicts(), costs)
    _check(compared, costs.score)
    return compared


class _Rows:
    """Rows of one side.

    Attributes:
        number: int64 (rows,), of the identifier among those of the side.
        is_new: bool (rows,), see `Verdicts`.
        flags, partner, iou: See `Verdicts`.
    """

    def __init__(self, stack: Stack, months: tuple[str, ...], counts: NDArray[np.bool_]) -> None:
        self._ids, self.number = np.unique(np.asarray(stack.ids), return_inverse=True)
        place = {month: index for index, month in enumerate(months)}
        of_month = np.array([place.get(month, -1) for month in stack.months], np.int64)
        self._month = of_month[stack.month_index]
        is_scored = (self._month >= 0) & counts
        first = np.full(len(self._ids), len(months))
        np.minimum.at(first, self.number[is_scored], self._month[is_scored])
        self.is_new = is_scored & (self._month == first[self.number]) & (self._month > 0)
        self.flags = np.where(is_scored, SCORED, 0).astype(np.uint8)
        self.flags[self.is_new] |= NEW
        self.partner = np.full(len(stack), -1)
        self.iou = np.full(len(stack), np.nan)
        rows = np.flatnonzero(is_scored)
        keys = self._month[rows] * len(self._ids) + self.number[rows]
        order = np.argsort(keys, kind="stable")
        self._keys, self._rows = keys[order], rows[order]

    def find(self, month: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows of these identifiers in these months."""
        keys = month * len(self._ids) + np.searchsorted(self._ids, ids)
        return self._rows[np.searchsorted(self._keys, keys)]

    def pair(
        self, rows: NDArray[np.int64], others: NDArray[np.int64], iou: NDArray[np.float64]
    ) -> None:
        """Note the pairs."""
        self.flags[rows] |= MATCHED
        self.partner[rows] = others
        self.iou[rows] = iou

    def switched(self, rows: NDArray[np.int64], partner: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Pairs, in order of months, whose identifier had another partner when last matched."""
        numbers = self.number[rows]
        order = np.argsort(numbers, kind="stable")
        numbers, partner = numbers[order], partner[order]
        out = np.zeros(len(rows), bool)
        out[order[1:]] = (numbers[1:] == numbers[:-1]) & (partner[1:] != partner[:-1])
        return out

    def verdicts(self) -> Verdicts:
        return Verdicts(self.flags, self.partner, self.iou)


def _check(compared: Comparison, score: ScotAoi) -> None:
    """The rows must add up to the counts of the score."""

    def count(verdicts: Verdicts, wanted: int, absent: int = 0) -> int:
        return int((verdicts.flags & (wanted | absent) == wanted).sum())

    g, p, months = compared.truth, compared.tracks, score.months.values()
    right = count(p, NEW | MATCHED | PARTNER_NEW)
    got = (
        count(p, SCORED | MATCHED), count(p, SCORED, MATCHED), count(g, SCORED, MATCHED),
        count(p, SWITCHED), right, count(p, NEW) - right, count(g, NEW) - right,
    )  # fmt: skip
    wanted = (
        sum(month.tp for month in months), sum(month.fp for month in months),
        sum(month.fn for month in months), score.mismatches, score.change_tp, score.change_fp,
        score.change_fn,
    )  # fmt: skip
    if got != wanted:
        raise InternalError(f"rows add up to {got}, but the score counted {wanted}")
