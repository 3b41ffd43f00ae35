"""GeoParquet: the way there and back, and what other readers make of it."""

import json
from contextlib import suppress

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import sn7fast
from scenes import arrays_equal, settlements
from sn7fast import Footprints, Grid, Stack, polygonize
from sn7fast.errors import FormatError, GeometryError, InputError

MERCATOR = Grid((64, 64), (4.77731426716, 0, -12826744.842478856, 0, -4.77731426716, 4334285.25),
                "EPSG:3857")  # fmt: skip
UTM = Grid((64, 64), (10, 0, 399960, 0, -10, 4900020), "EPSG:32632")
DEGREES = Grid((64, 64), (1e-4, 0, 11.5, 0, -1e-4, 48.2), "EPSG:4326")
ROTATED = Grid((64, 64), (8.0, 3.0, 500000, 3.0, -8.0, 5000000), "EPSG:32632")
SOUTH_UP = Grid((64, 64), (10, 0, 399960, 0, 10, 4899000), "EPSG:32632")
NOWHERE = Grid((64, 64))
GRIDS = [MERCATOR, UTM, DEGREES, ROTATED, SOUTH_UP, NOWHERE, None]


def frames(months=3, seed=0, step=1.0):
    random = np.random.default_rng(seed)
    for _ in range(months):
        found = polygonize(random.random((64, 64)) < 0.2)
        yield Footprints(found.coords * step, *found.arrays[1:])


def tracked(grid=MERCATOR, aoi="north", seed=0, step=1.0):
    """Four months, the second without footprints."""
    parts = list(frames(seed=seed, step=step))
    parts.insert(1, Footprints.empty())
    months = ["2018_01", "2018_02", "2018_04", "2019_01"]
    stack = sn7fast.track(Stack.from_frames(parts, months=months, aoi=aoi))
    return Stack(aoi, stack.months, stack.footprints, stack.frame_offsets, stack.ids, stack.iou,
                 grid)  # fmt: skip


def assert_same(one, other, *, within=0.0):
    assert (one.aoi, one.months, one.grid) == (other.aoi, other.months, other.grid)
    assert np.array_equal(one.frame_offsets, other.frame_offsets)
    for name in ("ids", "iou"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None)
        if a is not None:
            assert a.dtype == b.dtype
            assert np.array_equal(a, b, equal_nan=True)
    if within:
        for a, b in zip(one.footprints.arrays[1:], other.footprints.arrays[1:], strict=True):
            assert np.array_equal(a, b)
        assert np.abs(one.footprints.coords - other.footprints.coords).max() < within
    else:
        assert arrays_equal(one.footprints, other.footprints)


@pytest.mark.parametrize("encoding", ["geoarrow", "WKB"])
@pytest.mark.parametrize("grid", GRIDS)
def test_stacks_come_back_to_the_bit(tmp_path, grid, encoding):
    stack = tracked(grid)
    sn7fast.write_parquet(tmp_path / "a.parquet", stack, encoding=encoding)
    back = sn7fast.read_parquet(tmp_path / "a.parquet")
    assert list(back) == ["north"]
    assert back.columns == {}
    assert_same(back["north"], stack)
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


@pytest.mark.parametrize("step", [1 / 2, 1 / 3, 1 / 4, 0.01, 1e-4])
def test_parts_of_pixels_come_back_to_the_bit(tmp_path, step):
    stack = tracked()
    q = round(1 / step)
    coords = np.round(stack.footprints.coords * 0.77 * q) / q
    stack = Stack("north", stack.months, Footprints(coords, *stack.footprints.arrays[1:]),
                  stack.frame_offsets, grid=MERCATOR)  # fmt: skip
    sn7fast.write_parquet(tmp_path / "a.parquet", stack)
    assert_same(sn7fast.read_parquet(tmp_path / "a.parquet")["north"], stack)


@pytest.mark.parametrize("grid", [MERCATOR, UTM, DEGREES, ROTATED])
def test_any_coordinates_come_back_within_a_millionth_of_a_pixel(tmp_path, grid):
    stack = tracked(grid, step=0.123456789)
    sn7fast.write_parquet(tmp_path / "a.parquet", stack)
    assert_same(sn7fast.read_parquet(tmp_path / "a.parquet")["north"], stack, within=1e-6)
    sn7fast.write_parquet(tmp_path / "a.parquet", stack, place="pixel")
    assert_same(sn7fast.read_parquet(tmp_path / "a.parquet")["north"], stack)


