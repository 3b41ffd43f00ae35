"""Boxes that stay near footprints however they wind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.footprints import Footprints

STRIP_PX = 32
"""Height of a strip of rows that gets a box of its own."""


def low_boxes(footprints: Footprints) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Boxes which together hold each footprint and its centroid.

    A low footprint has one box. A tall one has one for each strip of rows and one around the
    centroid, which may lie off the footprint.

    Args:
        footprints: With edges along the axes, as `sn7fast.polygonize` makes them.

    Returns:
        float64 (m, 4): min x, min y, max x, max y, and int64 (m,): of which footprint, ascending.
    """
    bounds = footprints.bounds
    is_tall = bounds[:, 3] - bounds[:, 1] > 2 * STRIP_PX
    if not is_tall.any():
        return bounds, np.arange(len(bounds))
    tall = np.flatnonzero(is_tall)
    coords, rings, polygons, several = footprints[tall].arrays
    ends = rings[polygons if several is None else polygons[several]]
    owner = np.repeat(np.arange(len(tall)), np.diff(ends))[:-1]
    one, other = coords[:-1], coords[1:]
    # The last point of a ring and the first of the next are no edge.
    is_edge = np.ones(len(one), bool)
    is_edge[rings[1:-1] - 1] = False
    centres = _centroids(one, other, is_edge, owner, bounds[tall, :2])
    upright = is_edge & (one[:, 0] == other[:, 0])
    lines = np.sort(np.stack([one[upright, 1], other[upright, 1]]), axis=0)
    strips, strip_owner = _strips(one[upright, 0], lines[0], lines[1], owner[upright])
    of = np.concatenate([np.flatnonzero(~is_tall), tall[strip_owner], tall])
    boxes = np.concatenate([bounds[~is_tall], strips, np.hstack([centres, centres])])
    order = np.argsort(of, kind="stable")
    return boxes[order], of[order]


def _strips(
    x: NDArray[np.float64],
    top: NDArray[np.float64],
    bottom: NDArray[np.float64],
    owner: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Box and owner of each strip of each owner, of upright edges between which all of it lies."""
    first = (top // STRIP_PX).astype(np.int64)
    counts = (-(-bottom // STRIP_PX)).astype(np.int64) - first
    edge = np.repeat(np.arange(len(x)), counts)
    strip = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(counts) - counts, counts)
    order = np.lexsort((strip, owner[edge]))
    edge, strip = edge[order], strip[order]
    is_new = (np.diff(owner[edge], prepend=-1) != 0) | (np.diff(strip, prepend=-1) != 0)
    starts = np.flatnonzero(is_new)
    columns = (
        np.minimum.reduceat(x[edge], starts),
        np.minimum.reduceat(np.maximum(top[edge], strip * STRIP_PX), starts),
        np.maximum.reduceat(x[edge], starts),
        np.maximum.reduceat(np.minimum(bottom[edge], (strip + 1) * STRIP_PX), starts),
    )
    return np.stack(columns, axis=1), owner[edge][starts]


def _centroids(
    one: NDArray[np.float64],
    other: NDArray[np.float64],
    is_edge: NDArray[np.bool_],
    owner: NDArray[np.int64],
    origins: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Of each owner, from the edges of all its rings."""
    # Near the origin, so that little is lost to rounding.
    one, other = one - origins[owner], other - origins[owner]
    cross = np.where(is_edge, one[:, 0] * other[:, 1] - other[:, 0] * one[:, 1], 0.0)
    doubled = np.bincount(owner, cross)
    moments = [np.bincount(owner, (one[:, k] + other[:, k]) * cross) for k in (0, 1)]
    return origins + np.stack(moments, axis=1) / (3 * doubled[:, None])
