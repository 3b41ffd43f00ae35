"""Which footprints can be tracked, and which have to wait for rows that are to come.

::

    for each band of rows:
        polygonize it in all months        -> footprints that are complete, boxes of what is not
        cluster all boxes that are pending -> footprints that touch, of any months
        clusters without an incomplete one -> the tracker, in batches
    at the end: identifiers in the order in which the tracker would have founded them

The trackers look at footprints that share an area or a point; so what happens in a cluster depends
on nothing outside of it, and a cluster is complete if no region that still grows is in it and the
rows to come do not touch it. Nothing is guessed: a building, or a row of them, that spans many
bands is kept until its last row is known. A region that grows counts as a chain of low boxes, so a
road that winds over all bands keeps back what lies along it and not what lies beside it.

A search radius around centroids links clusters: whether a footprint founds an identifier depends on
the identifiers around it that were founded in earlier months. So each month leads one step further,
and a cluster depends on those that one step less than there are months can reach. It is tracked
with them once all of them are complete; each of them is kept until all that depend on it are
tracked. As the centroid of a region that grows may come to lie anywhere below its top, all that is
not above it waits; it does so on disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast import _core
from sn7fast.footprints import Footprints
from sn7fast.windows.boxes import low_boxes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sn7fast.windows.spool import Spool

MOST_AT_ONCE = 100_000
"""Footprints that are tracked at once, unless a single cluster has more."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Footprints that are tracked at once.

    Attributes:
        footprints: Of all months, one after the other.
        offsets: int32 (T + 1,), start of each month.
        numbers: int64 (n,), number of each footprint in its month.
        is_own: bool (n,), False for one that is only there because others depend on it.
    """

    footprints: Footprints
    offsets: NDArray[np.int32]
    numbers: NDArray[np.int64]
    is_own: NDArray[np.bool_]


class Pending:
    """Footprints of all months that are complete and may have to do with some that are not.

    Their boxes and numbers are kept; the footprints themselves stay on disk until they are needed.

    Args:
        months: All footprints of each month.
    """

    def __init__(self, months: Sequence[Spool]) -> None:
        self._months = months
        # One row for each box; those of a footprint follow each other.
        self._boxes = np.empty((0, 4))
        self._month = np.empty(0, np.int32)
        self._number = np.empty(0, np.int64)
        self._is_done = np.empty(0, np.bool_)
        self._added: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
        self._line = -np.inf

    def add(self, month: int, footprints: Footprints, start: int) -> None:
        """Footprints of a month, numbered from ``start`` on."""
        if len(footprints):
            boxes, of = low_boxes(footprints)
            self._added.append((boxes, np.full(len(of), month, np.int32), of + start))

    def __len__(self) -> int:
        self._gather()
        return int(self._is_first().sum())

    def _gather(self) -> None:
        parts = [(self._boxes, self._month, self._number), *self._added]
        self._boxes = np.concatenate([boxes for boxes, _, _ in parts])
        self._month = np.concatenate([month for _, month, _ in parts])
        self._number = np.concatenate([number for _, _, number in parts])
        self._added = []
        new = np.zeros(len(self._boxes) - len(self._is_done), np.bool_)
        self._is_done = np.concatenate([self._is_done, new])

    def _is_first(self) -> NDArray[np.bool_]:
        """Whether a row is the first one of its footprint."""
        is_first: NDArray[np.bool_] = np.diff(self._month, prepend=-1) != 0
        is_first |= np.diff(self._number, prepend=-1) != 0
        return is_first

    def take_complete(
        self, growing: NDArray[np.float64], end: float, reach: float
    ) -> Iterator[Batch]:
        """Take out what nothing that is to come can change.

        Args:
            growing: Boxes that hold what is known of the regions that are not complete, some for
                each.
            end: What is to come lies below this line.
            reach: How far apart two clusters may be of which one looks at the other.

        Yields:
            Some clusters each time, and those that they depend on.
        """
        # A radius counts from a centroid, and that of a region that grows may come to lie anywhere
        # below its top. What has been added since the line moved lies below it.
        line = growing[:, 1].min(initial=end) if reach > 0 else end
        if reach > 0 and line <= self._line:
            return
        self._line = line
        self._gather()
        count = len(self._boxes)
        boxes = np.concatenate([self._boxes, growing])
        is_first = np.concatenate([self._is_first(), np.ones(len(growing), bool)])
        thing = np.maximum.accumulate(np.where(is_first, np.arange(len(boxes)), 0))
        cluster = _core.cluster_boxes(boxes, thing.astype(np.uint32), 0.0)
        reached = _Reached(boxes, cluster, reach, len(self._months) - 1 if reach > 0 else 0)
        grows = np.zeros(len(boxes), bool)
        grows[cluster[count:]] = True
        # A region below that begins at the line touches what ends there.
        grows[cluster[boxes[:, 3] + reach >= line]] = True
        waits = reached.from_set(grows[cluster])[:count]
        own, is_first, goes = cluster[:count], is_first[:count], ~waits & ~self._is_done
        # Batches of whole clusters, so that the tracker never has too many at once.
        sizes = np.bincount(own[is_first & goes], minlength=len(boxes))
        batch = ((np.cumsum(sizes) - sizes) // MOST_AT_ONCE)[own]
        batch[~goes] = -1
        month, number = self._month, self._number
        batches = reached.from_each(np.append(batch, np.full(len(growing), -1)))

        self._is_done = self._is_done | goes
        # What is done stays as long as something depends on it that is not.
        still = np.append(~self._is_done, np.ones(len(growing), bool))
        stays = reached.from_set(still)[:count]
        self._boxes, self._is_done = self._boxes[stays], self._is_done[stays]
        self._month, self._number = month[stays], number[stays]
        for k, rows in batches:
            members = rows[is_first[rows]]
            members = members[np.argsort(month[members], kind="stable")]
            counts = np.bincount(month[members], minlength=len(self._months))
            offsets = np.cumsum([0, *counts]).astype(np.int32)
            numbers = np.split(number[members], offsets[1:-1])
            shapes = [spool.take(some) for spool, some in zip(self._months, numbers, strict=True)]
            yield Batch(
                Footprints.concatenate(shapes), offsets, number[members], batch[members] == k
            )

    def top(self) -> float:
        """The first line of what is not tracked yet; infinite if that is nothing."""
        self._gather()
        return float(self._boxes[~self._is_done, 1].min(initial=np.inf))


@dataclass(frozen=True, slots=True, eq=False)
class _Reached:
    """Boxes of clusters that a number of steps reach from others."""

    boxes: NDArray[np.float64]
    cluster: NDArray[np.uint32]
    reach: float
    steps: int

    def from_set(self, is_in: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """From whole clusters whose boxes are True; they are reached too."""
        if not self.steps:
            return is_in
        reached = np.zeros(len(is_in), np.bool_)
        for _, rows in self.from_each(np.where(is_in, 0, -1)):
            reached[rows] = True
        return reached

    def from_each(self, batch: NDArray[np.int64]) -> list[tuple[int, NDArray[Any]]]:
        """Number and ascending rows of each batch of clusters; -1 is none."""
        batches = np.unique(batch[batch >= 0])
        if not len(batches):
            return []
        place = np.searchsorted(batches, batch)
        place[batch < 0] = len(batches)
        if self.steps:
            rows: list[NDArray[Any]] = _core.boxes_within_steps(
                self.boxes,
                self.cluster,
                place.astype(np.uint32),
                len(batches),
                self.reach,
                self.steps,
            )
        else:
            order = np.argsort(place, kind="stable")
            ends = np.cumsum(np.bincount(place, minlength=len(batches) + 1))
            rows = np.split(order, ends[:-1])[:-1]
        return list(zip(batches.tolist(), rows, strict=True))
