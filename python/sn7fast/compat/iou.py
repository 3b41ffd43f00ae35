"""IoU of polygons, as ``solaris.eval.iou.calculate_iou``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.compat.vectors import geometry_array
from sn7fast.footprints import Footprints
from sn7fast.matching import iou_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Geometries = NDArray[np.object_]
    Pairs = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def overlaps(polygons: Geometries, others: Geometries) -> Pairs:
    """(i, j, iou) of the pairs with an IoU above 0, sorted by i, then j.

    A self-crossing polygon is repaired by a zero-width buffer, of which a bowtie keeps one wing; a
    self-crossing one among the others has no IoU with anything.
    """
    shapely = require("shapely", extra="vector")
    repaired, usable = polygons.copy(), others.copy()
    crossing = ~shapely.is_valid(polygons)
    repaired[crossing] = shapely.buffer(polygons[crossing], 0)
    usable[~shapely.is_valid(others)] = shapely.Polygon()
    return iou_pairs(Footprints.from_shapely(repaired), Footprints.from_shapely(usable))


def calculate_iou(pred_poly: Any, test_data_GDF: Any) -> Any:  # noqa: ANN401 - as named there
    """The rows that a polygon intersects, with their IoU.

    Touching rows are among them, with IoU 0. A self-crossing ``pred_poly`` is repaired by a
    zero-width buffer, of which a bowtie keeps one wing; a self-crossing row has IoU 0, and so has
    a row without area.

    Args:
        pred_poly: shapely Polygon or MultiPolygon.
        test_data_GDF: GeoDataFrame of polygons.

    Returns:
        GeoDataFrame: those rows, in their order and with their index, and a column ``iou_score``.

    Raises:
        GeometryError: A geometry is no polygon.
    """
    shapely = require("shapely", extra="vector")
    geometries = geometry_array(test_data_GDF.geometry, "test_data_GDF")
    polygon = geometry_array([pred_poly], "pred_poly")
    repaired = polygon[0] if shapely.is_valid(polygon[0]) else shapely.buffer(polygon[0], 0)
    found = np.flatnonzero(shapely.intersects(geometries, repaired))
    rows = test_data_GDF.iloc[found].copy()
    _, position, iou = overlaps(polygon, geometries[found])
    scores = np.zeros(len(found))
    scores[position] = iou
    rows["iou_score"] = scores
    return rows
