"""Simplified polygons against the recorded results of the original."""

import pytest
import rasterio.features
import shapely
from shapely.geometry import shape

from golden_cases import polygons, runs, same_regions
from sn7fast import Footprints, simplify


def not_simplified_in_pixels(run):
    params = run.params
    return not params.get("simplify") or "transform" in params


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("run", runs("polygonize", without=not_simplified_in_pixels))
def test_golden_polygons(run):
    params = run.params
    mask = run.array(params.get("array", "pred")) > params["bg_threshold"]
    # As the original made them: traced by GDAL, then through a zero-width buffer, which may reorder
    # holes and move the start of a ring. Simplification depends on both.
    traced = rasterio.features.shapes(mask.astype("uint8"), mask=mask)
    regions = [shapely.buffer(shape(geometry), 0) for geometry, _ in traced]
    kept = [region for region in regions if region.area >= params["min_area"]]
    got = simplify(Footprints.from_shapely(kept), params["tolerance"]).to_shapely()
    assert same_regions(got, polygons(run.expected["polygons"]))
