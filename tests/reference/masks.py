"""Polygons to footprint, boundary and contact masks."""

from itertools import combinations

import numpy as np
import shapely


def rings_of(polygon):
    for part in shapely.get_parts(polygon):
        if part.geom_type == "Polygon" and not part.is_empty:
            yield from (shapely.get_coordinates(ring) for ring in [part.exterior, *part.interiors])


def burn(polygon, shape_yx):
    """Boolean mask of the pixels whose centre is inside, by even-odd over all rings."""
    rows, columns = shape_yx
    mask = np.zeros(shape_yx, bool)
    for row in range(rows):
        y = row + 0.5
        crossings = []
        for ring in rings_of(polygon):
            for (x1, y1), (x2, y2) in zip(ring[:-1], ring[1:], strict=True):
                if y1 > y2:
                    x1, y1, x2, y2 = x2, y2, x1, y1
                if y1 <= y < y2:
                    crossings.append(x1 + (y - y1) * (x2 - x1) / (y2 - y1))
        crossings.sort()
        for left, right in zip(crossings[::2], crossings[1::2], strict=True):
            start, end = (int(np.clip(np.floor(x + 0.5), 0, columns)) for x in (left, right))
            mask[row, start:end] = True
    return mask


def footprint(polygons, shape_yx):
    mask = np.zeros(shape_yx, bool)
    for polygon in polygons:
        if polygon.is_empty:
            continue
        top = max(0, int(polygon.bounds[1]) - 1)
        bottom = min(shape_yx[0], int(polygon.bounds[3]) + 2)
        if bottom > top:
            moved = shapely.transform(polygon, lambda xy, top=top: xy - [0, top])
            mask[top:bottom] |= burn(moved, (bottom - top, shape_yx[1]))
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
    buffers = [polygon.buffer(spacing / 2, quad_segs=16) for polygon in polygons]
    parts = []
    for one, other in combinations(buffers, 2):
        if one.intersects(other):
            shared = one.intersection(other)
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
