"""Footprints as Arrow arrays: what other packages get, and what we take from them."""

import geopandas
import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from scenes import arrays_equal, footprints, holed, seeds, stars
from sn7fast import Footprints
from sn7fast.arrow import to_arrow
from sn7fast.errors import GeometryError, InputError
from sn7fast.rings import centroids, rewound, signed_areas

SHAPES = [
    shapely.box(0, 0, 3, 2),
    shapely.box(0, 0, 9, 9).difference(shapely.box(2, 2, 4, 4)),
    shapely.Point(5, 5).buffer(2),
]
SEVERAL = [*SHAPES, shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(4, 4, 6, 6)])]


@pytest.mark.parametrize("shapes", [SHAPES, SEVERAL])
def test_geopandas_takes_footprints(shapes):
    series = geopandas.GeoSeries.from_arrow(footprints(shapes))
    assert len(series) == len(shapes)
    # Among multipolygons a polygon is one of one part.
    assert shapely.equals(series.to_numpy(), np.array(shapes, object)).all()


def test_nothing_is_copied():
    made = footprints(SHAPES)
    array = to_arrow(made)
    assert array.type.extension_name == "geoarrow.polygon"
    coords = array.storage.values.values.flatten().to_numpy()
    assert np.shares_memory(coords, made.coords)


@pytest.mark.parametrize("shapes", [SHAPES, SEVERAL, []])
@pytest.mark.parametrize("interleaved", [True, False])
def test_geoarrow_of_geopandas_comes_back(shapes, interleaved):
    made = footprints(shapes)
    series = geopandas.GeoSeries(made.to_shapely())
    if not shapes:
        assert len(Footprints.from_arrow(made)) == 0
        return
    arrow = series.to_arrow(geometry_encoding="geoarrow", interleaved=interleaved)
    assert arrays_equal(Footprints.from_arrow(arrow), made)
    assert arrays_equal(Footprints.from_arrow(series.to_arrow(geometry_encoding="WKB")), made)
    assert arrays_equal(Footprints.from_arrow(made), made)
    assert arrays_equal(Footprints.from_geopandas(series), made)
    assert arrays_equal(Footprints.from_geopandas(made.to_geopandas()), made)


def test_slices_chunks_large_lists_and_z():
    made = footprints(SHAPES)
    storage = to_arrow(made).storage
    for a in range(4):
        for b in range(a, 4):
            assert arrays_equal(Footprints.from_arrow(storage[a:b]), made[a:b])
    chunks = pa.chunked_array([storage[:1], storage[1:1], storage[1:]])
    assert arrays_equal(Footprints.from_arrow(chunks), made)
    assert len(Footprints.from_arrow(pa.chunked_array([], storage.type))) == 0
    large = storage.cast(pa.large_list(pa.large_list(pa.list_(pa.float64(), 2))))
    assert arrays_equal(Footprints.from_arrow(large), made)
    high = shapely.force_3d(np.array(SHAPES, object), 7)
    arrow = geopandas.GeoSeries(high).to_arrow(geometry_encoding="geoarrow")
    assert arrays_equal(Footprints.from_arrow(arrow), made)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (5, InputError, "source: got int, wanted Arrow"),
        (pa.array([1, 2]), InputError, "source: got int64, wanted lists of rings"),
        (pa.array([[[1.0]]]), InputError, "wanted points as"),
        (pa.array([b"nonsense"]), GeometryError, "no well-known binary"),
        (to_arrow(footprints(SHAPES)).storage.take(pa.array([0, None])), GeometryError,
         "geometry 1: got null"),
        (pa.array([[[{"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 0.0}, {"x": 1.0, "y": 1.0},
                     {"x": 0.0, "y": 1.0}]]]), GeometryError, "not closed"),
        (pa.array([[[{"x": 0.0, "y": None}] * 4]]), GeometryError, "not finite|NaN|nan"),
        (pa.array([[None]], to_arrow(footprints(SHAPES)).storage.type), GeometryError,
         "null among rings"),
        (geopandas.GeoSeries([shapely.Point(0, 0)]).to_arrow(geometry_encoding="geoarrow"),
         InputError, "source"),
        (geopandas.GeoSeries([shapely.Point(0, 0)]).to_arrow(geometry_encoding="WKB"),
         GeometryError, "geometry 0: got Point"),
    ],
)  # fmt: skip
def test_other_arrays_are_refused(source, error, message):
    with pytest.raises(error, match=message):
        Footprints.from_arrow(source)


# Rings


@given(seeds(), st.booleans())
def test_winding_and_centroids_are_those_of_shapely(random, far):
    shapes = stars(random, 8)
    shapes = [holed(random, shape) if random.random() < 0.5 else shape for shape in shapes]
    shapes += [shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(4, 4, 6, 6)])]
    shift = (-1.2e7, 4.3e6) if far else (0, 0)
    given_shapes = [shapely.transform(shape, lambda p: p + shift) for shape in shapes]
    made = footprints(given_shapes)
    expected = shapely.get_coordinates(shapely.centroid(np.array(shapes, object)))
    assert centroids(made) - shift == pytest.approx(expected, abs=1e-7)
    turned = rewound(made)
    for shape in turned.to_shapely():
        for part in shapely.get_parts(shape):
            assert part.exterior.is_ccw
            assert not any(ring.is_ccw for ring in part.interiors)
    assert shapely.equals(turned.to_shapely(), made.to_shapely()).all()
    assert signed_areas(turned).sum() == pytest.approx(made.areas.sum())
    assert arrays_equal(rewound(turned), turned)


def test_centroids_of_what_has_no_area():
    flat = Footprints(
        np.array([[0, 0], [2, 0], [4, 0], [0, 0]], float),
        np.array([0, 4], np.int32),
        np.array([0, 1, 1], np.int32),
    )
    assert centroids(flat).tolist()[0] == [2, 0]
    assert np.isnan(centroids(flat)[1]).all()
    assert centroids(Footprints.empty()).shape == (0, 2)
    assert arrays_equal(rewound(flat), flat)
