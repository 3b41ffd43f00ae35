"""What rings enclose: signed areas, centroids and the winding of footprints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast.footprints import Footprints

if TYPE_CHECKING:
    from numpy.typing import NDArray


def signed_areas(footprints: Footprints) -> NDArray[np.float64]:
    """float64 (rings,): area of each ring, positive if it runs counter-clockwise with y upwards."""
    return _moments(footprints)[0]


def rewound(footprints: Footprints) -> Footprints:
    """The same footprints with outer rings counter-clockwise and holes clockwise, y upwards.

    The right-hand rule of RFC 7946. A ring that is turned keeps its first point; one that encloses
    no area stays as it is.
    """
    areas = signed_areas(footprints)
    is_outer = _is_outer(footprints)
    turned = np.where(is_outer, areas < 0, areas > 0)
    if not turned.any():
        return footprints
    starts, lengths = footprints.ring_offsets[:-1], np.diff(footprints.ring_offsets)
    ring = np.repeat(np.arange(len(lengths)), lengths)
    points = np.arange(len(footprints.coords))
    mirrored = 2 * starts[ring] + lengths[ring] - 1 - points
    coords = footprints.coords[np.where(turned[ring], mirrored, points)]
    return Footprints._trusted((coords, *footprints.arrays[1:]))


def centroids(footprints: Footprints) -> NDArray[np.float64]:
    """float64 (n, 2): centroid of each footprint.

    The middle of the bounds where a footprint has no area, NaN where it is empty.
    """
    areas, moments = _moments(footprints)
    # Which way a ring runs does not matter: outer rings count, holes are taken off.
    sign = np.where(_is_outer(footprints), 1.0, -1.0) * np.where(areas < 0, -1.0, 1.0)
    owner = _owner_of_rings(footprints)
    count = len(footprints)
    area = np.bincount(owner, areas * sign, count)
    out = np.empty((count, 2))
    bounds = footprints.bounds
    # Around the middle of each footprint, so that large coordinates do not cost digits.
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    starts = footprints.coords[footprints.ring_offsets[:-1]]
    with np.errstate(divide="ignore", invalid="ignore"):
        for axis in (0, 1):
            local = moments[:, axis] + (starts[:, axis] - middle[owner, axis]) * areas
            shift = np.bincount(owner, local * sign, count) / area
            out[:, axis] = middle[:, axis] + np.where(area > 0, shift, 0.0)
    return out


def _moments(footprints: Footprints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Signed area of each ring, and its first moments (rings, 2) about the ring's first point."""
    offsets = footprints.ring_offsets
    rings = len(offsets) - 1
    ring = np.repeat(np.arange(rings), np.diff(offsets))
    x, y = (footprints.coords - footprints.coords[offsets[:-1]][ring]).T
    inside = ring[1:] == ring[:-1]
    ring = ring[:-1][inside]
    x0, y0, x1, y1 = x[:-1][inside], y[:-1][inside], x[1:][inside], y[1:][inside]
    cross = x0 * y1 - x1 * y0
    areas = np.bincount(ring, cross, rings) / 2
    moments = [np.bincount(ring, cross * sums, rings) / 6 for sums in (x0 + x1, y0 + y1)]
    return areas, np.stack(moments, axis=1)


def _is_outer(footprints: Footprints) -> NDArray[np.bool_]:
    """True for the first ring of each polygon: bool (rings,)."""
    is_outer = np.zeros(len(footprints.ring_offsets) - 1, bool)
    offsets = footprints.polygon_offsets
    is_outer[offsets[:-1][np.diff(offsets) > 0]] = True
    return is_outer


def _owner_of_rings(footprints: Footprints) -> NDArray[np.int64]:
    """int64 (rings,): the footprint that each ring belongs to."""
    offsets = footprints.polygon_offsets
    if footprints.footprint_offsets is not None:
        offsets = offsets[footprints.footprint_offsets]
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
