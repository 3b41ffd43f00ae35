"""Burnt masks against the recorded results of the original, and against real masks."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.errors import NotGeoreferencedWarning
from shapely.geometry import shape

from golden_cases import polygons, runs
from sn7fast import Footprints, rasterize, training_mask

# Known differences: run, then pixels that differ in each channel. The one pixel's centre lies on
# the rim of a buffer to the last bit, and GEOS rounds to the other side.
DIFFERENT = {"masks/half_pixel_corners-1": [0, 0, 1]}

ARGUMENTS = {
    "shape": "shape_yx",
    "contact_spacing": "contact_spacing_px",
    "burn_value": "value",
}


def read(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path) as raster:
            return raster.read()


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("run", runs("masks"))
def test_golden_masks(run):
    arguments = {ARGUMENTS.get(name, name): value for name, value in run.params.items()}
    footprints = Footprints.from_shapely(polygons(run.input["features"]))
    got = training_mask(footprints, **arguments)
    expected = run.array(run.expected["array"])
    assert got.dtype == np.uint8
    assert got.shape == expected.shape
    differences = (got != expected).sum((0, 1)).tolist()
    assert differences == DIFFERENT.get(str(run), [0] * got.shape[2])


def test_labels_of_the_real_tile_give_its_mask(real_data):
    (tile,) = (real_data / "sn7-full-tile").iterdir()
    (labels,), (mask,) = (list((tile / name).iterdir()) for name in ("labels_match_pix", "masks"))
    features = json.loads(labels.read_text())["features"]
    footprints = Footprints.from_shapely([shape(feature["geometry"]) for feature in features])
    (expected,) = read(mask)
    assert len(footprints) == 2775
    assert (rasterize(footprints, expected.shape) == expected).all()


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("sample_fp_mask.tif", {"channels": ["footprint"]}),
        ("sample_b_mask_inner.tif", {"channels": ["boundary"]}),
        ("sample_b_mask_outer.tif", {"channels": ["boundary"], "boundary_type": "outer"}),
        ("sample_c_mask.tif", {"channels": ["contact"]}),
        (
            "sample_fbc_from_df2px.tif",
            {"boundary_type": "outer", "boundary_width": 5, "contact_spacing_px": 15},
        ),
    ],
)
def test_masks_of_solaris(real_data, file, options):
    folder = real_data / "solaris-reference"
    table = pd.read_csv(folder / "sample.csv")
    footprints = Footprints.from_shapely(shapely.from_wkt(table["PolygonWKT_Pix"]))
    expected = np.moveaxis(read(folder / file), 0, 2)
    got = training_mask(footprints, expected.shape[:2], **options)
    assert expected.any()
    assert (got == expected).all()
