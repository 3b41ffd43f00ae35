"""What each building costs the SCOT score, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sn7fast.attribution.events import KINDS
from sn7fast.io.outputs import whole_file
from sn7fast.scores import ScotAoi, ScotScore

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sn7fast.attribution.costs import ErrorCounts


@dataclass(frozen=True, slots=True, eq=False)
class AoiAttribution:
    """What each building with an error costs the score of one AOI.

    The rows are sorted: the most costly first, equal ones by side (truth first) and id.

    Attributes:
        score: The score that is explained.
        is_truth: bool (n,), True if the id is one of the truth, False if of the proposal.
        ids: int64 (n,), identifiers.
        costs: float64 (n, 7), by building and kind in the order of `KINDS`; never negative.
        errors: By kind, how many errors there are in each of SCOT's counts.
        unit_costs: The price of one error in each of SCOT's counts.
        no_change: 1 if nothing is built in the truth after its first month, so that the score is 0
            whatever is proposed; else 0. With ``costs`` it adds up to 1 - score.
    """

    score: ScotAoi
    is_truth: NDArray[np.bool_]
    ids: NDArray[np.int64]
    costs: NDArray[np.float64]
    errors: dict[str, ErrorCounts]
    unit_costs: ErrorCounts
    no_change: float

    @property
    def by_kind(self) -> dict[str, float]:
        """Cost of each kind of error, and ``no_change``."""
        kinds = dict(zip(KINDS, self.costs.sum(axis=0).tolist(), strict=True))
        return {**kinds, "no_change": self.no_change}

    @property
    def total(self) -> float:
        """1 - score."""
        return float(self.costs.sum()) + self.no_change

    def rows(self) -> Iterator[dict[str, Any]]:
        """The table: side, id, cost and the cost of each kind.

        ``no_change``, which no building is to blame for, has a row of its own with the side ``aoi``
        and no id.
        """
        if self.no_change:
            kinds = {**dict.fromkeys(KINDS, 0.0), "no_change": self.no_change}
            yield {"side": "aoi", "id": None, "cost": self.no_change, **kinds}
        columns = (self.is_truth, self.ids, self.costs.sum(axis=1), self.costs)
        for is_truth, name, cost, costs in zip(*(c.tolist() for c in columns), strict=True):
            side = "truth" if is_truth else "proposal"
            kinds = dict(zip(KINDS, costs, strict=True))
            yield {"side": side, "id": name, "cost": cost, **kinds, "no_change": 0.0}

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the cost of each kind of error with matplotlib; returns the Axes.

        Args:
            ax: Where to draw; None makes a figure.

        Raises:
            MissingDependencyError: matplotlib is not installed.
        """
        from sn7fast.plotting.scores import plot_costs

        return plot_costs(self.by_kind, self.score.score, ax=ax)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the score's months, ready for JSON."""
        return {
            "score": self.score.score,
            "cost": self.total,
            "kinds": self.by_kind,
            "errors": {kind: counts._asdict() for kind, counts in self.errors.items()},
            "unit_costs": self.unit_costs._asdict(),
            "buildings": list(self.rows()),
        }


@dataclass(frozen=True, slots=True, eq=False)
class ScotAttribution:
    """What each building costs the SCOT score.

    Attributes:
        aois: By name, sorted.
    """

    aois: dict[str, AoiAttribution]

    @property
    def scot(self) -> ScotScore:
        """The score that is explained."""
        return ScotScore({name: aoi.score for name, aoi in self.aois.items()})

    @property
    def by_kind(self) -> dict[str, float]:
        """Cost of each kind of error, the mean over the AOIs."""
        kinds = (*KINDS, "no_change")
        each = [aoi.by_kind for aoi in self.aois.values()]
        return {kind: sum(aoi[kind] for aoi in each) / max(len(each), 1) for kind in kinds}

    @property
    def total(self) -> float:
        """1 - score, the mean over the AOIs; 0 without AOIs."""
        return sum(aoi.total for aoi in self.aois.values()) / max(len(self.aois), 1)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the mean cost of each kind of error over the AOIs; returns the Axes.

        Args:
            ax: Where to draw; None makes a figure of matplotlib.

        Raises:
            MissingDependencyError: matplotlib is not installed.
        """
        from sn7fast.plotting.scores import plot_costs

        return plot_costs(self.by_kind, self.scot.score, ax=ax)

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "score": self.scot.score,
            "cost": self.total,
            "kinds": self.by_kind,
            "aois": {name: aoi.to_dict() for name, aoi in self.aois.items()},
        }

    def write_json(self, path: str | os.PathLike[str]) -> None:
        """Write `to_dict`; the file is replaced only once everything is written.

        Raises:
            OSError: The file cannot be written.
        """
        import json

        with whole_file(path) as part:
            text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
            part.write_text(text + "\n", encoding="utf-8")

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the table of buildings: aoi, side, id, cost and the cost of each kind.

        The costs of an AOI add up to 1 minus its score, so what a row costs the mean score is its
        cost divided by the number of AOIs. Numbers read back to the same bits.

        Raises:
            OSError: The file cannot be written.
        """
        import csv

        heads = ["aoi", "side", "id", "cost", *KINDS, "no_change"]
        with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, heads, lineterminator="\n")
            writer.writeheader()
            for name, aoi in self.aois.items():
                writer.writerows({"aoi": name, **row} for row in aoi.rows())
