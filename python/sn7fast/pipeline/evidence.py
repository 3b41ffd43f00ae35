"""What the pixels say of tracked buildings: how sure, how visible, and whether one is gone.

A mean over a footprint is a sum along its outline of a table of sums (each pixel's and all those
above and to the left of it): no footprint is rasterized, and pixels that an outline cuts count by
their part. Outlines of pixels give the exact mean; an edge that slants is taken as a step in its
middle.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._core import get_num_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.cube import Cube
    from sn7fast.footprints import Footprints
    from sn7fast.stack import Stack

STANDING, DEMOLISHED, UNOBSERVED = STATUS = ("standing", "demolished", "unobserved")
"""Of a building at the end of the stack: found in the last month; not found although its place was
visible later; not visible in any month since it was found last."""

# A footprint is visible if at least this share of it is.
_VISIBLE = 0.5

# Pixels whose bytes add up to less than 2^32: the most that are summed at a time.
_MOST_PIXELS = 1 << 24


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


def evidence(cube: Cube, stack: Stack) -> Evidence:
    """What a cube says of the buildings that were found in it.

    Args:
        cube: Probabilities; read some rows of a month at a time.
        stack: With ids, of the months of the cube, in pixels of the image.
    """
    ids = np.empty(0, np.int64) if stack.ids is None else stack.ids
    most = 255.0 if cube.prob.dtype == np.uint8 else 1.0
    valid_scale = 1
    if cube.valid is not None and cube.valid.shape == cube.prob.shape:
        valid_scale = cube.scale
    buildings, from_end = np.unique(ids[::-1], return_index=True)
    last_row = len(ids) - 1 - from_end
    last_month = stack.month_index[last_row]
    last_shape = stack.footprints[last_row]

    def month(
        index: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
        rows = stack.footprints[slice(*stack.frame_offsets[index : index + 2].tolist())]
        confidence = means(cube.prob[index], rows, cube.scale) / most
        gone = np.flatnonzero(last_month < index)
        if cube.valid is None:
            return confidence, np.ones(len(rows), bool), gone
        seen = partial(means, cube.valid[index], scale=valid_scale)
        observed = seen(rows) >= _VISIBLE
        return confidence, observed, gone[seen(last_shape[gone]) >= _VISIBLE]

    with ThreadPoolExecutor(get_num_threads()) as pool:
        found = list(pool.map(month, range(len(stack.months))))
    status = np.where(last_month < len(stack.months) - 1, 2, 0).astype(np.uint8)
    for _, _, gone in found:
        status[gone] = 1
    confidence = np.concatenate([np.empty(0), *(one for one, _, _ in found)])
    observed = np.concatenate([np.empty(0, bool), *(one for _, one, _ in found)])
    return Evidence(confidence.clip(0, 1), observed, buildings, status)


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