@given(settlements(), st.booleans())
def test_any_stack_comes_back(tmp_path_factory, drawn, with_grid):
    stack, _ = drawn
    path = tmp_path_factory.mktemp("any") / "a.parquet"
    sn7fast.write_parquet(path, stack, place="pixel")
    assert_same(sn7fast.read_parquet(path)[stack.aoi], stack)


def test_multipolygons_holes_and_empty_footprints(tmp_path):
    shapes = [
        shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(4, 4, 6, 6)]),
        shapely.box(0, 0, 9, 9).difference(shapely.box(2, 2, 4, 4)),
        shapely.Polygon(),
    ]
    stack = Stack.from_frames([Footprints.from_shapely(shapes)], months=["2018_01"], aoi="a",
                              ids=[[1, 2, 3]], grid=UTM)  # fmt: skip
    for encoding in ("geoarrow", "WKB"):
        sn7fast.write_parquet(tmp_path / "a.parquet", stack, encoding=encoding)
        back = sn7fast.read_parquet(tmp_path / "a.parquet")["a"].footprints
        # Of the empty one, only that it is empty comes back.
        assert len(back) == 3
        assert arrays_equal(back[:2], stack.footprints[:2])
        assert np.isnan(back.bounds[2]).all()
        frame = geopandas.read_parquet(tmp_path / "a.parquet")
        assert frame.area.tolist() == pytest.approx([800, 7700, 0])
        assert frame.is_empty.tolist() == [False, False, True]
        bounds = pq.read_table(tmp_path / "a.parquet")["bbox"].to_pylist()
        assert bounds[2] is None
        assert bounds[0] == {"xmin": 399960, "ymin": 4899960, "xmax": 400020, "ymax": 4900020}


def test_no_footprints_at_all(tmp_path):
    stack = Stack.from_frames([Footprints.empty()] * 2, months=["2018_01", "2018_02"], aoi="a",
                              ids=[[], []], grid=UTM)  # fmt: skip
    sn7fast.write_parquet(tmp_path / "a.parquet", stack)
    assert_same(sn7fast.read_parquet(tmp_path / "a.parquet")["a"], stack)
    assert len(geopandas.read_parquet(tmp_path / "a.parquet")) == 0


@pytest.mark.parametrize("encoding", ["geoarrow", "WKB"])
@pytest.mark.parametrize("grid", [MERCATOR, UTM, DEGREES])
def test_geopandas_reads_it(tmp_path, grid, encoding):
    stack = tracked(grid)
    confidence = np.linspace(0, 1, len(stack))
    sn7fast.write_parquet(tmp_path / "a.parquet", stack, encoding=encoding,
                          columns={"confidence": confidence})  # fmt: skip
    frame = geopandas.read_parquet(tmp_path / "a.parquet")
    assert list(frame) == ["aoi", "month", "id", "iou", "area_m2", "confidence", "geometry"]
    assert frame.crs == grid.crs
    assert frame["id"].tolist() == stack.ids.tolist()
    assert frame["month"].tolist() == [stack.months[k] for k in stack.month_index]
    assert frame["confidence"].tolist() == confidence.tolist()
    assert frame.geometry.is_valid.all()
    expected = grid.px_to_crs(stack.footprints).to_shapely()
    assert shapely.equals_exact(frame.geometry.to_numpy(), expected, 0).all()
    window = frame.total_bounds[[0, 1, 0, 1]] + np.repeat([0, np.ptp(frame.total_bounds[::2]) / 3],
                                                          2)  # fmt: skip
    some = geopandas.read_parquet(tmp_path / "a.parquet", bbox=tuple(window))
    assert 0 < len(some) < len(frame)
    assert len(some) == len(frame.cx[window[0] : window[2], window[1] : window[3]])


