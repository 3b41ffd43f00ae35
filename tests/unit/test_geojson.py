import json

import numpy as np
import pytest

from sn7fast import (
    Footprints,
    FormatError,
    GeometryError,
    InputError,
    read_geojson,
    write_geojson,
)
from sn7fast.io import dumps_geojson, from_wkt, loads_geojson, to_wkt

SQUARE = "POLYGON ((0 0, 4 0, 4 4, 0 0))"
SHAPES = [
    SQUARE,
    "POLYGON ((0 0, 9 0, 9 9.5, 0 0), (1 1, 2 1, 2 2, 1 1))",
    "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 0)), ((5 5, 6 5, 6 6.25, 5 5)))",
    "POLYGON EMPTY",
]


def feature(coordinates, kind="Polygon", **properties):
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


RING = [[0, 0], [4, 0], [4, 4], [0, 0]]
GOOD = feature([RING], Id=1)


def test_what_is_written_reads_back(tmp_path):
    path = tmp_path / "month.geojson"
    footprints = from_wkt(SHAPES)
    columns = {
        "Id": np.array([4, 5, 6, 7], np.int32),
        "iou_score": [0.5, 1.0, float("nan"), 0.25],
        "new": np.array([True, False, True, True]),
        "image_fname": ["a", "b\n", "ü", '"'],
        "mixed": np.array([1, None, "x", 2.5], object),
    }
    write_geojson(path, footprints, columns=columns, crs="EPSG:3857")
    found = read_geojson(path)
    assert to_wkt(found.footprints) == SHAPES
    assert found.crs == "urn:ogc:def:crs:EPSG::3857"
    assert list(found.columns) == list(columns)
    assert found.columns["Id"].dtype == np.int64
    assert found.columns["iou_score"].dtype == np.float64
    np.testing.assert_array_equal(found.columns["iou_score"], [0.5, 1.0, np.nan, 0.25])
    assert found.columns["new"].dtype == bool
    assert found.columns["image_fname"].tolist() == columns["image_fname"]
    assert found.columns["mixed"].tolist() == [1, None, "x", 2.5]
    assert [file.name for file in tmp_path.iterdir()] == ["month.geojson"]


def test_what_is_written_is_plain_json():
    text = dumps_geojson(from_wkt(SHAPES), columns={"Id": range(4), "x": [1.0, np.nan, 2, 3]})
    parsed = json.loads(text, parse_constant=pytest.fail)
    assert "crs" not in parsed
    assert [f["properties"] for f in parsed["features"]][:2] == [
        {"Id": 0, "x": 1.0},
        {"Id": 1, "x": None},
    ]
    geometries = [f["geometry"] for f in parsed["features"]]
    assert [g["type"] for g in geometries] == ["Polygon", "Polygon", "MultiPolygon", "Polygon"]
    assert geometries[0]["coordinates"] == [RING]
    assert geometries[3]["coordinates"] == []


def test_decimals_and_no_footprints():
    text = dumps_geojson(from_wkt(["POLYGON ((0.126 0, 4 0, 4 4, 0.126 0))"]), decimals=2)
    assert b"[0.13,0]" in text
    empty = loads_geojson(dumps_geojson(Footprints.empty()), columns=["Id"])
    assert (len(empty), empty.columns["Id"].dtype) == (0, np.int64)


