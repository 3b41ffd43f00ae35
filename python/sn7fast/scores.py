"""F1 and SCOT scores with every count they are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from matplotlib.axes import Axes
    from numpy.typing import NDArray


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

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> F1Counts:
        """Undoes `to_dict`."""
        return cls(**{name: content[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class F1Aoi:
    """F1 of one AOI, by month and over all its months."""

    months: dict[str, F1Counts]
    total: F1Counts

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        months = {month: counts.to_dict() for month, counts in self.months.items()}
        return {**self.total.to_dict(), "months": months}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> F1Aoi:
        """Undoes `to_dict`."""
        months = content["months"].items()
        return cls(
            {month: F1Counts.from_dict(counts) for month, counts in months},
            F1Counts.from_dict(content),
        )

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw F1 by month with matplotlib, into ``ax`` or a new figure; returns the Axes.

        Raises:
            MissingDependencyError: matplotlib is not installed.
        """
        from sn7fast.plotting.scores import plot_f1

        return plot_f1({f"all months {self.total.f1:.3f}": self}, ax=ax)


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

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw F1 by month with matplotlib, into ``ax`` or a new figure; returns the Axes.

        A line for each AOI; of more than seven AOIs thin lines and their mean.

        Raises:
            MissingDependencyError: matplotlib is not installed.
        """
        from sn7fast.plotting.scores import plot_f1

        return plot_f1(self.aois, ax=ax)


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

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> ScotMonth:
        """Undoes `to_dict`."""
        pairs = {name: np.array(content[name], np.int64) for name in ("truth_ids", "proposal_ids")}
        counts = {name: content[name] for name in cls.__slots__}
        return cls(**counts | pairs | {"iou": np.array(content["iou"], np.float64)})


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

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> ScotAoi:
        """Undoes `to_dict`."""
        months = {month: ScotMonth.from_dict(one) for month, one in content["months"].items()}
        return cls(**{name: content[name] for name in cls.__slots__} | {"months": months})

    def plot(self, what: Literal["change", "track"] = "change", *, ax: Axes | None = None) -> Axes:
        """Draw the counts of each month with matplotlib, as stacked bars.

        Args:
            what: ``change``: new buildings found, missed and invented. ``track``: footprints
                matched, with a switched id, missed and invented.
            ax: Where to draw; None makes a figure.

        Returns:
            The Axes.

        Raises:
            InputError: Another ``what``.
            MissingDependencyError: matplotlib is not installed.
        """
        from sn7fast.plotting.scores import plot_scot_months

        return plot_scot_months(self, what, ax=ax)


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

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw SCOT and its two terms for each AOI, and their means; returns the Axes.

        Args:
            ax: Where to draw; None makes a figure of matplotlib.

        Raises:
            MissingDependencyError: matplotlib is not installed.
        """
        from sn7fast.plotting.scores import plot_scot

        return plot_scot(self, ax=ax)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0