def test_metadata_are_those_of_the_standard(tmp_path):
    sn7fast.write_parquet(tmp_path / "a.parquet", tracked(MERCATOR))
    file = pq.ParquetFile(tmp_path / "a.parquet")
    geo = json.loads(file.metadata.metadata[b"geo"])
    assert geo["version"] == "1.1.0"
    column = geo["columns"][geo["primary_column"]]
    assert (column["encoding"], column["geometry_types"]) == ("polygon", ["Polygon"])
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 3857}
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    assert column["bbox"] == geopandas.read_parquet(tmp_path / "a.parquet").total_bounds.tolist()
    assert str(file.schema_arrow.field("geometry").type) == (
        "list<element: list<element: struct<x: double not null, y: double not null> not null> "
        "not null>"
    )
    assert {file.metadata.row_group(0).column(k).compression for k in range(5)} == {"ZSTD"}
    sn7fast.write_parquet(tmp_path / "b.parquet", tracked(None))
    geo = json.loads(pq.ParquetFile(tmp_path / "b.parquet").metadata.metadata[b"geo"])
    assert geo["columns"]["geometry"]["crs"] is None


def test_further_columns_and_several_stacks(tmp_path):
    stacks = {"south": tracked(aoi="south", seed=1), "north": tracked(aoi="north")}
    count = sum(map(len, stacks.values()))
    confidence = np.where(np.arange(count) % 5 == 0, np.nan, 0.5)
    columns = {
        "confidence": confidence,
        "demolished": np.arange(count) % 2 == 0,
        "note": np.array([None if k % 3 else f"n{k}" for k in range(count)], object),
        "kind": np.array(["x", "yy"])[np.arange(count) % 2],
        "level": np.arange(count, dtype=np.uint8),
    }
    sn7fast.write_parquet(tmp_path / "a.parquet", stacks, columns=columns)
    back = sn7fast.read_parquet(tmp_path / "a.parquet")
    assert list(back) == ["south", "north"]
    for aoi, stack in stacks.items():
        assert_same(back[aoi], stack)
    assert list(back.columns) == list(columns)
    for name, values in columns.items():
        assert back.columns[name].dtype == (object if values.dtype.kind in "OU" else values.dtype)
        assert np.array_equal(back.columns[name], values, equal_nan=name == "confidence"), name
    assert geopandas.read_parquet(tmp_path / "a.parquet")["confidence"].isna().sum() > 0


def test_rows_that_were_filtered_and_shuffled(tmp_path):
    stack = tracked()
    sn7fast.write_parquet(tmp_path / "a.parquet", stack)
    table = pq.read_table(tmp_path / "a.parquet")
    keep = np.random.default_rng(0).permutation(len(stack))[: len(stack) // 2]
    pq.write_table(table.take(keep), tmp_path / "b.parquet")
    back = sn7fast.read_parquet(tmp_path / "b.parquet")["north"]
    assert back.months == stack.months
    assert len(back) == len(keep)
    known = {
        (stack.months[month], id_): row
        for row, (month, id_) in enumerate(zip(stack.month_index, stack.ids, strict=True))
    }
    labels = np.array(back.months)[back.month_index]
    rows = [known[month, id_] for month, id_ in zip(labels, back.ids, strict=True)]
    assert sorted(rows) == sorted(keep.tolist())
    assert arrays_equal(back.footprints, stack.footprints[rows])
    assert np.array_equal(back.iou, stack.iou[rows])


def test_equal_input_equal_bytes(tmp_path):
    for name in ("a", "b"):
        sn7fast.write_parquet(tmp_path / name, tracked(), columns={"x": np.arange(len(tracked()))})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_longitude_and_latitude(tmp_path):
    stack = tracked(UTM)
    sn7fast.write_parquet(tmp_path / "a.parquet", stack, place="wgs84")
    frame = geopandas.read_parquet(tmp_path / "a.parquet")
    expected = geopandas.GeoSeries(UTM.px_to_crs(stack.footprints).to_shapely(), crs=UTM.crs)
    assert frame.crs == "OGC:CRS84"
    assert frame.geometry.geom_equals_exact(expected.to_crs("OGC:CRS84"), 1e-10).all()
    with pytest.raises(FormatError, match=r"a\.parquet: got version 1 at 'wgs84'"):
        sn7fast.read_parquet(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("stacks", "options", "message"),
    [
        ({}, {}, "stacks: got none"),
        ({"a": tracked(UTM), "b": tracked(MERCATOR)}, {}, "CRS EPSG:32632 and EPSG:3857, wanted"),
        ({"a": tracked(UTM), "b": tracked(None)}, {}, "b: got a stack without a CRS"),
        (tracked(None), {"place": "grid"}, "north: got a stack without a CRS"),
        (tracked(None), {"place": "wgs84"}, "north: got a stack without a CRS"),
        (tracked(), {"place": "moon"}, "place: got 'moon'"),
        (tracked(), {"encoding": "wkt"}, "encoding: got 'wkt'"),
        ({"a": tracked(), "b": tracked().with_ids(None)}, {}, "a has ids and b has none"),
        (tracked(), {"columns": {"id": [1]}}, "columns: got 'id', which is made here"),
        (tracked(), {"columns": {"c": [1]}}, r"columns: c: got shape \(1,\), wanted"),
        (
            tracked(),
            {"columns": {"c": np.array([[]] * len(tracked()) + [None], object)[:-1]}},
            "columns: c: got object",
        ),
        (tracked(Grid((64, 64), crs="EPSG:999999")), {}, "EPSG:999999"),
    ],
)
def test_refused_writing_leaves_nothing(tmp_path, stacks, options, message):
    with pytest.raises(InputError, match=message):
        sn7fast.write_parquet(tmp_path / "a.parquet", stacks, **options)
    assert list(tmp_path.iterdir()) == []


def test_files_of_others_and_damaged_ones(tmp_path):
    path = tmp_path / "a.parquet"
    with pytest.raises(FileNotFoundError):
        sn7fast.read_parquet(path)
    path.write_bytes(b"PAR1 no, it is not PAR1")
    with pytest.raises(FormatError, match=r"a\.parquet: no Parquet file, or a damaged one"):
        sn7fast.read_parquet(path)
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(FormatError, match="got no metadata of sn7fast"):
        sn7fast.read_parquet(path)
    sn7fast.write_parquet(path, tracked())
    geopandas.read_parquet(path).to_parquet(path)
    with pytest.raises(FormatError, match="got no metadata of sn7fast"):
        sn7fast.read_parquet(path)
    sn7fast.write_parquet(path, tracked())
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match=r"a\.parquet"):
        sn7fast.read_parquet(path)
    changed = bytearray(whole)
    changed[2000:2010] = bytes(10)
    path.write_bytes(changed)
    with pytest.raises(FormatError, match=r"a\.parquet: no Parquet file, or a damaged one"):
        sn7fast.read_parquet(path)


