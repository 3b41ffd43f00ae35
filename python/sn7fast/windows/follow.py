"""The trackers on some of the footprints, and identifiers for all of them.

Identifiers number founders by month, then from the largest to the smallest, then in raster order,
all of which is known of each founder wherever it was found. Which footprints can be tracked alone
is told in `sn7fast.windows.pending`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sn7fast import _core
from sn7fast.filters import FilterParams
from sn7fast.footprints import Footprints

if TYPE_CHECKING:
    from numpy.typing import NDArray

SeenRows: TypeAlias = "tuple[list[tuple[int, NDArray[np.uint8]]], int, tuple[int, int]]"
"""What is seen in some rows of the image, in bits, as ``_core.track_filtered`` takes it."""

# On top of a search radius: more than rounding can take from a distance.
_SLACK_PX = 1.0


@dataclass(frozen=True, slots=True)
class Tracker:
    """The tracker of the baseline, or the filtered one, as the core takes it.

    Attributes:
        min_iou: See `sn7fast.track`.
        reverse: See `sn7fast.track`.
        master: For the baseline.
        filters: For the filtered tracker; None for the baseline.
    """

    min_iou: float = 0.25
    reverse: bool = False
    master: str = "first"
    filters: FilterParams | None = None

    @property
    def reach(self) -> float:
        """How far apart two boxes may be and still matter to each other."""
        radius = 0.0 if self.filters is None else self.filters.search_radius_pixel
        return radius + _SLACK_PX if radius > 0 else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What the tracker says of some footprints; tracks are numbered from 0.

    Attributes:
        rows: Positions of footprints that stay.
        tracks: Track of each of them.
        iou: As `sn7fast.track` gives it.
        filled: Footprints that fill gaps.
        filled_months: Month of each of them.
        filled_tracks: Track of each of them.
        founders: For each track, those that were dropped later too, the position of its founder.
    """

    rows: NDArray[np.int64]
    tracks: NDArray[np.int64]
    iou: NDArray[np.float64]
    filled: Footprints
    filled_months: NDArray[np.int64]
    filled_tracks: NDArray[np.int64]
    founders: NDArray[np.int64]


def run(
    tracker: Tracker,
    footprints: Footprints,
    offsets: NDArray[np.int32],
    valid: SeenRows | None,
) -> Found:
    """Track footprints of which none has to do with others.

    Args:
        tracker: How.
        footprints: Of all months, one after the other.
        offsets: int32 (T + 1,), start of each month.
        valid: What is seen around all footprints; None if all is.
    """
    if tracker.filters is None:
        ids, iou = _core.track(
            footprints.arrays, offsets, tracker.min_iou, tracker.reverse, tracker.master
        )
        rows = np.arange(len(ids))
        founders = _first_of(ids, rows, offsets, reverse=tracker.reverse)
        none = np.empty(0, np.int64)
        return Found(rows, ids, iou, Footprints.empty(), none, none, founders)
    # Who founds an identifier does not depend on what stays and what is filled afterwards.
    only_following = replace(
        FilterParams(),
        **{
            name: getattr(tracker.filters, name)
            for name in (
                "min_iou", "matching", "nearest_tracks", "nearest_shapes", "shape_update_method",
                "num_ahead_frames", "min_iou_new_building", "max_area_occupied",
                "search_radius_pixel", "max_num_intersect_polys",
            )
        },
    )  # fmt: skip
    source, _, labels, _, _ = _core.track_filtered(
        footprints.arrays, offsets, only_following, tracker.reverse, None, None
    )
    known, _ = np.unique(labels, return_inverse=True)
    founders = _first_of(np.searchsorted(known, labels), source, offsets, reverse=tracker.reverse)
    # What is hidden counts as hidden however little it is: whoever asks has made clear months so.
    filters = replace(tracker.filters, fill_min_cloud_px=0)
    source, frames, labels, iou, parts = _core.track_filtered(
        footprints.arrays, offsets, filters, tracker.reverse, valid, None
    )
    tracks = np.searchsorted(known, labels)
    fills = np.isnan(iou)
    clipped = Footprints._trusted(parts)
    every = Footprints.concatenate([footprints, clipped]) if len(clipped) else footprints
    months = np.repeat(np.arange(len(frames) - 1), np.diff(frames))
    return Found(
        source[~fills],
        tracks[~fills],
        iou[~fills],
        every[source[fills]],
        months[fills],
        tracks[fills],
        founders,
    )


def _first_of(
    tracks: NDArray[np.int64],
    rows: NDArray[np.int64],
    offsets: NDArray[np.int32],
    *,
    reverse: bool,
) -> NDArray[np.int64]:
    """For each track the row of the month that comes first for the tracker."""
    month = np.searchsorted(offsets, rows, side="right") - 1
    turn = len(offsets) - 2 - month if reverse else month
    order = np.argsort(turn, kind="stable")
    _, first = np.unique(tracks[order], return_index=True)
    return rows[order][first]


class Founders:
    """What orders identifiers: who founded each track."""

    def __init__(self) -> None:
        self._parts: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(
        self, turns: NDArray[np.int64], areas: NDArray[np.float64], numbers: NDArray[np.int64]
    ) -> None:
        """Further tracks: the turn of the founder's month, its area, its number in the month."""
        self._parts.append((turns.astype(np.int32), areas, numbers))
        self._count += len(turns)

    def labels(
        self, first_turn: int = 0, first_areas: NDArray[np.float64] | None = None
    ) -> NDArray[np.int64]:
        """Identifiers of all tracks, as the tracker numbers them.

        Args:
            first_turn: That of the first month that has footprints.
            first_areas: float64, areas of all footprints of that month by number, for a tracker
                that numbers them before it drops some; None for one that drops none.
        """
        if not self._count:
            return np.empty(0, np.int64)
        turns, areas, numbers = map(np.concatenate, zip(*self._parts, strict=True))
        labels = np.empty(len(turns), np.int64)
        labels[np.lexsort((numbers, -areas, turns))] = np.arange(len(turns))
        if first_areas is None:
            return labels
        early = turns == first_turn
        rank = np.empty(len(first_areas), np.int64)
        rank[np.argsort(-first_areas, kind="stable")] = np.arange(len(first_areas))
        labels[~early] -= early.sum()
        if early.any():
            labels[early] = rank[numbers[early]]
            labels[~early] += labels[early].max() + 1
        return labels
