"""compat.mask_to_poly_geojson against the recorded results of the original."""

import json

import numpy as np
import pytest
import rasterio
import shapely

from golden_cases import polygons, runs
from parity.ledger import check
from sn7fast import compat

pytestmark = pytest.mark.usefixtures("shared")


def call(run, folder):
    params = run.params
    pred = run.array(params.pop("array", "pred"))
    if "transform" in params:
        transform, epsg = params.pop("transform"), params.pop("epsg")
        rows, columns = params.pop("ref_shape")
        reference = folder / "reference.tif"
        with rasterio.open(
            reference,
            "w",
            driver="GTiff",
            count=1,
            height=rows,
            width=columns,
            dtype="uint8",
            crs=f"EPSG:{epsg}",
            transform=rasterio.Affine(*transform),
        ) as raster:
            raster.write(np.zeros((1, rows, columns), np.uint8))
        params |= {"reference_im": reference, "do_transform": True}
    if params.pop("output_path", False):
        params["output_path"] = folder / "out.geojson"
    return compat.mask_to_poly_geojson(pred, **params)


def difference(got, expected, background_too):
    if len(got) != len(expected["polygons"]):
        return f"{len(got)} polygons, wanted {len(expected['polygons'])}"
    wanted = shapely.normalize(np.array([*polygons(expected["polygons"]), None])[:-1])
    found = shapely.normalize(np.array([*got.geometry, None])[:-1])
    values = np.asarray(expected["values"], float)
    if background_too:
        # The order of foreground and background within a row of pixels is our own (quirk 1).
        order, other = (np.argsort(shapely.to_wkb(g)) for g in (found, wanted))
        found, wanted, values = found[order], wanted[other], values[other]
        got = got.iloc[order]
    differ = ~shapely.equals_exact(found, wanted, tolerance=1e-9)
    if differ.any():
        return f"{differ.sum()} of {len(wanted)} polygons differ, or their order"
    if got["value"].tolist() != values.tolist():
        return "values differ"
    return ""


@pytest.mark.parametrize("run", runs("polygonize"))
def test_same_polygons_in_the_same_order(run, tmp_path):
    got = call(run, tmp_path)
    check(run, difference(got, run.expected, run.params["bg_threshold"] < 0))
    assert list(got.columns) == ["geometry", "value"]


def rings_are_free(run):
    """Where ring starts are not compared: rounded coordinates, our own order (quirk 1)."""
    return "transform" in run.params or run.params["bg_threshold"] < 0


@pytest.mark.parametrize("run", runs("polygonize", without=rings_are_free))
def test_same_rings_to_the_last_bit(run, tmp_path):
    got = call(run, tmp_path).geometry.to_wkb().tolist()
    assert got == [polygon.wkb for polygon in polygons(run.expected["polygons"])]


@pytest.mark.parametrize("run", runs("polygonize", raising=True))
def test_an_empty_result_is_written_where_the_original_fails(run, tmp_path):
    assert len(call(run, tmp_path)) == 0
    written = json.loads((tmp_path / "out.geojson").read_text())
    assert written == {"type": "FeatureCollection", "features": []}