@pytest.mark.parametrize(
    ("crs", "name"),
    [
        ("EPSG:32616", "urn:ogc:def:crs:EPSG::32616"),
        ("epsg:4326", "urn:ogc:def:crs:OGC:1.3:CRS84"),
        ("OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84"),
        ("urn:ogc:def:crs:EPSG::3857", "urn:ogc:def:crs:EPSG::3857"),
    ],
)
def test_crs_names(crs, name):
    assert loads_geojson(dumps_geojson(Footprints.empty(), crs=crs)).crs == name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"crs": "WGS 84"}, "crs: got 'WGS 84'"),
        ({"decimals": -1}, "decimals: got -1"),
        ({"columns": {"a": [1, 2]}}, 'columns: got 2 values in "a", wanted 1'),
        ({"columns": {"a": [[1]]}}, r"columns: a: got shape \(1, 1\)"),
        ({"columns": {"a": [float("inf")]}}, 'columns: got an infinite number in "a", row 0'),
        ({"columns": {"a": [1j]}}, "columns: a: got complex"),
        ({"columns": {"a": np.array([object()], object)}}, "columns: a: got object"),
        ({"columns": {"a": np.array([2**63], np.uint64)}}, "columns: a: got 9223372036854775808"),
        ({"columns": {"a": np.array(["2018-01"], "M8[D]")}}, "columns: a: got date"),
    ],
)
def test_what_cannot_be_written(tmp_path, arguments, said):
    path = tmp_path / "month.geojson"
    with pytest.raises(InputError, match=said):
        write_geojson(path, from_wkt([SQUARE]), **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_no_bytes_holds_no_features(tmp_path):
    path = tmp_path / "month.geojson"
    path.touch()
    assert len(read_geojson(path)) == 0


def test_only_the_columns_asked_for():
    data = json.dumps(
        collection(feature([RING], Id=1, name="x"), feature([RING], Id=None))
    ).encode()
    found = loads_geojson(data, columns=["conf", "Id", "Id"])
    assert list(found.columns) == ["conf", "Id"]
    np.testing.assert_array_equal(found.columns["Id"], [1, np.nan])
    np.testing.assert_array_equal(found.columns["conf"], [np.nan, np.nan])
    assert loads_geojson(data, columns=()).columns == {}
    with pytest.raises(InputError, match="columns: got the text 'Id'"):
        loads_geojson(data, columns="Id")


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("[]", FormatError, 'line 1: got "[]", wanted a GeoJSON FeatureCollection'),
        (json.dumps(GOOD), FormatError, 'got the type "Feature"'),
        (json.dumps(collection(GOOD)) + "x", FormatError, "wanted the end of the text"),
        (json.dumps(collection(GOOD))[:-30], FormatError, "feature 0 (line 1): got the end"),
        (
            json.dumps(collection(GOOD, {**GOOD, "geometry": None})),
            GeometryError,
            "feature 1 (line 1): got a null geometry",
        ),
        (json.dumps(collection(feature([1, 2], "Point"))), GeometryError, '"Point"'),
        (json.dumps(collection(feature([RING[:3]]))), GeometryError, "a ring of 3 points"),
        (json.dumps(collection(feature([[*RING, [9, 9]]]))), GeometryError, "not closed"),
        (
            json.dumps(collection(feature([[[float("nan"), 0], *RING]]))),
            GeometryError,
            "feature 0 (line 1): got the coordinate NaN",
        ),
        (
            json.dumps(collection(feature([[[1e18, 0], *RING, [1e18, 0]]]))),
            GeometryError,
            "the coordinate (1e18, 0.0)",
        ),
    ],
)
def test_bad_files_are_named_by_file_and_feature(tmp_path, text, error, said):
    path = tmp_path / "bad.geojson"
    path.write_text(text)
    with pytest.raises(error) as raised:
        read_geojson(path)
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    assert said in message


def test_null_geometries_can_be_skipped():
    data = json.dumps(collection(GOOD, {**GOOD, "geometry": None}, feature([RING], Id=3))).encode()
    found = loads_geojson(data, null_geometry="skip")
    assert found.columns["Id"].tolist() == [1, 3]
    with pytest.raises(InputError, match="null_geometry: got 'drop'"):
        loads_geojson(data, null_geometry="drop")


def test_threads_do_not_matter():
    from sn7fast import get_num_threads, set_num_threads

    footprints = from_wkt(SHAPES * 2000)
    before = get_num_threads()
    texts, arrays = [], []
    try:
        for threads in (1, 2, 3):
            set_num_threads(threads)
            texts.append(dumps_geojson(footprints, columns={"Id": range(8000)}))
            arrays.append(loads_geojson(texts[-1]).footprints.arrays)
    finally:
        set_num_threads(before)
    assert texts[0] == texts[1] == texts[2]
    for other in arrays:
        for a, b in zip(other, footprints.arrays, strict=True):
            np.testing.assert_array_equal(a, b)


def test_real_files_equal_pyogrio(real_data):
    geopandas = pytest.importorskip("geopandas")
    paths = sorted(real_data.rglob("*.geojson"))
    assert paths
    for path in paths:
        found = read_geojson(path, null_geometry="skip")
        frame = geopandas.read_file(path, engine="pyogrio")
        frame = frame[~frame.geometry.isna()]
        expected = Footprints.from_shapely(frame.geometry.to_numpy())
        for a, b in zip(found.footprints.arrays, expected.arrays, strict=True):
            assert np.array_equal(a, b) if a is not None else b is None
        for name, values in found.columns.items():
            if values.dtype.kind in "if":
                np.testing.assert_array_equal(values, frame[name].to_numpy(float))


def test_the_null_geometry_of_the_real_labels_is_found(real_data):
    (path,) = real_data.glob("sn7-full-tile/*/labels/*.geojson")
    with pytest.raises(GeometryError, match=r"feature \d+ \(line \d+\): got a null geometry"):
        read_geojson(path)
    assert len(read_geojson(path, null_geometry="skip")) == 2773
