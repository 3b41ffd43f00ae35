"""Polygons to footprint, boundary and contact masks."""

import numpy as np
import shapely

from reference.overlap import array_of


def edges_of(geometry):
    """(n, 4) x1 y1 x2 y2 of all rings of a polygon, the lower y first."""
    edges = []
    if geometry.geom_type == "Polygon":
        for ring in shapely.get_rings(geometry):
            points = shapely.get_coordinates(ring)
            edges.append(np.hstack([points[:-1], points[1:]]))
    edges = np.concatenate(edges) if edges else np.empty((0, 4))
    return np.where(edges[:, [1]] > edges[:, [3]], edges[:, [2, 3, 0, 1]], edges)


def burn(geometry, mask):
    """Set the pixels whose centre is inside, by even-odd over all rings."""
    x1, y1, x2, y2 = edges_of(geometry).T
    rows, columns = mask.shape
    if not len(x1):
        return
    first, last = (int(np.clip(y, 0, rows)) for y in (y1.min() - 1, y2.max() + 2))
    for row in range(first, last):
        y = row + 0.5
        k = (y1 <= y) & (y < y2)
        crossings = np.sort(x1[k] + (y - y1[k]) * (x2[k] - x1[k]) / (y2[k] - y1[k]))
        spans = np.clip(np.floor(crossings + 0.5), 0, columns).astype(int)
        for start, end in zip(spans[::2], spans[1::2], strict=True):
            mask[row, start:end] = True


def footprint(polygons, shape_yx):
    """Parts of a multipolygon one by one: where they overlap is inside."""
    mask = np.zeros(shape_yx, bool)
    for part in shapely.get_parts(polygons):
        burn(part, mask)
    return mask


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
