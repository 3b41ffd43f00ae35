"""Stacks in the formats of others, opened again by GDAL and geopandas."""

import json
from concurrent.futures import ThreadPoolExecutor

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely

import sn7fast
from scenes import arrays_equal
from sn7fast import Footprints, Grid, Stack, polygonize_frames
from sn7fast.errors import InputError, StackError
from sn7fast.io.vector import FORMATS, format_of

MERCATOR = Grid((48, 48), (4.77731426716, 0, -12826744.842478856, 0, -4.77731426716, 4334285.25),
                "EPSG:3857")  # fmt: skip
UTM = Grid((48, 48), (10, 0, 399960, 0, -10, 4900020), "EPSG:32632")


def tracked(grid=MERCATOR, aoi="north", seed=0):
    masks = np.random.default_rng(seed).random((3, 48, 48)) < 0.25
    masks[1] = False
    months = ["2018_01", "2018_02", "2018_03"]
    stack = sn7fast.track(polygonize_frames(masks, months=months, aoi=aoi))
    return Stack(aoi, stack.months, stack.footprints, stack.frame_offsets, stack.ids, stack.iou,
                 grid)  # fmt: skip


def columns(count):
    return {
        "confidence": np.where(np.arange(count) % 5 == 0, np.nan, 0.25),
        "demolished": np.arange(count) % 2 == 0,
        "note": np.array([None if k % 3 else f"n{k}" for k in range(count)], object),
        "level": np.arange(count, dtype=np.uint8),
    }


def multi(grid=UTM):
    shapes = [
        shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(4, 4, 6, 6)]),
        shapely.box(0, 0, 9, 9).difference(shapely.box(2, 2, 4, 4)),
    ]
    return Stack.from_frames([Footprints.from_shapely(shapes)], months=["2018_01"], aoi="a",
                             ids=[[1, 2]], grid=grid)  # fmt: skip


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".parquet"])
@pytest.mark.parametrize("grid", [MERCATOR, UTM])
def test_gdal_reads_what_was_written(tmp_path, suffix, grid):
    path = tmp_path / f"out{suffix}"
    stack = tracked(grid)
    given = columns(len(stack))
    sn7fast.write_vector(path, stack, columns=given)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    frame = geopandas.read_parquet(path) if suffix == ".parquet" else pyogrio.read_dataframe(path)
    # The rows of a FlatGeobuf are in the order of its index.
    frame = frame.sort_values("level", kind="stable") if len(stack) < 256 else frame
    names = ["aoi", "month", "id", "iou", "area_m2", *given, "geometry"]
    assert list(frame) == names
    assert frame.crs == grid.crs
    key = ["month", "id"]
    expected = stack.to_geopandas(columns=given).sort_values(key).reset_index(drop=True)
    found = frame.sort_values(key).reset_index(drop=True)
    for name in names[:-1]:
        assert found[name].isna().tolist() == expected[name].isna().tolist(), name
        held = ~found[name].isna()
        assert found[name][held].tolist() == expected[name][held].tolist(), name
    assert found.geometry.geom_equals_exact(expected.geometry, 0).all()


