"""compat beyond its parity with the originals: bad input, files, the arguments in between."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from shapely.geometry import MultiPolygon, Point, Polygon, box, mapping

from sn7fast import FormatError, GeometryError, InputError, RasterError, compat

BOWTIE = Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])


def collection(polygons, rows=None, **members):
    rows = [{} for _ in polygons] if rows is None else rows
    features = [
        {"type": "Feature", "properties": row, "geometry": p if p is None else mapping(p)}
        for p, row in zip(polygons, rows, strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features} | members)


def write_image(path, shape=(20, 30), count=4, crs="EPSG:3857", pixel=4.0, origin=(1000, 2000)):
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=shape[0],
        width=shape[1],
        dtype="uint8",
        crs=crs,
        transform=rasterio.Affine(pixel, 0, origin[0], 0, -pixel, origin[1]),
    ) as raster:
        raster.write(np.ones((count, *shape), np.uint8))
    return path


def crs_member(name):
    return {"type": "name", "properties": {"name": name}}


def listing(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# Polygons -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pred_arr": np.zeros(3)}, "pred_arr: got 1 dimensions, wanted 2 or 3"),
        ({"pred_arr": np.zeros((3, 3), complex)}, "pred_arr: got complex128"),
        ({"pred_arr": np.array([["a"]])}, "pred_arr: got <U1"),
        ({"do_transform": True}, "reference_im: got None"),
        ({"output_type": "shp"}, "output_type: got 'shp'"),
        (
            {"pred_arr": np.zeros((4, 4, 3)), "channel_scaling": [1, 2]},
            "channel_scaling: got 2 weights, wanted 3",
        ),
        ({"pred_arr": np.zeros((4, 4, 3)), "channel_axis": 3}, "channel_axis: got 3"),
        (
            {"pred_arr": np.zeros((4, 4, 2)), "channel_scaling": ["a", 1]},
            "channel_scaling: got 'a', wanted a number",
        ),
        ({"bg_threshold": float("nan")}, "bg_threshold: got NaN"),
        ({"bg_threshold": "half"}, "bg_threshold: got 'half', wanted a number"),
        ({"min_area": None}, "min_area: got None, wanted a number"),
    ],
)
def test_polygons_of_bad_arguments(tmp_path, arguments, message):
    given = {"pred_arr": np.ones((4, 4)), "output_path": tmp_path / "out"} | arguments
    with pytest.raises(InputError, match=message):
        compat.mask_to_poly_geojson(**given)
    assert listing(tmp_path) == []


def test_polygons_of_a_virtual_raster_are_refused(tmp_path):
    (tmp_path / "mask.tif").write_text("<VRTDataset rasterXSize='1' rasterYSize='1'/>")
    with pytest.raises(RasterError, match=r"mask\.tif.*virtual"):
        compat.mask_to_poly_geojson(tmp_path / "mask.tif")


def test_polygons_of_a_file_of_several_bands(tmp_path):
    image = write_image(tmp_path / "image.tif", shape=(8, 9), count=3)
    found = compat.mask_to_poly_geojson(str(image), channel_scaling=[1, 1, 1], bg_threshold=2)
    assert [polygon.bounds for polygon in found.geometry] == [(0, 0, 9, 8)]
    assert not len(compat.mask_to_poly_geojson(image, bg_threshold=3))


@pytest.mark.parametrize("kind", ["geojson", "csv"])
def test_polygons_are_written(tmp_path, kind):
    reference = write_image(tmp_path / "image.tif", shape=(8, 9))
    out = tmp_path / f"out.{kind}"
    found = compat.mask_to_poly_geojson(
        np.ones((8, 9)),
        reference_im=reference,
        do_transform=True,
        output_path=out,
        output_type=kind,
    )
    assert found.crs == "EPSG:3857"
    assert found.geometry[0].bounds == (1000, 2000 - 32, 1036, 2000)
    if kind == "csv":
        assert pd.read_csv(out)["value"].tolist() == [255]
    else:
        again = gpd.read_file(out)
        assert again.crs == found.crs
        assert again.geometry[0].equals(found.geometry[0])
        assert again["value"].tolist() == [255]


# Masks --------------------------------------------------------------------------------------------


def test_masks_from_coordinates_of_a_crs(tmp_path):
    reference = write_image(tmp_path / "image.tif")
    pixels = gpd.GeoDataFrame(geometry=[box(2, 3, 8, 9), box(10, 3, 14, 9)])
    moved = gpd.GeoDataFrame(
        geometry=pixels.geometry.affine_transform([4, 0, 0, -4, 1000, 2000]), crs="EPSG:3857"
    )
    channels = ["footprint", "boundary", "contact"]
    wanted = compat.df_to_px_mask(pixels, channels, shape=(20, 30), contact_spacing=5)
    assert all(wanted[..., k].any() for k in range(3))
    for given in (
        {"reference_im": reference},
        {"affine_obj": rasterio.Affine(4, 0, 1000, 0, -4, 2000), "shape": (20, 30)},
        {"affine_obj": [4, 0, 1000, 0, -4, 2000], "shape": (20, 30), "do_transform": True},
    ):
        got = compat.df_to_px_mask(moved, channels, contact_spacing=20, meters=True, **given)
        np.testing.assert_array_equal(got, wanted)
    floats = compat.df_to_px_mask(pixels, channels, shape=(20, 30), out_type="float")
    assert floats.dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"channels": ["roof"]}, "roof"),
        ({"burn_value": 256}, "256"),
        ({"boundary_width": 0}, "0"),
        ({"out_type": "int8"}, "out_type: got 'int8'"),
        ({"geom_col": "shape"}, "df: got columns geometry, wanted shape among them"),
        ({"out_file": "mask.tif"}, "reference_im: got None"),
        ({"do_transform": True}, "do_transform: got True"),
        ({"shape": (5,)}, r"shape: got \(5,\), wanted \(rows, columns\)"),
        ({"meters": True, "affine_obj": [4, 0, 0, 0, -2, 0]}, "wanted square"),
    ],
)
def test_masks_of_bad_arguments(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    given = {"df": gpd.GeoDataFrame(geometry=[box(0, 0, 2, 2)]), "shape": (5, 5)} | arguments
    with pytest.raises(InputError, match=message):
        compat.df_to_px_mask(**given)
    assert listing(tmp_path) == []


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        (Point(1, 2), "df: .*0.*Point"),
        ("POLYGON ((0 0, 1", "df: .*0"),
        (box(0, 0, 1e18, 2), "df: .*1e18|df: .*1000000000000000000"),
        (17, "df: row 0: got 17"),
    ],
)
def test_masks_of_bad_geometry(geometry, message):
    with pytest.raises((GeometryError, FormatError), match=message):
        compat.df_to_px_mask(pd.DataFrame({"geometry": [geometry]}), shape=(5, 5))


def test_boundary_wants_a_mask_or_a_table():
    with pytest.raises(InputError, match="either"):
        compat.boundary_mask()
    with pytest.raises(InputError, match="either"):
        compat.boundary_mask(np.ones((4, 4)), df=gpd.GeoDataFrame(geometry=[]))


def test_training_masks_of_an_unlabelled_month_are_zero(tmp_path):
    image = write_image(tmp_path / "image.tif")
    (tmp_path / "labels.geojson").write_text(collection([]))
    out = tmp_path / "mask.tif", tmp_path / "fbc.tif"
    compat.make_geojsons_and_masks("image", image, tmp_path / "labels.geojson", *out)
    for path, bands in zip(out, (1, 3), strict=True):
        with rasterio.open(path) as written:
            assert written.shape == (20, 30)
            assert written.count == bands
            assert not written.read().any()


def test_training_masks_leave_out_null_geometry(tmp_path):
    image = write_image(tmp_path / "image.tif")
    shapes = [None, box(1008, 1960, 1040, 1992)]
    text = collection(shapes, crs=crs_member("urn:ogc:def:crs:EPSG::3857"))
    (tmp_path / "labels.geojson").write_text(text)
    compat.make_geojsons_and_masks(
        "image", image, tmp_path / "labels.geojson", tmp_path / "mask.tif"
    )
    with rasterio.open(tmp_path / "mask.tif") as written:
        assert np.count_nonzero(written.read(1)) == 8 * 8


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{", FormatError),
        ("[]", FormatError),
        (collection([Point(1, 2)]), GeometryError),
        (collection([box(0, 0, 1, 1)], crs=crs_member("EPSG:nowhere")), FormatError),
    ],
)
def test_training_masks_of_bad_labels(tmp_path, text, error):
    image = write_image(tmp_path / "image.tif")
    (tmp_path / "labels.geojson").write_text(text)
    with pytest.raises(error, match=r"labels\.geojson"):
        compat.make_geojsons_and_masks(
            "image", image, tmp_path / "labels.geojson", tmp_path / "mask.tif"
        )
    assert listing(tmp_path) == ["image.tif", "labels.geojson"]


# Tracking -----------------------------------------------------------------------------------------


def test_tracking_keeps_other_properties_and_the_crs(tmp_path):
    member = crs_member("urn:ogc:def:crs:EPSG::3857")
    for name in ("m1", "m2"):
        rows = [{"value": 255, "roof": "flat"}, {"value": 255, "roof": None}]
        text = collection([box(0, 0, 2, 2), box(5, 0, 8, 3)], rows, crs=member)
        (tmp_path / f"{name}.geojson").write_text(text)
    compat.track_footprint_identifiers(
        tmp_path, tmp_path / "out", id_field="building", iou_field="iou", verbose=False
    )
    found = json.loads((tmp_path / "out" / "m2.geojson").read_text())
    assert found["crs"] == member
    assert [feature["properties"] for feature in found["features"]] == [
        {"roof": None, "area": 9, "iou": 1, "building": 0},
        {"roof": "flat", "area": 4, "iou": 1, "building": 1},
    ]


@pytest.mark.parametrize("reverse", [False, True])
def test_tracking_says_what_it_does(tmp_path, capsys, reverse):
    (tmp_path / "m1.geojson").write_text(collection([box(0, 0, 2, 2)]))
    (tmp_path / "m2.geojson").write_text(collection([box(0, 0, 2, 2), box(5, 0, 8, 3)]))
    compat.track_footprint_identifiers(tmp_path, tmp_path / "out", reverse_order=reverse)
    first = "m2.geojson: 2 buildings, 2" if reverse else "m1.geojson: 1 buildings, 1"
    assert capsys.readouterr().out.startswith(f"{first} of them new\n")


def test_tracking_writes_nothing_if_a_month_is_bad(tmp_path):
    (tmp_path / "m1.geojson").write_text(collection([box(0, 0, 2, 2)]))
    (tmp_path / "m2.geojson").write_text(collection([box(0, 0, 2, 2), Point(1, 2)]))
    with pytest.raises(GeometryError, match=r"m2\.geojson.*1"):
        compat.track_footprint_identifiers(tmp_path, tmp_path / "out", verbose=False)
    assert not (tmp_path / "out").exists()


def test_tracking_of_a_polygon_without_area_that_touches(tmp_path):
    """GEOS buffers it to nothing, so that it touches no building, not even at min_iou 0."""
    flat, whole = Polygon([(0, 0), (4, 0), (2, 0)]), box(0, 0, 4, 4)
    for month, polygon in (("m1", whole), ("m2", flat)):
        text = collection([polygon], [{"value": 255.0}])
        (tmp_path / f"{month}.geojson").write_text(text)
    compat.track_footprint_identifiers(tmp_path, tmp_path / "out", min_iou=0, verbose=False)
    (feature,) = json.loads((tmp_path / "out" / "m2.geojson").read_text())["features"]
    assert feature["properties"]["Id"] == 1


def test_tracking_of_no_folder_or_an_empty_one(tmp_path):
    with pytest.raises(InputError, match=r"json_dir: got .*absent, wanted a folder"):
        compat.track_footprint_identifiers(tmp_path / "absent", tmp_path / "out")
    with pytest.raises(InputError, match=r"json_dir: .* no \*\.geojson"):
        compat.track_footprint_identifiers(tmp_path, tmp_path / "out")
    assert listing(tmp_path) == []


def test_iou_of_one_polygon_with_many():
    others = [box(0, 0, 4, 4), box(4, 0, 8, 4), box(2, 0, 6, 4), box(9, 9, 10, 10), BOWTIE]
    table = gpd.GeoDataFrame({"name": list("abcde")}, geometry=others, index=[7, 6, 5, 4, 3])
    found = compat.calculate_iou(box(0, 0, 4, 4), table)
    assert found.index.tolist() == [7, 6, 5, 3]
    assert found["name"].tolist() == list("abce")
    assert found["iou_score"].tolist() == pytest.approx([1, 0, 1 / 3, 0])
    assert "iou_score" not in table


def test_iou_of_a_self_crossing_or_multi_polygon():
    table = gpd.GeoDataFrame(geometry=[box(0, 0, 4, 4)])
    wing = BOWTIE.buffer(0).area / 16
    assert compat.calculate_iou(BOWTIE, table)["iou_score"].tolist() == pytest.approx([wing])
    both = MultiPolygon([box(0, 0, 2, 2), box(10, 0, 12, 2)])
    assert compat.calculate_iou(both, table)["iou_score"].tolist() == pytest.approx([4 / 20])
    assert len(compat.calculate_iou(box(50, 50, 51, 51), table)) == 0


# Conversion ---------------------------------------------------------------------------------------


def test_conversion_of_ground_truth(tmp_path):
    rows = [{"Id": 7, "image_fname": "one.tif"}, {"Id": 9.0, "image_fname": "two.tif"}]
    (tmp_path / "labels.geojson").write_text(collection([box(0, 0, 2, 2), box(5, 0, 8, 3)], rows))
    out = tmp_path / "truth.csv"
    table = compat.sn7_convert_geojsons_to_csv([tmp_path], out, population="ground")
    assert table["id"].tolist() == [7, 9]
    assert [polygon.area for polygon in table["geometry"]] == [4, 9]
    assert out.read_text().splitlines()[:2] == [
        "filename,id,geometry",
        'one,7,"POLYGON ((2 0, 2 2, 0 2, 0 0, 2 0))"',
    ]


@pytest.mark.parametrize(
    ("rows", "population", "message"),
    [
        ([{"k": 1}], "proposal", "got properties k, wanted Id among them"),
        ([{"Id": 1.5}], "proposal", "Id: got a value that is no whole number"),
        ([{"Id": "a"}], "proposal", "Id: got a value that is no whole number"),
        ([{"Id": 1}], "ground", "wanted image_fname among them"),
        ([{"Id": 1}], "both", "population: got 'both'"),
    ],
)
def test_conversion_of_bad_files(tmp_path, rows, population, message):
    (tmp_path / "m1.geojson").write_text(collection([box(0, 0, 2, 2)], rows))
    with pytest.raises(InputError, match=message):
        compat.sn7_convert_geojsons_to_csv([tmp_path], tmp_path / "out.csv", population)
    assert listing(tmp_path) == ["m1.geojson"]


def test_conversion_of_an_empty_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"json_dirs: .*empty, which has no \*\.geojson"):
        compat.sn7_convert_geojsons_to_csv([tmp_path / "empty"], tmp_path / "out.csv")
    assert listing(tmp_path) == []


# Scores -------------------------------------------------------------------------------------------


def test_scot_of_missing_columns():
    rows = gpd.GeoDataFrame({"id": [1]}, geometry=[box(0, 0, 1, 1)])
    with pytest.raises(InputError, match="grnd_df: got columns id, geometry, wanted timestep"):
        compat.scot_one_aoi(rows, rows)
    with pytest.raises(InputError, match="grnd_df: got no rows"):
        compat.scot_multi_aoi(rows.iloc[:0], rows)


@pytest.mark.parametrize("column", ["timestep", "id"])
def test_scot_of_missing_values(column):
    rows = gpd.GeoDataFrame(
        {"timestep": ["m1", "m2"], "id": [1, 2]}, geometry=[box(0, 0, 1, 1)] * 2
    )
    holed = rows.astype({column: object})
    holed.loc[1, column] = None
    with pytest.raises(InputError, match=f"prop_df: row 1: {column}: got none"):
        compat.scot_one_aoi(rows, holed)


def test_scot_of_a_threshold_below_zero():
    rows = gpd.GeoDataFrame(
        {"aoi": ["a"], "timestep": ["m1"], "id": [1]}, geometry=[box(0, 0, 1, 1)]
    )
    for call in (compat.scot_one_aoi, compat.scot_multi_aoi, compat.match_footprints):
        with pytest.raises(InputError, match=r"threshold: got -0\.5, wanted a number from 0"):
            call(rows, rows, threshold=-0.5)


def test_scot_warnings_point_to_the_caller():
    rows = gpd.GeoDataFrame(
        {"aoi": ["a"], "timestep": ["m1"], "id": [1]}, geometry=[box(0, 0, 1, 1)]
    )
    for call in (compat.scot_one_aoi, compat.scot_multi_aoi):
        with pytest.warns(compat.QuirkWarning, match="quirk 17") as caught:
            call(rows, rows)
        assert [warning.filename for warning in caught] == [__file__]


def test_scot_says_its_numbers(capsys):
    rows = gpd.GeoDataFrame(
        {"timestep": ["m1", "m2"], "id": [1, 2]}, geometry=[box(0, 0, 1, 1), box(5, 0, 6, 1)]
    )
    assert compat.scot_one_aoi(rows, rows, verbose=True) == 1
    assert capsys.readouterr().out == "SCOT: 0 2 0 0 1 1 0 0 1 1\n"


def test_f1_drops_incomplete_proposals_with_a_warning(tmp_path):
    (tmp_path / "truth.geojson").write_text(collection([box(0, 0, 2, 2)], [{"k": 1}]))
    rows = [{"conf": 0.5}, {"conf": None}]
    (tmp_path / "found.geojson").write_text(collection([box(0, 0, 2, 2), box(5, 5, 6, 6)], rows))
    evaluator = compat.Evaluator(tmp_path / "truth.geojson")
    with pytest.warns(UserWarning, match="1 of 2 rows have a missing attribute"):
        evaluator.load_proposal(tmp_path / "found.geojson")
    assert evaluator.eval_iou()[0]["FalsePos"] == 0


def test_f1_of_csv_files_and_the_greatest_confidence(tmp_path):
    rows = 'PolygonWKT_Pix,a,b\n"POLYGON ((0 0, 0 4, 4 4, 4 0, 0 0))",0.1,0.2\n'
    (tmp_path / "truth.csv").write_text(rows)
    (tmp_path / "found.csv").write_text(rows + '"POLYGON ((0 0, 0 4, 3 4, 3 0, 0 0))",0.0,0.9\n')
    evaluator = compat.Evaluator(tmp_path / "truth.csv")
    evaluator.load_proposal(tmp_path / "found.csv", ["a", "b"], proposalCSV=True)
    (result,) = evaluator.eval_iou(miniou=0.5, iou_field_prefix="score")
    assert (result["TruePos"], result["FalsePos"]) == (1, 1)
    assert evaluator.proposal_GDF["score_all"].tolist() == [0.75, 0]  # the surer one took it


def test_f1_of_bad_arguments(tmp_path):
    (tmp_path / "truth.geojson").write_text(collection([box(0, 0, 2, 2)], [{"k": 1}]))
    evaluator = compat.Evaluator(tmp_path / "truth.geojson")
    with pytest.raises(InputError, match=r"conf_field_list: got columns .*, wanted conf"):
        evaluator.load_proposal(tmp_path / "truth.geojson")
    with pytest.raises(InputError, match="class"):
        evaluator.eval_iou(class_list=["all", "house"])
    for miniou in (-1, float("nan"), "half"):
        with pytest.raises(InputError, match=f"miniou: got {miniou!r}, wanted a number"):
            evaluator.eval_iou(miniou=miniou)
    with pytest.raises(InputError, match=r"absent\.geojson: cannot be opened"):
        compat.Evaluator(tmp_path / "absent.geojson")


def test_csv_scores_of_bad_files(tmp_path):
    (tmp_path / "bad.csv").write_text("filename,id,wkt\n")
    with pytest.raises(FormatError, match=r"bad\.csv: got columns filename, id, wkt"):
        compat.multi_temporal_buildings(tmp_path / "bad.csv", tmp_path / "bad.csv")
    (tmp_path / "none.csv").write_text("filename,id,geometry\n")
    with pytest.raises(InputError, match=r"none\.csv: got no rows"):
        compat.multi_temporal_buildings(tmp_path / "none.csv", tmp_path / "none.csv")
