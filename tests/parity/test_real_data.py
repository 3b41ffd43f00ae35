"""compat on real data: solaris' own reference files, a full SN7 tile, the real stack."""

import json

import numpy as np
import pytest
import rasterio
import shapely

from golden_cases import polygons
from sn7fast import compat

# Masks of solaris' tests have no georeference; the reading of them here may say so.
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

WKT = {"geom_col": "PolygonWKT_Pix"}


@pytest.fixture(scope="module")
def solaris(real_data):
    return real_data / "solaris-reference"


def read(path):
    with rasterio.open(path, driver="GTiff") as raster:
        return np.moveaxis(raster.read(), 0, -1)


def geojson(path):
    return polygons(feature["geometry"] for feature in json.loads(path.read_text())["features"])


@pytest.mark.parametrize(
    ("name", "channels", "options"),
    [
        ("sample_fp_mask.tif", ["footprint"], {}),
        ("sample_b_mask_inner.tif", ["boundary"], {}),
        ("sample_b_mask_outer.tif", ["boundary"], {"boundary_type": "outer"}),
        ("sample_c_mask.tif", ["contact"], {}),
        (
            "sample_fbc_from_df2px.tif",
            ["footprint", "boundary", "contact"],
            {"boundary_type": "outer", "boundary_width": 5, "contact_spacing": 15},
        ),
    ],
)
def test_masks_of_solaris(solaris, name, channels, options):
    got = compat.df_to_px_mask(solaris / "sample.csv", channels, **WKT, **options)
    np.testing.assert_array_equal(got, read(solaris / name))


def test_mask_with_a_georeference(solaris, tmp_path):
    out, reference = tmp_path / "mask.tif", solaris / "sample_geotiff.tif"
    got = compat.footprint_mask(
        solaris / "geotiff_labels.geojson", out_file=out, reference_im=reference
    )
    np.testing.assert_array_equal(got, read(solaris / "sample_fp_mask_from_geojson.tif")[..., 0])
    with rasterio.open(out) as written, rasterio.open(reference) as wanted:
        np.testing.assert_array_equal(written.read(1), got)
        assert (written.crs, written.transform) == (wanted.crs, wanted.transform)


@pytest.mark.parametrize("kind", ["inner", "outer"])
def test_boundary_of_a_footprint_mask(solaris, kind):
    footprint = read(solaris / "sample_fp_mask.tif")[..., 0]
    got = compat.boundary_mask(footprint, boundary_type=kind)
    np.testing.assert_array_equal(got, read(solaris / f"sample_b_mask_{kind}.tif")[..., 0])
    table = compat.boundary_mask(df=solaris / "sample.csv", boundary_type=kind, **WKT)
    np.testing.assert_array_equal(got, table)


def test_contact_mask_alone(solaris):
    got = compat.contact_mask(solaris / "sample.csv", **WKT)
    np.testing.assert_array_equal(got, read(solaris / "sample_c_mask.tif")[..., 0])


def test_polygons_of_solaris(solaris):
    got = compat.mask_to_poly_geojson(solaris / "sample_fp_mask_from_geojson.tif")
    # GDAL 2 wrote regions in another order and with vertices that are no corners.
    expected = geojson(solaris / "gdf_from_mask_1.geojson")
    pairs = (sorted(polygons, key=lambda p: p.bounds) for polygons in (got.geometry, expected))
    assert len(got) == len(expected) == 43
    assert shapely.equals(*(np.array(side) for side in pairs)).all()
    assert got.crs is None


def test_polygons_of_solaris_with_a_georeference(solaris):
    got = compat.mask_to_poly_geojson(
        solaris / "sample_fp_mask_from_geojson.tif",
        reference_im=solaris / "sample_geotiff.tif",
        do_transform=True,
        min_area=100,
        simplify=True,
    )
    expected = geojson(solaris / "gdf_from_mask_2.geojson")
    assert len(got) == len(expected) == 35
    assert got.crs == "EPSG:32616"
    # GEOS 3.8 simplified from other starts of the rings; the tolerance is half a unit.
    far = max(
        min(shapely.hausdorff_distance(polygon, other) for other in expected)
        for polygon in got.geometry
    )
    assert far <= 2 * 0.5


