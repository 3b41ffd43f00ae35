"""The contact mask by the outline of the gaps, as the original makes it.

The core counts the buffers over each pixel and never sees an outline, which is much quicker and
gives the same pixels but in two cases: polygons that cross themselves, of which GEOS buffers parts
only, and gaps with a hole whose top edge runs through pixel centres, which GDAL fills.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sn7fast._optional import require
from sn7fast.footprints import Footprints
from sn7fast.rasterize import rasterize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def outline_decides(footprints: Footprints, spacing_px: float) -> bool:
    """Whether there are such cases: polygons that cross themselves, or exact ties."""
    x, y = footprints.coords.T
    is_level = (y[1:] == y[:-1]) & (x[1:] != x[:-1])
    if ((y[1:][is_level] + spacing_px / 2) % 1 == 0.5).any():
        return True
    return not require("shapely", extra="vector").is_valid(footprints.to_shapely()).all()


def contact_by_outline(
    footprints: Footprints, shape_yx: tuple[int, int], spacing_px: float
) -> NDArray[np.bool_]:
    """(rows, columns): in the buffers of two footprints or more and in no footprint."""
    shapely = require("shapely", extra="vector")
    buffers = shapely.buffer(footprints.to_shapely(), spacing_px / 2, quad_segs=16)
    first, second = shapely.STRtree(buffers).query(buffers, predicate="intersects")
    pairs = first < second
    shared = shapely.intersection(buffers[first[pairs]], buffers[second[pairs]])
    areas: NDArray[Any] = shapely.get_parts(shapely.get_parts(shared))
    gaps = shapely.union_all(areas[shapely.get_type_id(areas) == 3])
    burnt = rasterize(Footprints.from_shapely([gaps]), shape_yx) > 0
    return burnt & ~(rasterize(footprints, shape_yx) > 0)
