"""Tracked footprints that may be larger than memory."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.footprints import Footprints
from sn7fast.simplify import simplify
from sn7fast.stack import Stack
from sn7fast.windows.spool import BATCH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from sn7fast.buildings import Buildings
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


@dataclass(eq=False)
class LargeStack(ABC):
    """What a `Stack` holds after tracking, read in parts.

    Used in a ``with`` block, or until `close`.

    Attributes:
        aoi: Name of the area.
        months: T labels.
        grid: Where the pixels lie on the ground, or None.
        may_be_several: True if some footprint may be a multipolygon.
        simplify_px: Tolerance by which footprints are simplified as they are read; 0 for none.
    """

    aoi: str
    months: tuple[str, ...]
    grid: Grid | None
    may_be_several: bool
    simplify_px: float

    @property
    @abstractmethod
    def counts(self) -> tuple[int, ...]:
        """Footprints of each month."""

    @property
    @abstractmethod
    def building_count(self) -> int:
        """Number of identifiers that have footprints."""

    @abstractmethod
    def parts(self) -> Iterator[Stack]:
        """Stacks of one month each and of some ten thousand footprints, with ids.

        All of them, one after the other, are the rows of the whole stack in its order. A month
        without footprints comes as one empty part.
        """

    @property
    def buildings(self) -> Buildings | None:
        """What is known of each building, by the collapse."""
        return None

    def close(self) -> None:  # noqa: B027 - not all have something to take away
        """Take what is on disk away."""

    def __len__(self) -> int:
        """Number of footprints of all months."""
        return sum(self.counts)

    def _part(
        self,
        month: str,
        footprints: Footprints,
        ids: NDArray[Any],
        iou: NDArray[Any] | None = None,
    ) -> Stack:
        if self.simplify_px > 0:
            footprints = simplify(footprints, self.simplify_px)
        offsets = np.array([0, len(footprints)])
        return Stack(self.aoi, (month,), footprints, offsets, ids, iou, self.grid)

    def to_stack(self) -> Stack:
        """All of it in memory."""
        parts = list(self.parts())
        iou = [part.iou for part in parts if part.iou is not None]
        return Stack(
            self.aoi,
            self.months,
            Footprints.concatenate(part.footprints for part in parts),
            np.cumsum([0, *self.counts]),
            np.concatenate([part.ids for part in parts if part.ids is not None]),
            np.concatenate(iou) if iou else None,
            self.grid,
            self.buildings,
        )

    def __enter__(self) -> LargeStack:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(eq=False)
class FollowedStack(LargeStack):
    """Footprints of the trackers, kept on disk."""

    _tracks: tuple[MonthTracks, ...]
    _folder: Path
    _ids: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        every = [ids for t in self._tracks for ids in (t.ids, t.filled_ids)]
        found = np.unique(np.concatenate([*every, np.empty(0, np.int64)]))
        self._ids = found[found >= 0]

    @property
    def counts(self) -> tuple[int, ...]:
        """See `LargeStack`."""
        return tuple(int((t.ids >= 0).sum()) + len(t.filled_ids) for t in self._tracks)

    @property
    def building_count(self) -> int:
        """See `LargeStack`."""
        return len(self._ids)

    def parts(self) -> Iterator[Stack]:
        """See `LargeStack`."""
        for month, tracks, count in zip(self.months, self._tracks, self.counts, strict=True):
            if not count:
                yield self._part(month, Footprints.empty(), tracks.ids[:0], tracks.iou[:0])
                continue
            for start, footprints in tracks.seen.batches():
                rows = slice(start, start + len(footprints))
                ids, iou = tracks.ids[rows], tracks.iou[rows]
                kept = ids >= 0
                if kept.any():
                    found = footprints if kept.all() else footprints[kept]
                    yield self._part(month, found, ids[kept], iou[kept])
            # By identifier, as the tracker puts them; those lie anywhere.
            order = np.argsort(tracks.filled_ids, kind="stable")
            for first in range(0, len(order), 4 * BATCH):
                filled = order[first : first + 4 * BATCH]
                none = np.full(len(filled), np.nan)
                yield self._part(month, tracks.filled.take(filled), tracks.filled_ids[filled], none)

    def close(self) -> None:
        """See `LargeStack`."""
        for tracks in self._tracks:
            tracks.seen.close()
            tracks.filled.close()
        shutil.rmtree(self._folder, ignore_errors=True)


@dataclass(eq=False)
class CollapsedStack(LargeStack):
    """Buildings of the collapse: each has one footprint, which is in memory once."""

    _shapes: Footprints
    _by_month: tuple[NDArray[np.uint32], ...]
    _buildings: Buildings

    @property
    def counts(self) -> tuple[int, ...]:
        """See `LargeStack`."""
        return tuple(map(len, self._by_month))

    @property
    def building_count(self) -> int:
        """See `LargeStack`."""
        shown = np.zeros(len(self._shapes), bool)
        for ids in self._by_month:
            shown[ids] = True
        return int(shown.sum())

    @property
    def buildings(self) -> Buildings:
        """See `LargeStack`."""
        return self._buildings

    def parts(self) -> Iterator[Stack]:
        """See `LargeStack`."""
        for month, ids in zip(self.months, self._by_month, strict=True):
            for first in range(0, max(len(ids), 1), BATCH):
                rows = ids[first : first + BATCH].astype(np.int64)
                yield self._part(month, self._shapes[rows], rows)