def test_f1_of_solaris(solaris):
    evaluator = compat.Evaluator(solaris / "gt.geojson")
    assert evaluator.load_proposal(solaris / "pred.geojson", conf_field_list=[]) == 0
    (result,) = evaluator.eval_iou(calculate_class_scores=False)
    assert result == {
        "class_id": "all",
        "iou_field": "iou_score_all",
        "TruePos": 8,
        "FalsePos": 20,
        "FalseNeg": 20,
        "Precision": 8 / 28,
        "Recall": 8 / 28,
        "F1Score": 8 / 28,
    }


def test_training_masks_of_a_real_tile(real_data, tmp_path):
    tile = real_data / "sn7-full-tile" / "L15-1615E-1205N_6460_3370_13"
    (image,) = (tile / "images").glob("*.tif")
    (labels,) = (tile / "labels_match").glob("*.geojson")
    (mask,) = (tile / "masks").glob("*.tif")
    out, fbc = tmp_path / "mask.tif", tmp_path / "fbc.tif"
    compat.make_geojsons_and_masks(image.stem, image, labels, out, fbc)
    stored = read(mask)
    np.testing.assert_array_equal(read(out), stored)
    channels = read(fbc)
    assert channels.shape == (1024, 1024, 3)
    np.testing.assert_array_equal(channels[..., :1], stored)
    assert not (channels[..., 1] > stored[..., 0]).any()  # an inner boundary
    assert not (channels[..., 2] & stored[..., 0]).any()  # contact lies outside
    with rasterio.open(out) as written, rasterio.open(image) as wanted:
        assert (written.crs, written.transform) == (wanted.crs, wanted.transform)
        assert (written.count, written.dtypes) == (1, ("uint8",))


def test_training_mask_of_labels_in_another_crs(real_data, tmp_path):
    tile = real_data / "sn7-full-tile" / "L15-1615E-1205N_6460_3370_13"
    (image,) = (tile / "images").glob("*.tif")
    (labels,) = (tile / "labels").glob("*.geojson")  # longitude and latitude, one null geometry
    compat.make_geojsons_and_masks(image.stem, image, labels, tmp_path / "mask.tif")
    (mask,) = (tile / "masks").glob("*.tif")
    differ = np.count_nonzero(read(tmp_path / "mask.tif") != read(mask))
    assert differ < 0.001 * 97_295  # of the building pixels


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_real_stack_equals_the_reference(real_data):
    """Predictions of 19 months against labels: every count as the reference finds it."""
    import sn7fast
    from reference import real_stack, scot

    wanted = real_stack.figures(real_data)
    stacks = {}
    predicted = real_stack.masks(real_data / "sn7-pred-stack" / real_stack.AOI)
    labelled = real_stack.masks(real_data / "sn7-label-stack" / real_stack.AOI)
    months = sorted(predicted)
    for name, masks in (("truth", labelled), ("proposal", predicted)):
        found = sn7fast.polygonize_frames(
            [masks[month] for month in months],
            months=months,
            aoi=real_stack.AOI,
            min_area_px=real_stack.MIN_AREA,
        )
        stacks[name] = sn7fast.track(found, min_iou=real_stack.MIN_IOU)
        assert len(found) == wanted[f"{name} rows"]
        assert len(np.unique(stacks[name].ids)) == wanted[f"{name} ids"]
    got = sn7fast.score_scot(stacks["truth"], stacks["proposal"]).aois[real_stack.AOI]
    for month in wanted["per month"]:
        ours = got.months[month["timestep"]]
        assert (ours.tp, ours.fp, ours.fn) == (month["tp"], month["fp"], month["fn"])
    # The optimum is unique here, so nothing is left to a tie rule (quirk 15).
    for name in scot.STATS:
        assert getattr(got, name) == pytest.approx(wanted[name], rel=1e-12), name
    assert round(got.score, 3) == 0.495
