"""What the pixels say of tracked buildings: how sure, how visible, and whether one is gone.

A mean over a footprint is a sum along its outline of a table of sums (each pixel's and all those
above and to the left of it): no footprint is rasterized, and pixels that an outline cuts count by
their part. Outlines of pixels give the exact mean; an edge that slants is taken as a step in its
middle.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._core import get_num_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.cube import Cube
    from sn7fast.footprints import Footprints
    from sn7fast.large import LargeStack
    from sn7fast.stack import Stack

STANDING, DEMOLISHED, UNOBSERVED = STATUS = ("standing", "demolished", "unobserved")
"""Of a building at the end of the stack: found in the last month; not found although its place was
visible later; not visible in any month since it was found last."""

# A footprint is visible if at least this share of it is.
_VISIBLE = 0.5

# Pixels that are summed at a time, in each thread. Their bytes add up to less than 2^32.
_MOST_PIXELS = 1 << 22

# Footprints that are looked at together: they lie beside each other, and what is read for them is
# little of a large raster.
_MOST_FOOTPRINTS = 16_384


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the pixels say.

    Attributes:
        confidence: float64 (n,): mean probability over each footprint in its month, 0 to 1.
        observed: bool (n,): whether at least half of the footprint is visible in its month.
        ids: int64 (m,): buildings, ascending.
        status: uint8 (m,): position in `STATUS`.
    """

    confidence: NDArray[np.float64]
    observed: NDArray[np.bool_]
    ids: NDArray[np.int64]
    status: NDArray[np.uint8]


def evidence(cube: Cube, stack: LargeStack, last: Stack) -> Evidence:
    """What a cube says of the buildings that were found in it.

    Args:
        cube: Probabilities; read some rows of a month at a time.
        stack: Of the months of the cube, in pixels of the image; read in parts.
        last: The last footprint of each of its buildings.
    """
    pixels = _Pixels(cube)
    confidence, observed = [np.empty(0)], [np.empty(0, bool)]
    status = np.where(last.month_index < len(stack.months) - 1, 2, 0).astype(np.uint8)
    month_index, row = stack.month_index, 0
    with ThreadPoolExecutor(get_num_threads()) as pool:
        for part in stack.parts():
            index = month_index[row : row + len(part)]
            row += len(part)
            pieces = _pieces(part.frame_offsets)
            shapes = (part.footprints[piece] for piece in pieces)
            months = (int(index[piece.start]) for piece in pieces)
            for sure, seen in pool.map(pixels.look, months, shapes):
                confidence.append(sure)
                observed.append(seen)
        for month in range(len(stack.months) if cube.valid is not None else 0):
            pieces = _pieces(last.frame_offsets[[0, month]])
            is_seen = pool.map(
                lambda piece, at=month: pixels.seen(at, last.footprints[piece]), pieces
            )
            for piece, seen in zip(pieces, is_seen, strict=True):
                status[piece][seen] = 1
    if cube.valid is None:
        status[status == 2] = 1
    order = np.argsort(np.asarray(last.ids))
    return Evidence(
        np.concatenate(confidence).clip(0, 1),
        np.concatenate(observed),
        np.asarray(last.ids)[order],
        status[order],
    )


def _pieces(offsets: NDArray[np.int32]) -> list[slice]:
    """Rows of one month each that are looked at together; a mean does not depend on the others."""
    return [
        slice(first, min(first + _MOST_FOOTPRINTS, end))
        for start, end in pairwise(offsets.tolist())
        for first in range(start, end, _MOST_FOOTPRINTS)
    ]