def test_damaged_bytes_never_end_in_another_error(tmp_path):
    path = tmp_path / "a.parquet"
    sn7fast.write_parquet(path, tracked())
    whole, random = path.read_bytes(), np.random.default_rng(0)
    for _ in range(300):
        content = bytearray(whole)
        # Most of the file is pages, which have checksums; the last part tells of them.
        for place in random.integers(len(whole) - 6000, len(whole), 2):
            content[place] = random.integers(256)
        path.write_bytes(content)
        with suppress(InputError):
            sn7fast.read_parquet(path)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda t, m: (t.drop_columns(["month"]), m), FormatError, "damaged: KeyError"),
        (lambda t, m: (t, m | {"version": 2}), FormatError, "got version 2 at 'grid'"),
        (lambda t, m: (t, m | {"stacks": []}), FormatError, "which the metadata do not name"),
        (lambda t, m: (t, m | {"stacks": 5}), FormatError, "damaged: TypeError"),
        (lambda t, m: (t, m | {"stacks": [m["stacks"][0] | {"grid": None}]}), FormatError,
         "damaged: AttributeError"),
        (lambda t, m: (t.set_column(t.schema.get_field_index("geometry"), "geometry",
                                    pa.nulls(len(t), t["geometry"].type)), m),
         GeometryError, "geometry 0: got null"),
        (lambda t, m: (t.set_column(t.schema.get_field_index("geometry"), "geometry",
                                    pa.array([0] * len(t))), m), InputError, "got int64, wanted"),
    ],
)  # fmt: skip
def test_changed_files_are_refused(tmp_path, change, error, message):
    path = tmp_path / "a.parquet"
    sn7fast.write_parquet(path, tracked())
    table = pq.read_table(path)
    kept = table.schema.metadata
    table, about = change(table, json.loads(kept[b"sn7fast"]))
    pq.write_table(
        table.replace_schema_metadata(kept | {b"sn7fast": json.dumps(about).encode()}), path
    )
    with pytest.raises(error, match=message) as caught:
        sn7fast.read_parquet(path)
    assert "a.parquet" in str(caught.value)
