"""From a cube larger than memory to tracked buildings, as if it were in one piece."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast import _core
from sn7fast.footprints import Footprints
from sn7fast.io.bands import band_ranges
from sn7fast.polygonize import visible
from sn7fast.postprocess.segmentation import seen
from sn7fast.refinement import refine
from sn7fast.windows.follow import Founders, Tracker, run
from sn7fast.windows.pending import Batch, Pending
from sn7fast.windows.spool import Spool
from sn7fast.windows.stack import FollowedStack, MonthTracks

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from sn7fast.cube import Cube
    from sn7fast.large import LargeStack
    from sn7fast.postprocess.segmentation import Threshold
    from sn7fast.windows.follow import SeenRows
    from sn7fast.windows.source import CubeBands

# Of a pixel in all steps, beside its own bytes in the cube: outlines, footprints and their boxes
# where a town is dense, and what is read before it is a cube.
_OVERHEAD_BYTES = 24


def track_bands(
    source: CubeBands,
    threshold: Threshold,
    tracker: Tracker,
    *,
    aoi: str = "",
    refine_weight: float | None = None,
    simplify_px: float = 0.0,
    memory_mb: float = 1000,
    folder: str | os.PathLike[str] | None = None,
) -> LargeStack:
    """Find the footprints of each month and follow them, with a band of the cube in memory.

    Args:
        source: The cube.
        threshold: How footprints are found.
        tracker: How they are followed; not one that looks for the nearest centroids.
        aoi: Name of the area.
        refine_weight: See `sn7fast.refine`; None leaves the months as they are.
        simplify_px: See `sn7fast.simplify`; 0 leaves the footprints.
        memory_mb: Megabytes for a band and what is made of it. The identifier and the IoU of all
            footprints come on top, 16 bytes each, and the boxes of those that wait for what is not
            complete, about 50 bytes each. If gaps are filled, so do the clouds over these: a bit
            for each pixel and month.
        folder: Where to keep footprints until they are written; None means the system's folder for
            temporary files. About 200 bytes a footprint are needed.

    Returns:
        The rows that `sn7fast.postprocess` gives for the whole cube, to the bit and in its order.

    Raises:
        InputError: The memory is too little for a band, or a file cannot be used.
        OSError: The disk is full.
    """
    ranges = band_ranges(
        source.shape_yx,
        memory_mb=memory_mb,
        bytes_per_px=len(source.months) * ((1 if source.is_uint8 else 4) + _OVERHEAD_BYTES),
        block_rows=source.block_rows,
        source=aoi or "the cube",
    )
    clear = _clear_months(source, tracker, ranges)
    own = Path(tempfile.mkdtemp(prefix="sn7fast-", dir=folder))
    job: _Job | None = None
    try:
        job = _Job(source, threshold, tracker, own)
        for first, end in ranges:
            cube = source.read(first, end)
            if refine_weight is not None:
                cube = refine(cube, weight=refine_weight)
            job.band(cube, end, clear)
        return job.finish(aoi, simplify_px)
    except BaseException:
        if job is not None:
            job.close()
        shutil.rmtree(own, ignore_errors=True)
        raise


def _clear_months(
    source: CubeBands, tracker: Tracker, ranges: list[tuple[int, int]]
) -> NDArray[np.bool_]:
    """Months so little of which is hidden that they count as clear when gaps are filled, (T,).

    That takes another pass over the cube, if it matters at all.
    """
    clear = np.zeros(len(source.months), bool)
    filters = tracker.filters
    if filters is None or filters.fill == "none" or filters.fill_min_cloud_px <= 1:
        return clear
    hidden = np.zeros(len(source.months), np.int64)
    for first, end in ranges:
        valid = seen(source.read(first, end))
        if valid is not None:
            hidden += valid[0].size - np.count_nonzero(valid, axis=(1, 2))
    return hidden < filters.fill_min_cloud_px


@dataclass
class _Month:
    """What is known of one month so far."""

    mask: _core.MaskBands
    seen: Spool
    filled: Spool
    areas: list[NDArray[np.float64]] = field(default_factory=list)
    numbers: list[NDArray[np.int64]] = field(default_factory=list)
    tracks: list[NDArray[np.int64]] = field(default_factory=list)
    iou: list[NDArray[np.float64]] = field(default_factory=list)
    filled_tracks: list[NDArray[np.int64]] = field(default_factory=list)


class _Job:
    def __init__(
        self, source: CubeBands, threshold: Threshold, tracker: Tracker, folder: Path
    ) -> None:
        self.source, self.tracker, self.folder = source, tracker, folder
        self.connectivity = threshold.connectivity
        self._threshold = threshold.threshold * (255 if source.is_uint8 else 1)
        least = threshold.min_area_px * source.scale**2
        columns = source.shape_yx[1]
        self.months = [
            _Month(
                _core.MaskBands(columns, self._threshold, least, threshold.connectivity),
                Spool(folder / f"{month}.seen"),
                Spool(folder / f"{month}.filled"),
            )
            for month in range(len(source.months))
        ]
        self.pending = Pending([month.seen for month in self.months])
        self.founders = Founders()
        self.needs_valid = tracker.filters is not None and tracker.filters.fill != "none"
        self.valid = _ValidRows()

    def band(self, cube: Cube, end: int, clear: NDArray[np.bool_]) -> None:
        """The next rows, up to ``end``."""
        scale = self.source.scale
        valid = cube.valid_pixels()
        growing = []
        for index, month in enumerate(self.months):
            hidden = None if valid is None else valid[index]
            pixels, _ = visible(cube.prob[index], hidden, self._threshold)
            self._add(index, month.mask.push(np.ascontiguousarray(pixels)))
            growing.append(month.mask.open_bounds())
        if self.needs_valid:
            rows = seen(cube)
            shape = tuple(side // scale for side in cube.prob.shape[1:])
            self.valid.add(shape, None if rows is None else rows | clear[:, None, None])
        self._settle(np.concatenate(growing) / scale, end / scale)

    def finish(self, aoi: str, simplify_px: float) -> LargeStack:
        """All rows have come."""
        for index, month in enumerate(self.months):
            self._add(index, month.mask.end())
        self._settle(np.empty((0, 4)), np.inf)
        reverse, filters = self.tracker.reverse, self.tracker.filters
        counts = [len(month.seen) for month in self.months]
        turns = range(len(counts))[::-1] if reverse else range(len(counts))
        first_turn, first_month = next(
            ((turn, month) for turn, month in enumerate(turns) if counts[month]), (0, 0)
        )
        areas = None
        if filters is not None:
            areas = np.concatenate([*self.months[first_month].areas, np.empty(0)])
        labels = self.founders.labels(first_turn, areas)
        tracks = []
        for month in self.months:
            ids = np.full(len(month.seen), -1, np.int64)
            iou = np.zeros(len(month.seen))
            for numbers, its_tracks, its_iou in zip(
                month.numbers, month.tracks, month.iou, strict=True
            ):
                ids[numbers] = labels[its_tracks]
                iou[numbers] = its_iou
            filled = labels[np.concatenate([*month.filled_tracks, np.empty(0, np.int64)])]
            tracks.append(MonthTracks(month.seen, ids, iou, month.filled, filled))
        return FollowedStack(
            aoi,
            self.source.months,
            self.source.grid,
            tuple(tracks),
            self.folder,
            may_be_several=self.connectivity == 8,
            simplify_px=simplify_px,
        )

    def close(self) -> None:
        """No more use of the files."""
        for month in self.months:
            month.seen.close()
            month.filled.close()

    def _add(self, index: int, arrays: Any) -> None:  # noqa: ANN401 - of the core
        """Footprints of a month that are complete."""
        footprints = Footprints._trusted(arrays)
        if not len(footprints):
            return
        if self.source.scale != 1:
            coords = footprints.coords / self.source.scale
            footprints = Footprints._trusted((coords, *footprints.arrays[1:]))
        month = self.months[index]
        self.pending.add(index, footprints, len(month.seen))
        month.seen.append(footprints)
        if self.tracker.filters is not None and self._may_be_first(index):
            month.areas.append(footprints.areas)

    def _may_be_first(self, index: int) -> bool:
        """True if no month before it, as the tracker goes, has footprints so far."""
        before = self.months[index + 1 :] if self.tracker.reverse else self.months[:index]
        return not any(len(month.seen) for month in before)

    def _settle(self, growing: NDArray[np.float64], end: float) -> None:
        """Track what hangs together with nothing that is to come."""
        for batch in self.pending.take_complete(growing, end, self.tracker.reach):
            seen = None
            if self.needs_valid:
                bounds = batch.footprints.bounds
                seen = self.valid.rows(bounds[:, 1].min(), bounds[:, 3].max())
            self._track(batch, seen)
        self.valid.forget(min(self.pending.top(), growing[:, 1].min(initial=end)))

    def _track(self, batch: Batch, seen: SeenRows | None) -> None:
        found = run(self.tracker, batch.footprints, batch.offsets, seen)
        month = np.repeat(np.arange(len(self.months)), np.diff(batch.offsets))
        # A track never leaves its cluster: it is one of the batch if its founder is.
        is_own = batch.is_own[found.founders]
        number = len(self.founders) + np.cumsum(is_own) - 1
        founder = found.founders[is_own]
        turn = len(self.months) - 1 - month if self.tracker.reverse else month
        areas = batch.footprints.areas
        self.founders.add(turn[founder], areas[founder], batch.numbers[founder])
        month_of_row = np.where(batch.is_own[found.rows], month[found.rows], -1)
        month_of_fill = np.where(is_own[found.filled_tracks], found.filled_months, -1)
        for index, one in enumerate(self.months):
            here = month_of_row == index
            one.numbers.append(batch.numbers[found.rows[here]])
            one.tracks.append(number[found.tracks[here]])
            one.iou.append(found.iou[here])
            filled = month_of_fill == index
            if filled.any():
                one.filled.append(found.filled[filled])
                one.filled_tracks.append(number[found.filled_tracks[filled]])


class _ValidRows:
    """Rows of the valid pixels of all months, from some row of the image on."""

    def __init__(self) -> None:
        self._end = self._columns = 0
        # First row, row after the last, and bits (T, rows, bytes) or None if all is seen.
        self._bands: list[tuple[int, int, NDArray[np.uint8] | None]] = []

    def add(self, shape: tuple[int, ...], valid: NDArray[np.bool_] | None) -> None:
        """The next rows and columns: bool (T, rows, columns), or None if all is seen."""
        rows, self._columns = shape
        bits = None if valid is None or valid.all() else np.packbits(valid, axis=2)
        self._bands.append((self._end, self._end + rows, bits))
        self._end += rows

    def rows(self, top: float, bottom: float) -> SeenRows | None:
        """What is seen from one line to another, without a copy; None if that is all."""
        first, end = int(np.floor(top)), int(np.ceil(bottom))
        bands = [
            (start, bits)
            for start, stop, bits in self._bands
            if bits is not None and start < end and stop > first
        ]
        return (bands, self._columns, (first, end)) if bands else None

    def forget(self, line: float) -> None:
        """What lies above the line is no longer needed."""
        self._bands = [band for band in self._bands if band[1] > line]
