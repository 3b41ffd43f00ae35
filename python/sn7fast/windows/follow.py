"""Tracking over bands: what hangs together is followed at once, and what is complete is left alone.

::

    for each band of rows:
        polygonize it in all months        -> footprints that are complete, boxes of what is not
        cluster all boxes that are pending -> footprints that touch each other in some month
        clusters without an incomplete one -> the tracker; out of memory
    at the end: identifiers in the order in which the tracker would have founded them

The trackers look at footprints that share an area or a point, or that lie within a radius; so
what happens in a cluster depends on nothing outside of it, and a cluster is complete if no
region that still grows is in it and the rows to come are out of reach. A region that grows counts
as a chain of low boxes, so a road that winds over all bands keeps back what lies along it and not
what lies beside it; only with a search radius all that is not above its top. Nothing is guessed: a
building, or a row of them, that spans many bands is kept until its last row is known. Identifiers
number founders by month, then from the largest to the smallest, then in raster order, all of which
is known of each founder wherever it was found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast import _core
from sn7fast.filters import FilterParams
from sn7fast.footprints import Footprints

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# On top of a search radius: more than rounding can take from a distance.
_SLACK_PX = 1.0

MOST_AT_ONCE = 100_000
"""Footprints that are tracked at once, unless a single cluster has more."""


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
    valid: NDArray[np.uint8] | None,
    top: int,
) -> Found:
    """Track footprints of which none has to do with others.

    Args:
        tracker: How.
        footprints: Of all months, one after the other.
        offsets: int32 (T + 1,), start of each month.
        valid: uint8 (T, rows, columns), 0 where nothing is seen, around all footprints; or None.
        top: Which row of the image the first row of ``valid`` is.
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
        footprints.arrays, offsets, filters, tracker.reverse, valid, None, top
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


class Pending:
    """Footprints of all months that are complete and may have to do with some that are not."""

    def __init__(self, months: int) -> None:
        self._footprints = [Footprints.empty() for _ in range(months)]
        self._numbers = [np.empty(0, np.int64) for _ in range(months)]

    def add(self, month: int, footprints: Footprints, start: int) -> None:
        """Footprints of a month, numbered from ``start`` on."""
        if len(footprints):
            self._footprints[month] = Footprints.concatenate([self._footprints[month], footprints])
            numbers = np.arange(start, start + len(footprints))
            self._numbers[month] = np.concatenate([self._numbers[month], numbers])

    def __len__(self) -> int:
        return sum(map(len, self._numbers))

    def take_complete(
        self, growing: NDArray[np.float64], end: float, reach: float
    ) -> Iterator[tuple[Footprints, NDArray[np.int32], NDArray[np.int64]]]:
        """Take out the clusters that nothing can be added to.

        Args:
            growing: Boxes that hold what is known of the regions that are not complete, some for
                each.
            end: What is to come lies below this line.
            reach: How far apart two boxes of a cluster may be.

        Yields:
            Footprints month after month, start of each month, and the number of each footprint; of
            some clusters each time.
        """
        boxes = np.concatenate([*(part.bounds for part in self._footprints), growing])
        cluster = _core.cluster_boxes(np.ascontiguousarray(boxes), reach)
        grows = np.zeros(len(boxes), bool)
        grows[cluster[len(self) :]] = True
        # A region below that begins at the line touches what ends there. A radius counts from a
        # centroid, and that of a region that grows may come to lie anywhere below its top.
        line = growing[:, 1].min(initial=end) if reach > 0 else end
        grows[cluster[boxes[:, 3] + reach >= line]] = True
        own = cluster[: len(self)]
        # Batches of whole clusters, so that the tracker never has too many at once.
        sizes = np.bincount(own[~grows[own]], minlength=len(boxes))
        batch = np.where(grows, -1, (np.cumsum(sizes) - sizes) // MOST_AT_ONCE)[own]
        parts, numbers = self._footprints, self._numbers
        starts = np.cumsum([0, *map(len, parts)])
        of_month = [batch[one:other] for one, other in pairwise(starts)]
        self._footprints = [p[b < 0] for p, b in zip(parts, of_month, strict=True)]
        self._numbers = [n[b < 0] for n, b in zip(numbers, of_month, strict=True)]
        for k in np.unique(batch[batch >= 0]):
            taken = [p[b == k] for p, b in zip(parts, of_month, strict=True)]
            chosen = [n[b == k] for n, b in zip(numbers, of_month, strict=True)]
            offsets = np.cumsum([0, *map(len, taken)]).astype(np.int32)
            yield Footprints.concatenate(taken), offsets, np.concatenate(chosen)

    def top(self) -> float:
        """The first line of what is pending; infinite if that is nothing."""
        tops = [part.bounds[:, 1].min() for part in self._footprints if len(part)]
        return float(min(tops, default=np.inf))


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
