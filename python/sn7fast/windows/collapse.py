"""The temporal collapse of a cube larger than memory, window by window.

::

    all bands:        are the values probabilities, is something hidden?
    a sample of rows: by how much each month lies off
    each window:      candidates that belong to its core, their outlines and scores
    all candidates:   in the order of the whole, judged together

What belongs to which window, and why the result is that of the whole, is told in the core
(``collapse/window.rs``). A window that turns out too small is read again with a wider rim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sn7fast import _core
from sn7fast.buildings import Buildings
from sn7fast.collapse import LEVEL
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.io.bands import band_ranges
from sn7fast.refinement import refine
from sn7fast.simplify import simplify
from sn7fast.stc import frames_and_masks
from sn7fast.windows.stack import CollapsedStack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sn7fast.collapse import CollapseParams
    from sn7fast.cube import Cube
    from sn7fast.footprints import Arrays
    from sn7fast.windows.source import CubeBands

    _Found = tuple[NDArray[np.uint32], Arrays, NDArray[np.uint32], NDArray[np.uint32]]

# Of a pixel of a window, beside the months: levels, labels, basins, outlines.
_ONCE_BYTES = 56

# Rim of a window at first, in pixels of the image: wider than nearly all blocks of houses.
_RIM_PX = 96

# A core has at least this side, in pixels of the image, or nearly all would be rim.
_LEAST_CORE_PX = 32


def collapse_windows(
    source: CubeBands,
    params: CollapseParams,
    *,
    aoi: str = "",
    refine_weight: float | None = None,
    simplify_px: float = 0.0,
    memory_mb: float = 1000,
) -> CollapsedStack:
    """Find the buildings of an area and the months in which they stand, a window in memory.

    Args:
        source: The cube.
        params: As in `sn7fast.collapse`.
        aoi: Name of the area.
        refine_weight: See `sn7fast.refine`; None leaves the months as they are.
        simplify_px: See `sn7fast.simplify`; 0 leaves the footprints.
        memory_mb: Megabytes for a window and what is made of it. The candidates come on top: about
            200 bytes and 8 for each month.

    Returns:
        The rows and the buildings that `sn7fast.postprocess` gives for the whole cube, to the bit
        and in the same order.

    Raises:
        InputError: As `sn7fast.collapse`; or the memory is too little for a window that holds a
            group of buildings that touch each other.
    """
    area = _Area(source, params, refine_weight, aoi, memory_mb)
    area.look()
    keys, shapes, sizes, sums = [], [], [], []
    for found in area.windows():
        keys.append(found[0])
        shapes.append(Footprints._trusted(found[1]))
        sizes.append(found[2])
        sums.append(found[3])
    every = np.concatenate([np.empty((0, 3), np.uint32), *keys])
    order = np.lexsort((every[:, 2], every[:, 1], every[:, 0]))
    months = len(source.months)
    scores = np.concatenate([np.empty((months, 0, 2), np.uint32), *sums], axis=1)
    keep, columns, confidence, by_month = _core.collapse_decide(
        np.concatenate([np.empty(0, np.uint32), *sizes])[order],
        np.ascontiguousarray(scores[:, order]),
        params,
        LEVEL,
    )
    kept = Footprints.concatenate(shapes)[order[keep]]
    first, last, low, high, observed = columns.T
    buildings = Buildings(np.arange(len(columns)), first, low, high, last, confidence, observed)
    return CollapsedStack(
        aoi=aoi,
        months=source.months,
        counts=tuple(map(len, by_month)),
        ids=np.concatenate([np.empty(0, np.int64), *by_month]).astype(np.int64),
        grid=source.grid,
        buildings=buildings,
        footprints=simplify(kept, simplify_px) if simplify_px > 0 else kept,
    )


@dataclass
class _Area:
    source: CubeBands
    params: CollapseParams
    refine_weight: float | None
    aoi: str
    memory_mb: float
    has_hidden: bool = False

    def __post_init__(self) -> None:
        own = 2 if self.source.is_uint8 else 5
        # What is read is there once more while a window is made of it.
        self._bytes = _ONCE_BYTES + len(self.source.months) * 2 * own
        self._offsets = np.zeros((len(self.source.months), 2))

    def look(self) -> None:
        """Whether something is hidden, and by how much each month lies off.

        Raises:
            InputError: A value is no probability.
        """
        most = 0.0
        ranges = band_ranges(
            self.source.shape_yx,
            memory_mb=self.memory_mb,
            bytes_per_px=len(self.source.months) * (6 if self.source.is_uint8 else 18),
            block_rows=self.source.block_rows,
            source=self.aoi or "the cube",
        )
        for first, end in ranges:
            cube = self._read(first, end)
            self.has_hidden |= cube.valid is not None
            if not self.source.is_uint8:
                unknown = np.isnan(cube.prob)
                self.has_hidden |= bool(unknown.any())
                odd = cube.prob[~((cube.prob >= 0) & (cube.prob <= 1)) & ~unknown]
                if odd.size:
                    raise InputError(f"prob: got {odd[0]}, wanted probabilities from 0 to 1")
            elif most <= 1:
                most = max(most, cube.prob.max(initial=0))
        if most == 1:
            raise InputError(
                "prob: got uint8 with no value above 1, wanted 0 to 255; multiply a mask of 0 and "
                "1 by 255"
            )
        scale = self.source.scale
        parts = [
            frames_and_masks(self._read(first * scale, (first + rows) * scale))
            for first, rows in _core.collapse_sample(self.source.shape_yx, scale)
        ]
        if parts:
            self._offsets = _core.collapse_register(parts, scale, self.params, self.has_hidden)

    def _read(self, first: int, end: int, columns: tuple[int, int] | None = None) -> Cube:
        cube = self.source.read(first, end, columns)
        return cube if self.refine_weight is None else refine(cube, weight=self.refine_weight)

    def windows(self) -> Iterator[_Found]:
        """What the core says of each window."""
        scale, (rows, columns) = self.source.scale, self.source.shape_yx
        side = int((self.memory_mb * 1e6 / self._bytes) ** 0.5) // scale * scale
        rim = _RIM_PX * scale
        while side - 2 * rim < _LEAST_CORE_PX * scale and rim > 8 * scale:
            rim = rim // 2 // scale * scale
        core = max(side - 2 * rim, _LEAST_CORE_PX * scale)
        for top in range(0, rows, core):
            for left in range(0, columns, core):
                inside = (top, min(top + core, rows), left, min(left + core, columns))
                yield self._window(inside, rim)

    def _window(self, core: tuple[int, int, int, int], rim: int) -> _Found:
        rows, columns = self.source.shape_yx
        top, bottom, left, right = core
        while True:
            outer = (
                max(top - rim, 0), min(bottom + rim, rows),
                max(left - rim, 0), min(right + rim, columns),
            )  # fmt: skip
            height, width = outer[1] - outer[0], outer[3] - outer[2]
            needed = height * width * self._bytes / 1e6
            if needed > self.memory_mb * 1.01:
                raise InputError(
                    f"memory: got {self.memory_mb:g} MB, wanted at least {needed:.0f} MB: in "
                    f"{self.aoi or 'the area'} buildings that touch reach from rows {top} to "
                    f"{bottom} x columns {left} to {right} beyond {height} x {width} pixels"
                )
            cube = self._read(outer[0], outer[1], (outer[2], outer[3]))
            frames, masks = frames_and_masks(cube)
            found = _core.collapse_window(
                frames,
                masks,
                self.source.scale,
                self.params,
                self._offsets,
                self.has_hidden,
                (outer[0], outer[2]),
                (top - outer[0], bottom - outer[0], left - outer[2], right - outer[2]),
                (outer[0] > 0, outer[1] < rows, outer[2] > 0, outer[3] < columns),
            )
            if found is not None:
                return found
            rim *= 2
