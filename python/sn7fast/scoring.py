"""F1 and SCOT scores of tracked footprints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sn7fast import _core
from sn7fast.errors import InputError
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

Stacks: TypeAlias = "Stack | Mapping[str, Stack]"


@dataclass(frozen=True, slots=True)
class F1Counts:
    """How many footprints were matched, invented and missed."""

    true_positives: int
    false_positives: int
    false_negatives: int

    @property
    def precision(self) -> float:
        """Share of the proposal that is right; 0 without proposals."""
        return _ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of the truth that was found; 0 without truth."""
        return _ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); 0 if there is nothing at all."""
        wrong = self.false_positives + self.false_negatives
        return _ratio(2 * self.true_positives, 2 * self.true_positives + wrong)

    def to_dict(self) -> dict[str, Any]:
        """Counts and ratios, ready for JSON."""
        return {
            "true_positives": self.true_positives,
            "false_positives": self.false_positives,
            "false_negatives": self.false_negatives,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }


@dataclass(frozen=True, slots=True)
class F1Aoi:
    """F1 of one AOI, by month and over all its months."""

    months: dict[str, F1Counts]
    total: F1Counts

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        months = {month: counts.to_dict() for month, counts in self.months.items()}
        return {**self.total.to_dict(), "months": months}


@dataclass(frozen=True, slots=True)
class F1Score:
    """F1 of all AOIs.

    Attributes:
        aois: By name.
        pooled: The counts of all AOIs together.
    """

    aois: dict[str, F1Aoi]
    pooled: F1Counts

    @property
    def mean(self) -> float:
        """Mean of the AOIs' F1; 0 without AOIs."""
        return _mean(aoi.total.f1 for aoi in self.aois.values())

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        aois = {name: aoi.to_dict() for name, aoi in self.aois.items()}
        return {"mean": self.mean, "pooled": self.pooled.to_dict(), "aois": aois}


@dataclass(frozen=True, slots=True, eq=False)
class ScotMonth:
    """What one month contributes to SCOT.

    Attributes:
        tp: Matched pairs.
        fp: Proposals without a match.
        fn: Truth without a match.
        mismatches: Pairs in which an identifier changed its partner.
        change_tp: Pairs of two new identifiers; change counts are 0 in the first month.
        change_fp: Other new identifiers of the proposal.
        change_fn: Other new identifiers of the truth.
        truth_ids: int64 (tp,), the pairs' identifiers in the truth.
        proposal_ids: int64 (tp,), in the proposal.
        iou: float64 (tp,).
    """

    tp: int
    fp: int
    fn: int
    mismatches: int
    change_tp: int
    change_fp: int
    change_fn: int
    truth_ids: NDArray[np.int64]
    proposal_ids: NDArray[np.int64]
    iou: NDArray[np.float64]

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON; the pairs as three lists."""
        names = [
            name for name in self.__slots__ if name not in ("truth_ids", "proposal_ids", "iou")
        ]
        return {
            **{name: getattr(self, name) for name in names},
            "truth_ids": self.truth_ids.tolist(),
            "proposal_ids": self.proposal_ids.tolist(),
            "iou": self.iou.tolist(),
        }


@dataclass(frozen=True, slots=True, eq=False)
class ScotAoi:
    """SCOT of one AOI with every count.

    Attributes:
        months: By label, those that were scored.
        mismatches: Pairs in which an identifier changed its partner.
        track_tp: Matches less mismatches.
        track_fp: Unmatched proposals plus mismatches.
        track_fn: Unmatched truth plus mismatches.
        track: track_tp / (track_tp + (track_fp + track_fn) / 2), 0 if there is nothing.
        change_tp: New buildings found, from the second month on.
        change_fp: New buildings invented.
        change_fn: New buildings missed.
        change: The same ratio of the change counts; 0 if nothing was built.
        score: (1 + beta^2) change track / (beta^2 change + track), 0 if either is 0.
    """

    months: dict[str, ScotMonth]
    mismatches: int
    track_tp: int
    track_fp: int
    track_fn: int
    track: float
    change_tp: int
    change_fp: int
    change_fn: int
    change: float
    score: float

    @property
    def has_change(self) -> bool:
        """False if nothing new comes up in the truth: then the score is 0 whatever is proposed."""
        return self.change_tp + self.change_fn > 0

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        names = [name for name in self.__slots__ if name != "months"]
        months = {month: score.to_dict() for month, score in self.months.items()}
        return {**{name: getattr(self, name) for name in names}, "months": months}


@dataclass(frozen=True, slots=True)
class ScotScore:
    """SCOT of all AOIs of the truth.

    Attributes:
        aois: By name, sorted.
    """

    aois: dict[str, ScotAoi]

    @property
    def score(self) -> float:
        """Mean of the AOIs' scores; 0 without AOIs."""
        return _mean(aoi.score for aoi in self.aois.values())

    @property
    def track(self) -> float:
        """Mean of the AOIs' tracking scores."""
        return _mean(aoi.track for aoi in self.aois.values())

    @property
    def change(self) -> float:
        """Mean of the AOIs' change scores."""
        return _mean(aoi.change for aoi in self.aois.values())

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        aois = {name: aoi.to_dict() for name, aoi in self.aois.items()}
        means = {"score": self.score, "track": self.track, "change": self.change}
        return {**means, "aois": aois}


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
        InputError: The threshold is NaN, or the two sides have no AOI in common.
    """
    truths, proposals = _common(truth, proposal)
    aois = {}
    for name in sorted({*truths, *proposals}):
        g, p = truths.get(name, _no_stack(name)), proposals.get(name, _no_stack(name))
        months = sorted({*g.months, *p.months})
        frames = [(_bounds(g, month), _bounds(p, month)) for month in months]
        rows = _core.count_f1(g.footprints.arrays, p.footprints.arrays, frames, iou_threshold)
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
    truths, proposals = _common(truth, proposal)
    aois = {}
    for name in sorted(truths):
        g, p = truths[name], proposals.get(name, _no_stack(name))
        if truth_min_area_px > 0:
            g = g.take(g.footprints.areas >= truth_min_area_px)
        months = [month for month in g.months if _count(g, month) > 0]
        if unmatched_months == "count":
            months = [*g.months, *p.months]
        months = sorted(set(months))
        aois[name] = _score_aoi(
            g, p, months, iou_threshold, base_reward, beta, sum_duplicates=duplicate_ids == "sum"
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


def _common(truth: Stacks, proposal: Stacks) -> tuple[dict[str, Stack], dict[str, Stack]]:
    """Both sides by AOI. Two single stacks are compared whatever their names."""
    if isinstance(truth, Stack) and isinstance(proposal, Stack):
        return {truth.aoi: truth}, {truth.aoi: proposal}
    truths, proposals = _as_mapping(truth), _as_mapping(proposal)
    if truths and proposals and not truths.keys() & proposals.keys():
        raise InputError(
            f"no common AOI: truth has {_some(truths)}, proposal has {_some(proposals)}"
        )
    return truths, proposals


def _some(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:3]) + (f" and {len(ordered) - 3} more" if len(ordered) > 3 else "")


def _no_stack(aoi: str) -> Stack:
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


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0
