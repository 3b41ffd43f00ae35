"""IoU of two polygons as the tracker and the F1 score of the originals take it."""

import numpy as np
import shapely


def candidates(polygon, others):
    """(positions of ``others`` that intersect ``polygon``, their IoU with it).

    Touching counts. A self-crossing polygon is repaired by a zero-width buffer; a self-crossing
    one among the others has IoU 0. IoU is the area of the intersection over that of the union.
    """
    if not polygon.is_valid:
        polygon = polygon.buffer(0)
    found = np.flatnonzero(shapely.intersects(others, polygon))
    ious = np.zeros(len(found))
    for place, position in enumerate(found):
        other = others[position]
        if other.is_valid:
            union = polygon.union(other).area
            ious[place] = polygon.intersection(other).area / union if union else 0.0
    return found, ious


def array_of(geometries):
    """Object array of the geometries (numpy would take a multipolygon apart)."""
    array = np.empty(len(geometries), object)
    array[:] = geometries
    return array


def by_descending(keys):
    """Positions in descending order of the keys; equal keys keep their order."""
    return np.argsort(-np.asarray(keys, np.float64), kind="stable")
