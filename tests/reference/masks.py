"""Polygons to footprint, boundary and contact masks."""

import numpy as np
import shapely
from rasterio.features import rasterize

from reference.overlap import array_of


def footprint(polygons, shape_yx):
    """Pixels whose centre is inside; GDAL itself decides about centres on an edge."""
    burnt = [polygon for polygon in polygons if not polygon.is_empty]
    return rasterize(burnt, shape_yx) > 0 if burnt else np.zeros(shape_yx, bool)


def boundary(mask, width=3, kind="inner"):
    """Mask less its erosion, or its dilation less it, by a square; the image edge is a mirror."""
    before, after = (width - 1) // 2, width // 2
    reduce = np.min if kind == "inner" else np.max
    for axis in (0, 1):
        if axis == 0:
            grown = mask
        around = [(before, after) if side == axis else (0, 0) for side in (0, 1)]
        padded = np.pad(grown, around, mode="symmetric")
        windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=axis)
        grown = reduce(windows, axis=-1)
    return mask ^ grown


def contact(polygons, mask, spacing=10.0):
    """Pixels in the buffers of two or more polygons and in no footprint."""
    buffers = array_of([polygon.buffer(spacing / 2, quad_segs=16) for polygon in polygons])
    parts = []
    i, j = shapely.STRtree(buffers).query(buffers, predicate="intersects")
    for first, second in zip(i[i < j], j[i < j], strict=True):
        shared = buffers[first].intersection(buffers[second])
        parts += [p for p in shapely.get_parts(shared) if p.geom_type == "Polygon"]
    if not parts:
        return np.zeros_like(mask)
    return footprint([shapely.union_all(parts)], mask.shape) & ~mask


def training_mask(
    polygons,
    shape_yx,
    channels=("footprint",),
    boundary_width=3,
    boundary_type="inner",
    contact_spacing=10.0,
    burn_value=255,
):
    """(rows, columns, channels) in the order of ``channels``."""
    mask = footprint(polygons, shape_yx)
    made = {"footprint": lambda: mask}
    made["boundary"] = lambda: boundary(mask, boundary_width, boundary_type)
    made["contact"] = lambda: contact(polygons, mask, contact_spacing)
    return np.stack([made[name]() for name in channels], axis=-1) * np.int64(burn_value)