class _Pixels:
    """The pixels of a cube under footprints."""

    def __init__(self, cube: Cube) -> None:
        self._cube = cube
        self._most = 255.0 if cube.prob.dtype == np.uint8 else 1.0
        is_enlarged = cube.valid is not None and cube.valid.shape == cube.prob.shape
        self._valid_scale = cube.scale if is_enlarged else 1

    def look(
        self, month: int, footprints: Footprints
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """How sure, and whether visible."""
        sure = means(self._cube.prob[month], footprints, self._cube.scale) / self._most
        return sure, self.seen(month, footprints)

    def seen(self, month: int, footprints: Footprints) -> NDArray[np.bool_]:
        """Whether they are visible in a month."""
        if self._cube.valid is None:
            return np.ones(len(footprints), bool)
        return means(self._cube.valid[month], footprints, self._valid_scale) >= _VISIBLE


def means(values: NDArray[Any], footprints: Footprints, scale: int = 1) -> NDArray[np.float64]:
    """The mean of pixels over each footprint.

    Args:
        values: uint8, bool or float32 (rows, columns); may be a memory map.
        footprints: n footprints; what lies outside the raster does not count.
        scale: Pixels of the values along one of the footprints'.

    Returns:
        float64 (n,), 0 for a footprint without area in the raster.
    """
    rows, columns = values.shape
    coords = footprints.coords * scale
    total = np.zeros(max(0, len(coords) - 1))
    area = np.zeros_like(total)
    # An edge along a row adds nothing, and half of the edges of outlines of pixels are such.
    edge = np.flatnonzero(coords[1:, 1] != coords[:-1, 1])
    x = np.clip((coords[edge + 1, 0] + coords[edge, 0]) / 2, 0, columns)
    from_y, to_y = coords[edge, 1], coords[edge + 1, 1]
    high = max(1, _MOST_PIXELS // columns)
    dtype = np.float64 if values.dtype.kind == "f" else np.uint32
    bounds = coords[:, 1].min(initial=rows), coords[:, 1].max(initial=0)
    for top in range(0, rows, high):
        bottom = min(top + high, rows)
        if bounds[1] <= top or bounds[0] >= bottom:
            continue
        # What lies below is not needed; where a table begins decides on the last bit of its sums.
        bottom = min(bottom, int(np.ceil(bounds[1])))
        table = np.zeros((bottom - top + 1, columns + 1), dtype)
        np.cumsum(values[top:bottom], axis=1, dtype=dtype, out=table[1:, 1:])
        np.cumsum(table, axis=0, out=table)
        start, end = (np.clip(y, top, bottom) - top for y in (from_y, to_y))
        total[edge] += _sums(table, x, end) - _sums(table, x, start)
        area[edge] += x * (end - start)
    part, whole = _by_footprint(footprints, total, area)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = part / whole
    return np.where(whole > 0, found, 0.0)


def _sums(
    table: NDArray[Any], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What lies above and to the left of positions; between those of the table, linear."""
    column, row = x.astype(np.int64), y.astype(np.int64)
    right, below = x - column, y - row
    if not right.any() and not below.any():
        return table[row, column].astype(np.float64)
    next_column = np.minimum(column + 1, table.shape[1] - 1)
    next_row = np.minimum(row + 1, table.shape[0] - 1)
    upper = table[row, column] * (1 - right) + table[row, next_column] * right
    lower = table[next_row, column] * (1 - right) + table[next_row, next_column] * right
    sums: NDArray[np.float64] = upper * (1 - below) + lower * below
    return sums


def _by_footprint(
    footprints: Footprints, total: NDArray[np.float64], area: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums and areas of edges as those of footprints, holes taken off."""
    rings = footprints.ring_offsets
    lengths = np.diff(rings)
    ring = np.repeat(np.arange(len(lengths)), lengths)[: len(total)]
    # What leads from the last point of a ring to the first one of the next is no edge.
    edges = np.ones(len(total))
    edges[rings[1:-1] - 1] = 0
    ring_total, ring_area = (
        np.bincount(ring, sums * edges, len(lengths)) for sums in (total, area)
    )
    polygons, parts = footprints.polygon_offsets, footprints.footprint_offsets
    owner = np.repeat(np.arange(len(polygons) - 1), np.diff(polygons))
    hole = np.ones(len(lengths), bool)
    hole[polygons[:-1][np.diff(polygons) > 0]] = False
    if parts is not None:
        owner = np.repeat(np.arange(len(parts) - 1), np.diff(parts))[owner]
    sign = np.where(hole, -1.0, 1.0) * np.where(ring_area < 0, -1.0, 1.0)
    count = len(footprints)
    part: NDArray[np.float64] = np.bincount(owner, ring_total * sign, count).astype(np.float64)
    whole: NDArray[np.float64] = np.bincount(owner, ring_area * sign, count).astype(np.float64)
    return part, whole
