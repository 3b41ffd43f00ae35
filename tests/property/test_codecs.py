"""What is written reads back; other readers agree; damaged text is refused, never fatal."""

import json

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sn7fast import Footprints, FormatError, GeometryError, Stack
from sn7fast.io import dumps_csv, dumps_geojson, from_wkt, loads_csv, loads_geojson, to_wkt

# The first example of a test pays for imports, and the machine may be busy.
unhurried = settings(deadline=None)

coordinates = st.one_of(
    st.integers(-(10**9), 10**9).map(float),
    st.integers(-(10**7), 10**7).map(lambda cents: cents / 100),
    st.floats(-1e9, 1e9),
)


@st.composite
def rings(draw):
    points = draw(st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=8))
    return [*points, points[0]]


@st.composite
def shapes(draw):
    """A shapely polygon or multipolygon, or an empty one."""
    polygons = [
        shapely.Polygon(parts[0], parts[1:])
        for parts in draw(st.lists(st.lists(rings(), min_size=1, max_size=3), max_size=3))
    ]
    if len(polygons) == 1:
        return polygons[0]
    return shapely.MultiPolygon(polygons) if polygons else shapely.Polygon()


def bits(footprints):
    coords, *offsets = footprints.arrays
    return coords.tobytes(), [None if array is None else array.tolist() for array in offsets]


def stack_of(footprints, cut):
    count = len(footprints)
    offsets = np.array([0, cut, count])
    return Stack("x", ("2018_01", "2018_02"), footprints, offsets, np.arange(count)[::-1])


@unhurried
@given(st.lists(shapes(), max_size=6))
def test_wkt(geometries):
    footprints = Footprints.from_shapely(geometries)
    texts = to_wkt(footprints)
    assert bits(from_wkt(texts)) == bits(footprints)
    assert bits(Footprints.from_shapely(shapely.from_wkt(texts))) == bits(footprints)
    theirs = shapely.to_wkt(geometries, rounding_precision=-1)
    assert bits(from_wkt(theirs)) == bits(Footprints.from_shapely(shapely.from_wkt(theirs)))


@unhurried
@given(st.lists(shapes(), min_size=2, max_size=6), st.data())
def test_csv(geometries, data):
    footprints = Footprints.from_shapely(geometries)
    cut = data.draw(st.integers(1, len(geometries) - 1))
    stack = stack_of(footprints, cut)
    back = loads_csv(dumps_csv(stack), keep_empty=True)["x"]
    assert bits(back.footprints) == bits(footprints)
    assert back.ids.tolist() == stack.ids.tolist()
    assert back.frame_offsets.tolist() == [0, cut, len(geometries)]
    assert back.months == stack.months


@unhurried
@given(st.lists(shapes(), max_size=6))
def test_geojson(geometries):
    footprints = Footprints.from_shapely(geometries)
    text = dumps_geojson(footprints, columns={"Id": range(len(geometries))}, crs="EPSG:3857")
    back = loads_geojson(text)
    assert bits(back.footprints) == bits(footprints)
    theirs = [shapely.from_geojson(json.dumps(f["geometry"])) for f in json.loads(text)["features"]]
    assert bits(Footprints.from_shapely(np.array(theirs, object))) == bits(footprints)


@settings(unhurried, max_examples=40)
@given(st.lists(shapes(), min_size=1, max_size=5))
def test_geojson_of_pyogrio(tmp_path_factory, geometries):
    geopandas = pytest.importorskip("geopandas")
    path = tmp_path_factory.mktemp("pyogrio") / "x.geojson"
    frame = geopandas.GeoDataFrame(geometry=geometries, crs="OGC:CRS84")
    frame.to_file(path, driver="GeoJSON", engine="pyogrio", COORDINATE_PRECISION=17)
    ours = loads_geojson(path.read_bytes())
    theirs = geopandas.read_file(path, engine="pyogrio").geometry.to_numpy()
    assert bits(ours.footprints) == bits(Footprints.from_shapely(theirs))
    path.write_bytes(dumps_geojson(Footprints.from_shapely(geometries)))
    theirs = geopandas.read_file(path, engine="pyogrio").geometry.to_numpy()
    assert bits(Footprints.from_shapely(theirs)) == bits(Footprints.from_shapely(geometries))


@unhurried
@given(st.lists(shapes(), max_size=4), st.integers(0, 6))
def test_decimals_round_as_numpy_prints(geometries, decimals):
    footprints = Footprints.from_shapely(geometries)
    rounded = from_wkt(to_wkt(footprints, decimals=decimals)).coords
    wanted = [float(f"{value:.{decimals}f}") for value in footprints.coords.ravel()]
    np.testing.assert_array_equal(rounded.ravel(), wanted)


@unhurried
@given(
    st.lists(shapes(), max_size=4),
    st.floats(0, 1),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=3)), max_size=3),
    st.booleans(),
)
def test_damaged_text_is_read_or_refused(geometries, keep, hits, as_csv):
    footprints = Footprints.from_shapely(geometries)
    text = dumps_csv(stack_of(footprints, 0)) if as_csv else dumps_geojson(footprints)
    text = text[: round(len(text) * keep)]
    for place, patch in hits:
        at = int(len(text) * place)
        text = text[:at] + patch + text[at + len(patch) :]
    try:
        if as_csv:
            parts = [stack.footprints for stack in loads_csv(text).values()]
        else:
            parts = [loads_geojson(text).footprints]
    except (FormatError, GeometryError):
        return
    for part in parts:
        Footprints(*part.arrays)
