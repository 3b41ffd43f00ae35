"""IoU of one polygon with many, as ``solaris.eval.iou.calculate_iou``."""

from __future__ import annotations

from typing import Any

import numpy as np

from sn7fast._optional import require
from sn7fast.compat.vectors import geometry_array
from sn7fast.footprints import Footprints
from sn7fast.matching import iou_pairs


def calculate_iou(pred_poly: Any, test_data_GDF: Any) -> Any:  # noqa: ANN401 - shapely; as named there
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
    repaired = pred_poly if pred_poly.is_valid else pred_poly.buffer(0)
    found = np.flatnonzero(shapely.intersects(geometries, repaired))
    rows = test_data_GDF.iloc[found].copy()
    polygon = Footprints.from_shapely([pred_poly])
    _, position, iou = iou_pairs(polygon, Footprints.from_shapely(geometries[found]))
    scores = np.zeros(len(found))
    scores[position] = iou
    rows["iou_score"] = scores
    return rows
