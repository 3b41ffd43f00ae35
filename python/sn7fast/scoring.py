"""Scoring of tracked footprints against the truth: F1 and SCOT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from sn7fast import _core
from sn7fast._arguments import number_from_zero, real_number
from sn7fast.errors import InputError
from sn7fast.scores import F1Aoi, F1Counts, F1Score, ScotAoi, ScotMonth, ScotScore
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

Stacks: TypeAlias = "Stack | Mapping[str, Stack]"


class ScotOptions(TypedDict, total=False):
    """The options of `score_scot`."""

    iou_threshold: float
    beta: float
    base_reward: float
    truth_min_area_px: float
    unmatched_months: Literal["ignore", "count"]
    duplicate_ids: Literal["error", "sum"]


def score_f1(truth: Stacks, proposal: Stacks, *, iou_threshold: float = 0.25) -> F1Score:
    """Footprint F1, regardless of identifiers, by month, AOI and over all.

    Each month is matched as SCOT does: as many pairs with an IoU above the threshold (strictly) as
    possible. Months of either side count; an AOI that only one side has counts as missed or
    invented.

    Args:
        truth: One AOI, or several by name.
        proposal: The same for what is scored.
        iou_threshold: 0.25 in SpaceNet 7; earlier challenges used 0.5.

    Returns:
        Counts and scores.

    Raises:
        InputError: The threshold is no number, or the two sides have no AOI in common.
    """
    threshold = real_number("iou_threshold", iou_threshold)
    truths, proposals = common_aois(truth, proposal)
    aois = {}
    for name in sorted({*truths, *proposals}):
        g, p = truths.get(name, no_stack(name)), proposals.get(name, no_stack(name))
        months = sorted({*g.months, *p.months})
        frames = [(_bounds(g, month), _bounds(p, month)) for month in months]
        rows = _core.count_f1(g.footprints.arrays, p.footprints.arrays, frames, threshold)
        counts = [F1Counts(*row) for row in rows]
        aois[name] = F1Aoi(dict(zip(months, counts, strict=True)), _sum(counts))
    return F1Score(aois, _sum(aoi.total for aoi in aois.values()))


def score_scot(
    truth: Stacks,
    proposal: Stacks,
    *,
    iou_threshold: float = 0.25,
    beta: float = 2.0,
    base_reward: float = 100.0,
    truth_min_area_px: float = 0.0,
    unmatched_months: Literal["ignore", "count"] = "ignore",
    duplicate_ids: Literal["error", "sum"] = "error",
) -> ScotScore:
    """SCOT, the SpaceNet Change and Object Tracking metric.

    Van Etten et al., "The Multi-Temporal Urban Development SpaceNet Dataset", CVPR 2021. Every AOI
    of the truth is scored; one that the proposal lacks scores 0, and AOIs only in the proposal are
    left out. An AOI in whose truth nothing new comes up scores 0 whatever is proposed
    (``ScotAoi.has_change``).

    Args:
        truth: One AOI, or several by name, with ids.
        proposal: The same for what is scored.
        iou_threshold: A pair counts if its IoU is above (strictly).
        beta: Weight of the tracking score.
        base_reward: What each pair is worth in the matching beside its IoU. At 100 the number of
            pairs comes first, then the sum of IoU.
        truth_min_area_px: Truth with a smaller area is left out. The official SpaceNet 7 scorer
            uses 4.
        unmatched_months: What to do with months that only the proposal has, or in which the truth
            has no footprints: ``ignore`` them, as the reference does, or ``count`` them.
        duplicate_ids: ``error``, or ``sum``: match the rows of an id as one and add up their IoUs,
            as the reference does.

    Returns:
        The scores with every count and every pair.

    Raises:
        InputError: Ids are missing or come twice in a month, the two sides have no AOI in common,
            or an option is out of range.
    """
    for name, value, allowed in (
        ("unmatched_months", unmatched_months, ("ignore", "count")),
        ("duplicate_ids", duplicate_ids, ("error", "sum")),
    ):
        if value not in allowed:
            raise InputError(f"{name}: got {value!r}, wanted one of {', '.join(allowed)}")
    threshold, beta = real_number("iou_threshold", iou_threshold), number_from_zero("beta", beta)
    base_reward = number_from_zero("base_reward", base_reward)
    truth_min_area_px = number_from_zero("truth_min_area_px", truth_min_area_px)
    truths, proposals = common_aois(truth, proposal)
    aois = {}
    for name in sorted(truths):
        g, p = truths[name], proposals.get(name, no_stack(name))
        g = large_enough(g, truth_min_area_px)
        months = [month for month in g.months if _count(g, month) > 0]
        if unmatched_months == "count":
            months = [*g.months, *p.months]
        months = sorted(set(months))
        aois[name] = _score_aoi(
            g, p, months, threshold, base_reward, beta, sum_duplicates=duplicate_ids == "sum"
        )
    return ScotScore(aois)


def _score_aoi(
    truth: Stack,
    proposal: Stack,
    months: list[str],
    iou_threshold: float,
    base_reward: float,
    beta: float,
    *,
    sum_duplicates: bool,
) -> ScotAoi:
    def side(stack: Stack, name: str) -> tuple[Any, NDArray[np.int64], NDArray[np.int32]]:
        if stack.ids is None:
            raise InputError(f"{name}: AOI {stack.aoi} has no ids; track it first")
        return stack.footprints.arrays, stack.ids, stack.frame_offsets

    def frame(stack: Stack, month: str) -> int | None:
        return stack.months.index(month) if month in stack.months else None

    try:
        per_month, mismatches, track_counts, track, change_counts, change, score = _core.score_scot(
            side(truth, "truth"),
            side(proposal, "proposal"),
            [(frame(truth, month), frame(proposal, month)) for month in months],
            iou_threshold,
            base_reward,
            beta,
            sum_duplicates,
        )
    except InputError as error:
        raise type(error)(f"AOI {truth.aoi}: {error}") from None
    scored = {
        month: ScotMonth(*counts, switched, *changes, truth_ids, proposal_ids, iou)
        for month, (counts, switched, changes, truth_ids, proposal_ids, iou) in zip(
            months, per_month, strict=True
        )
    }
    return ScotAoi(scored, mismatches, *track_counts, track, *change_counts, change, score)


def _as_mapping(stacks: Stacks) -> dict[str, Stack]:
    return {stacks.aoi: stacks} if isinstance(stacks, Stack) else dict(stacks)


def common_aois(truth: Stacks, proposal: Stacks) -> tuple[dict[str, Stack], dict[str, Stack]]:
    """Both sides by AOI. Two single stacks are compared whatever their names."""
    if isinstance(truth, Stack) and isinstance(proposal, Stack):
        return {truth.aoi: truth}, {truth.aoi: proposal}
    truths, proposals = _as_mapping(truth), _as_mapping(proposal)
    if truths and proposals and not truths.keys() & proposals.keys():
        raise InputError(
            f"no common AOI: truth has {_some(truths)}, proposal has {_some(proposals)}"
        )
    return truths, proposals


def large_enough(truth: Stack, min_area_px: float) -> Stack:
    """The truth that is scored."""
    return truth.take(truth.footprints.areas >= min_area_px) if min_area_px > 0 else truth


def _some(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:3]) + (f" and {len(ordered) - 3} more" if len(ordered) > 3 else "")


def no_stack(aoi: str) -> Stack:
    """The proposal for an AOI of which there is none."""
    return Stack.from_frames([], months=[], aoi=aoi, ids=[])


def _bounds(stack: Stack, month: str) -> tuple[int, int]:
    if month not in stack.months:
        return 0, 0
    rows = stack.rows(month)
    return rows.start, rows.stop


def _count(stack: Stack, month: str) -> int:
    start, stop = _bounds(stack, month)
    return stop - start


def _sum(counts: Iterable[F1Counts]) -> F1Counts:
    rows = [(c.true_positives, c.false_positives, c.false_negatives) for c in counts]
    return (
        F1Counts(*(sum(column) for column in zip(*rows, strict=True)))
        if rows
        else F1Counts(0, 0, 0)
    )
