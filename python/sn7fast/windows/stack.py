"""Tracked footprints of areas larger than memory."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sn7fast.footprints import Footprints
from sn7fast.large import BATCH, LargeStack
from sn7fast.simplify import simplify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from sn7fast.grid import Grid
    from sn7fast.windows.spool import Spool


@dataclass(frozen=True, slots=True, eq=False)
class MonthTracks:
    """The footprints of a month: on disk, with what was found out about them.

    Attributes:
        seen: All that were polygonized.
        ids: int64 (n,), of each of them, -1 for one that was dropped.
        iou: float64 (n,).
        filled: Those that fill gaps.
        filled_ids: int64 (m,), of each of them.
    """

    seen: Spool
    ids: NDArray[np.int64]
    iou: NDArray[np.float64]
    filled: Spool
    filled_ids: NDArray[np.int64]

    @property
    def order(self) -> NDArray[np.int64]:
        """Those that fill gaps by identifier, as the tracker puts them behind the others."""
        return np.argsort(self.filled_ids, kind="stable")


class FollowedStack(LargeStack):
    """Footprints of the trackers, kept on disk."""

    def __init__(
        self,
        aoi: str,
        months: tuple[str, ...],
        grid: Grid | None,
        tracks: tuple[MonthTracks, ...],
        folder: Path,
        *,
        may_be_several: bool,
        simplify_px: float,
    ) -> None:
        ids, iou, counts = [np.empty(0, np.int64)], [np.empty(0)], []
        for month in tracks:
            kept = month.ids >= 0
            ids += [month.ids[kept], month.filled_ids[month.order]]
            iou += [month.iou[kept], np.full(len(month.filled_ids), np.nan)]
            counts.append(int(kept.sum()) + len(month.filled_ids))
        super().__init__(
            aoi=aoi,
            months=months,
            counts=tuple(counts),
            ids=np.concatenate(ids),
            iou=np.concatenate(iou),
            grid=grid,
            may_be_several=may_be_several,
        )
        self._tracks, self._folder, self._simplify_px = tracks, folder, simplify_px

    def shapes(self, months: range) -> Iterator[tuple[int, Footprints]]:
        """See `LargeStack`."""
        for month in months:
            for footprints in self._of_month(self._tracks[month]):
                if self._simplify_px > 0:
                    yield month, simplify(footprints, self._simplify_px)
                else:
                    yield month, footprints

    def _of_month(self, tracks: MonthTracks) -> Iterator[Footprints]:
        for start, footprints in tracks.seen.batches():
            kept = tracks.ids[start : start + len(footprints)] >= 0
            if kept.any():
                yield footprints if kept.all() else footprints[kept]
        # They lie anywhere in their file.
        order = tracks.order
        for first in range(0, len(order), BATCH):
            yield tracks.filled.take(order[first : first + BATCH])

    def close(self) -> None:
        """See `LargeStack`."""
        for tracks in self._tracks:
            tracks.seen.close()
            tracks.filled.close()
        shutil.rmtree(self._folder, ignore_errors=True)


@dataclass(eq=False, kw_only=True)
class CollapsedStack(LargeStack):
    """Buildings of the collapse: each has one footprint, which is in memory once.

    Attributes:
        footprints: Of each building that the collapse knows, by number.
    """

    footprints: Footprints = field(default_factory=Footprints.empty)

    def shapes(self, months: range) -> Iterator[tuple[int, Footprints]]:
        """See `LargeStack`."""
        offsets = self.frame_offsets.tolist()
        for month in months:
            for first in range(offsets[month], offsets[month + 1], BATCH):
                rows = slice(first, min(first + BATCH, offsets[month + 1]))
                yield month, self.footprints[self.ids[rows]]
