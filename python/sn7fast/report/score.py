"""The score of a page, and what each building costs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.attribution.events import KINDS
from sn7fast.report.packing import varints
from sn7fast.scoring import score_f1

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sn7fast.report.comparison import Comparison
    from sn7fast.report.rows import Rows
    from sn7fast.stack import Stack

# Costs are written as whole numbers of this.
_COST_UNIT = 1e-9


def score_of(
    comparison: Comparison,
    truth: Stack,
    tracks: Stack,
    months: Sequence[str],
    truth_min_area_px: float,
) -> dict[str, Any]:
    """Scores of all months, and the counts of each."""
    score, costs = comparison.costs.score, comparison.costs
    f1 = next(iter(score_f1(truth, tracks).aois.values()))
    names = ("tp", "fp", "fn", "mismatches", "change_tp", "change_fp", "change_fn")
    scored = {
        months.index(month): [getattr(one, name) for name in names]
        for month, one in score.months.items()
    }
    return {
        "scot": score.score,
        "track": score.track,
        "change": score.change,
        "hasChange": score.has_change,
        "f1": f1.total.f1,
        "f1Months": [f1.months[month].f1 if month in f1.months else None for month in months],
        "months": [scored.get(index) for index in range(len(months))],
        "kinds": KINDS,
        "byKind": [costs.by_kind[kind] for kind in KINDS],
        "minArea": truth_min_area_px,
    }


def cost_columns(comparison: Comparison, sides: Sequence[Rows]) -> dict[str, bytes]:
    """Costs of the buildings that have any, the most costly first: side, number, cost by kind."""
    costs = comparison.costs
    number = np.where(
        costs.is_truth,
        np.searchsorted(sides[1].ids, costs.ids),
        np.searchsorted(sides[0].ids, costs.ids),
    )
    units = np.round(costs.costs / _COST_UNIT).astype(np.int64)
    return {
        "cost_buildings": varints(number * 2 + costs.is_truth),
        "cost_kinds": varints(units.ravel()),
    }
