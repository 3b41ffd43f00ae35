"""How much each building, and each kind of error, costs the SCOT score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast.attribution.costs import ErrorCounts, unit_costs
from sn7fast.attribution.events import KINDS, find_errors, sum_errors
from sn7fast.attribution.result import AoiAttribution, ScotAttribution
from sn7fast.errors import InternalError
from sn7fast.scoring import common_aois, large_enough, no_stack, score_scot

if TYPE_CHECKING:
    from typing import Unpack

    from sn7fast.scores import ScotAoi
    from sn7fast.scoring import ScotOptions, Stacks
    from sn7fast.stack import Stack

__all__ = ["AoiAttribution", "ScotAttribution", "attribute_scot"]


def attribute_scot(
    truth: Stacks, proposal: Stacks, **options: Unpack[ScotOptions]
) -> ScotAttribution:
    """Share out 1 - SCOT among the buildings and the kinds of error made at them.

    SCOT counts five sorts of error: unmatched rows of truth (fn) and of the proposal (fp), switched
    identifiers (mismatches), and new identifiers of either side without a new partner (change_fn,
    change_fp). Each error of a sort has the same price, the mean slope of the score along the
    straight way from no errors to those at hand (Aumann-Shapley; see
    `sn7fast.attribution.costs`), so that all prices add up to 1 - SCOT. Each single error is then
    charged to one building and is of one kind. An identifier of the proposal belongs to the
    building it is matched with first; what it does wrong is charged to that building, unless it is
    never matched. *New* is who comes first in any but the first scored month.

    - ``missed``: a building that is never matched: all its rows; if it is new, its change.
    - ``false``: an identifier of the proposal that is never matched: all its rows; if it is new,
      its change. Only these are charged to the proposal's side.
    - ``late``: a building that is matched, but not from its first month: its rows before; if it is
      new, its change; and the change of an identifier that is new and its first partner.
    - ``early``: rows of the proposal before the first month of their building; the change of an
      identifier that is new then; and that of the new building if it is matched at once with an
      identifier that was there before and had no partner.
    - ``switched``: a pair of which either had another partner when it was last matched; the change
      of an identifier that is new though its building had another partner before their first
      match; and that of a new building that is matched at once with the former partner of another.
    - ``dropped``: rows of a building without a match after its first match.
    - ``extra``: rows of a matched identifier without a match from its building's first month on:
      the shapes do not overlap enough, the truth is under a cloud, or the building is gone.

    In an AOI in whose truth nothing is built SCOT is 0 whatever is proposed: all of it is
    ``no_change``, and no building is charged.

    Args:
        truth: One AOI, or several by name, with ids.
        proposal: The same for what is scored.
        **options: See `score_scot`.

    Returns:
        For each AOI the cost of each building and kind; over several the mean.

    Raises:
        InputError: As `score_scot`.
    """
    score = score_scot(truth, proposal, **options)
    truths, proposals = common_aois(truth, proposal)
    beta, least = float(options.get("beta", 2.0)), float(options.get("truth_min_area_px", 0.0))
    return ScotAttribution(
        {
            name: _attribute_aoi(
                large_enough(truths[name], least), proposals.get(name, no_stack(name)), aoi, beta
            )
            for name, aoi in score.aois.items()
        }
    )


def _attribute_aoi(truth: Stack, proposal: Stack, score: ScotAoi, beta: float) -> AoiAttribution:
    truth_ids, proposal_ids, errors = find_errors(truth, proposal, score.months)
    totals = sum_errors(errors)
    counts = ErrorCounts(*(sum(kind) for kind in zip(*totals.values(), strict=True)))
    if counts != _counted(score):
        raise InternalError(f"AOI {truth.aoi}: charged {counts}, but the score has others")
    if score.has_change:
        rows = sum(month.tp + month.fn for month in score.months.values())
        prices = unit_costs(rows, score.change_tp + score.change_fn, counts, beta)
    else:
        prices = ErrorCounts(0.0, 0.0, 0.0, 0.0, 0.0)
    ids = np.concatenate([truth_ids, proposal_ids])
    is_truth = np.arange(len(ids)) < len(truth_ids)
    costs = np.zeros((len(ids), len(KINDS)))
    to_blame = np.zeros(len(ids), bool)
    for error in errors:
        for column, chosen in ((error.of_truth, is_truth), (error.of_proposal, ~is_truth)):
            if column is not None:
                costs[chosen, KINDS.index(error.kind)] += column * getattr(prices, error.sort)
                to_blame[chosen] |= column > 0
    kept = np.flatnonzero(to_blame)
    kept = kept[np.argsort(-costs[kept].sum(axis=1), kind="stable")]
    return AoiAttribution(
        score,
        is_truth[kept],
        ids[kept],
        costs[kept],
        totals,
        prices,
        0.0 if score.has_change else 1.0,
    )


def _counted(score: ScotAoi) -> ErrorCounts:
    """The errors that the score has counted."""
    months = score.months.values()
    return ErrorCounts(
        sum(month.fn for month in months),
        sum(month.fp for month in months),
        score.mismatches,
        score.change_fn,
        score.change_fp,
    )