def test_layer_and_index_of_a_geopackage(tmp_path):
    stack = tracked()
    sn7fast.write_vector(tmp_path / "a.gpkg", stack)
    assert pyogrio.list_layers(tmp_path / "a.gpkg").tolist() == [["footprints", "Polygon"]]
    about = pyogrio.read_info(tmp_path / "a.gpkg")
    assert about["features"] == len(stack)
    assert about["capabilities"]["fast_spatial_filter"]
    x0, y0, x1, y1 = about["total_bounds"]
    box = (x0, y0, (x0 + x1) / 2, (y0 + y1) / 2)
    some = pyogrio.read_dataframe(tmp_path / "a.gpkg", bbox=box)
    assert len(some) == shapely.box(*box).intersects(stack.to_geopandas().geometry.array).sum()


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".geojson"])
def test_multipolygons(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    sn7fast.write_vector(path, multi())
    frame = pyogrio.read_dataframe(path)
    assert sorted(frame["area_m2"]) == pytest.approx([800, 7700], rel=1e-3)
    assert "MultiPolygon" in set(frame.geometry.geom_type)
    assert sorted(frame.to_crs(UTM.crs).area) == pytest.approx([800, 7700], rel=1e-4)


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_equal_input_equal_bytes(tmp_path, suffix):
    for name in ("a", "b"):
        sn7fast.write_vector(tmp_path / f"{name}{suffix}", {"n": tracked(), "s": tracked(seed=1)})
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", [".gpkg", ".fgb", ".parquet"])
def test_threads_write_at_the_same_time(tmp_path, suffix):
    stacks = [tracked(MERCATOR if k % 2 else None, seed=k) for k in range(8)]

    def write(folder, k):
        (tmp_path / folder).mkdir(exist_ok=True)
        path = tmp_path / folder / f"{k}{suffix}"
        sn7fast.write_vector(path, stacks[k])
        return path.read_bytes()

    alone = [write("alone", k) for k in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(write, ["together"] * 8, range(8))) == alone


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_empty_stacks(tmp_path, suffix):
    stack = Stack.from_frames([Footprints.empty()], months=["2018_01"], aoi="a", ids=[[]], grid=UTM)
    path = tmp_path / f"out{suffix}"
    sn7fast.write_vector(path, stack)
    if suffix in (".gpkg", ".fgb"):
        assert len(pyogrio.read_dataframe(path)) == 0
        assert pyogrio.read_info(path)["crs"] == UTM.crs


def test_empty_footprints(tmp_path):
    found = Footprints.from_shapely([shapely.Polygon(), shapely.box(0, 0, 1, 1)])
    stack = Stack.from_frames([found], months=["2018_01"], aoi="a", grid=UTM)
    for suffix in (".gpkg", ".fgb", ".geojson"):
        sn7fast.write_vector(tmp_path / f"out{suffix}", stack)
        frame = pyogrio.read_dataframe(tmp_path / f"out{suffix}")
        empty = frame.geometry.isna() | frame.geometry.is_empty
        assert sorted(empty) == [False, True]


def test_pixels_have_no_crs(tmp_path):
    stack = tracked(None)
    for suffix in (".gpkg", ".fgb", ".parquet"):
        path = tmp_path / f"out{suffix}"
        sn7fast.write_vector(path, stack)
        frame = (
            geopandas.read_parquet(path) if suffix == ".parquet" else pyogrio.read_dataframe(path)
        )
        # What GDAL calls an undefined system in a GeoPackage.
        assert frame.crs is None or "Undefined" in frame.crs.name
        assert "area_px" in frame
        assert frame.area.sum() == pytest.approx(frame["area_px"].sum())
        assert frame.total_bounds.tolist() == [0, 0, 48, 48]


# GeoJSON


@pytest.mark.parametrize("stack", [tracked(MERCATOR), tracked(UTM), multi()])
def test_geojson_is_rfc_7946(tmp_path, stack):
    path = tmp_path / "a.geojson"
    sn7fast.write_vector(path, stack)
    content = json.loads(path.read_text())
    assert sorted(content) == ["features", "type"]
    for feature in content["features"]:
        shape = shapely.geometry.shape(feature["geometry"])
        for part in shapely.get_parts(shape):
            assert part.exterior.is_ccw
            assert not any(ring.is_ccw for ring in part.interiors)
    frame = pyogrio.read_dataframe(path)
    assert frame.crs == "EPSG:4326"
    assert frame["Id"].tolist() == stack.ids.tolist()
    expected = stack.to_geopandas().to_crs("EPSG:4326")
    assert shapely.hausdorff_distance(frame.geometry, expected.geometry).max() < 2e-8


def test_geojson_of_pixels_and_of_the_grid(tmp_path):
    path = tmp_path / "a.geojson"
    with pytest.raises(InputError, match=r"a stack without a CRS, .* place='pixel'"):
        sn7fast.write_vector(path, tracked(None))
    with pytest.raises(InputError, match=r"place: got 'grid', wanted 'wgs84' or 'pixel'"):
        sn7fast.write_vector(path, tracked(), place="grid")
    assert list(tmp_path.iterdir()) == []
    stack = tracked(None)
    sn7fast.write_vector(path, stack, place="pixel")
    assert arrays_equal(sn7fast.read_geojson(path).footprints, stack.footprints)


def test_the_180th_meridian_is_not_crossed(tmp_path):
    # At the equator the last zone of UTM ends 334 km from its middle.
    grid = Grid((48, 48), (10, 0, 833978 - 240, 0, -10, 480), "EPSG:32660")
    stack = Stack.from_frames([Footprints.from_shapely([shapely.box(0, 0, 48, 48)])],
                              months=["2018_01"], aoi="a", grid=grid)  # fmt: skip
    with pytest.raises(InputError, match="footprint 0 across the 180th meridian"):
        sn7fast.write_vector(tmp_path / "a.geojson", stack)
    sn7fast.write_vector(tmp_path / "a.gpkg", stack)
    assert pyogrio.read_dataframe(tmp_path / "a.gpkg")["area_m2"][0] == pytest.approx(480**2, 2e-3)


# The door


def test_formats_by_name_and_suffix(tmp_path):
    assert format_of("a.FGB") == "FlatGeobuf"
    assert format_of("a", "flatgeobuf") == "FlatGeobuf"
    with pytest.raises(InputError, match=r"a\.shp: got suffix '\.shp', wanted one of \.parquet"):
        format_of("a.shp")
    with pytest.raises(InputError, match="format: got 'shp', wanted one of GeoParquet"):
        format_of("a.gpkg", "shp")
    sn7fast.write_vector(tmp_path / "noname", tracked(), format="flatgeobuf")
    assert len(pyogrio.read_dataframe(tmp_path / "noname")) == len(tracked())


def test_csv_is_that_of_spacenet(tmp_path):
    stack = tracked()
    sn7fast.write_vector(tmp_path / "a.csv", stack)
    back = sn7fast.read_csv(tmp_path / "a.csv")["north"]
    assert arrays_equal(back.footprints, stack.footprints)
    assert back.months == stack.months
    with pytest.raises(InputError, match="for which an SN7 CSV has no room"):
        sn7fast.write_vector(tmp_path / "a.csv", stack, columns=columns(len(stack)))


def test_the_date_of_gdal_is_left_alone(tmp_path):
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2011-11-11T00:00:00.000Z"})
    try:
        sn7fast.write_vector(tmp_path / "a.gpkg", tracked())
        assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == "2011-11-11T00:00:00.000Z"
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


# GeoDataFrames


@pytest.mark.parametrize("grid", [MERCATOR, UTM, None])
def test_stacks_come_back_from_geopandas(grid):
    stack = tracked(grid)
    frame = stack.to_geopandas()
    assert list(frame)[:5] == ["aoi", "month", "id", "iou", "area_m2" if grid else "area_px"]
    back = Stack.from_geopandas(frame.sample(frac=1, random_state=0).sort_index(), grid=grid,
                                months=stack.months)  # fmt: skip
    assert back.months == stack.months
    assert np.array_equal(back.ids, stack.ids)
    assert np.array_equal(back.iou, stack.iou)
    assert np.abs(back.footprints.coords - stack.footprints.coords).max() < 1e-6
    assert Stack.from_geopandas(frame, grid=grid).months == ("2018_01", "2018_03")
    if grid is not None:
        elsewhere = Stack.from_geopandas(frame.to_crs("EPSG:4326"), grid=grid)
        assert np.abs(elsewhere.footprints.coords - stack.footprints.coords).max() < 1e-6


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        (lambda f: f.drop(columns="month"), {}, InputError, "month: got 'month', wanted one of"),
        (lambda f: f.assign(month=5), {}, InputError, "month: got 5, wanted labels"),
        (lambda f: f.assign(aoi=["x"] + ["y"] * (len(f) - 1)), {}, InputError, "and 2 areas"),
        (lambda f: f.drop(columns="aoi"), {}, InputError, "and 0 areas"),
        (lambda f: f.assign(id=0.5), {}, InputError, "id: got a column of float64"),
        (lambda f: f, {"grid": None}, InputError, "grid: got None for a frame in EPSG:32632"),
        (lambda f: f, {"grid": Grid((48, 48))}, InputError, "grid: got one without a CRS"),
        (lambda f: f, {"months": ["2018_01"]}, InputError, "rows of 2018_03, wanted it among"),
        (lambda f: f, {"months": ["2018_01", "2018_03", "2018_01"]}, StackError, "more than once"),
        (lambda f: f.set_geometry(f.geometry.centroid), {}, InputError, "geometry 0: got Point"),
    ],
)  # fmt: skip
def test_other_frames_are_refused(change, options, error, message):
    frame = change(tracked(UTM).to_geopandas())
    with pytest.raises(error, match=message):
        Stack.from_geopandas(frame, **{"grid": UTM, **options})
