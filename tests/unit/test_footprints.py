"""Footprints: what the arrays must obey, and what is said when they do not."""

import numpy as np
import pytest
import shapely

from sn7fast import Footprints, GeometryError, InputError, polygonize

TRIANGLE = np.array([[0, 0], [4, 0], [0, 4], [0, 0]], np.float64)


def make(coords=TRIANGLE, rings=(0, 4), polygons=(0, 1), footprints=None):
    return Footprints(
        coords,
        np.array(rings),
        np.array(polygons),
        None if footprints is None else np.array(footprints),
    )


def with_point(x, y=0.0):
    coords = TRIANGLE.copy()
    coords[1] = x, y
    return coords


class TestArrays:
    def test_a_triangle(self):
        one = make()
        assert len(one) == 1
        assert one.areas.tolist() == [8.0]
        assert one.bounds.tolist() == [[0, 0, 4, 4]]
        assert repr(one) == "Footprints(1 footprints, 4 points)"

    def test_hole_and_parts(self):
        hole = TRIANGLE * 0.25 + 0.5
        far = TRIANGLE + 10
        one = make(np.concatenate([TRIANGLE, hole, far]), (0, 4, 8, 12), (0, 2, 3), (0, 2))
        assert len(one) == 1
        assert one.areas.tolist() == [8 - 0.5 + 8]
        (shape,) = one.to_shapely()
        assert shape.geom_type == "MultiPolygon"
        assert [len(part.interiors) for part in shape.geoms] == [1, 0]

    def test_empty_ones(self):
        none = Footprints.empty()
        assert (len(none), none.areas.shape, none.bounds.shape) == (0, (0,), (0, 4))
        # An empty polygon, then a footprint of no polygon at all.
        two = make(np.empty((0, 2)), (0,), (0, 0), (0, 1, 1))
        assert two.areas.tolist() == [0, 0]
        assert np.isnan(two.bounds).all()
        assert [shape.is_empty for shape in two.to_shapely()] == [True, True]

    @pytest.mark.parametrize(
        "coords",
        [
            TRIANGLE.tolist(),
            TRIANGLE.astype(np.int16),
            TRIANGLE.astype(">f8"),
            np.asfortranarray(TRIANGLE),
            np.repeat(TRIANGLE, 2, 0)[::2],
            np.frombuffer(b"\0" + TRIANGLE.tobytes(), np.uint8)[1:].view(np.float64).reshape(4, 2),
        ],
        ids=["list", "integers", "big-endian", "column-major", "strided", "misaligned"],
    )
    def test_any_kind_of_numbers(self, coords):
        assert make(coords).areas.tolist() == [8.0]

    def test_largest_coordinate(self):
        assert len(make(with_point(1e9, -1e9))) == 1


class TestRefused:
    @pytest.mark.parametrize("x", [np.nan, np.inf, -np.inf, 1e18, 1.0000001e9])
    @pytest.mark.parametrize("axis", [0, 1])
    def test_coordinates(self, x, axis):
        point = [1.0, 1.0]
        point[axis] = x
        with pytest.raises(
            GeometryError, match=r"footprint 0: coordinate .*finite numbers up to 1e9"
        ):
            make(with_point(*point))

    def test_the_message_names_the_footprint_and_the_number(self):
        coords = np.concatenate([TRIANGLE, with_point(1e18)])
        with pytest.raises(GeometryError, match=r"footprint 1: coordinate \(1e18, 0\.0\)"):
            make(coords, (0, 4, 8), (0, 1, 2))
        # Counted in footprints, not in polygons or rings.
        with pytest.raises(GeometryError, match="footprint 0: coordinate"):
            make(coords, (0, 4, 8), (0, 1, 2), (0, 2))

    def test_unclosed_ring(self):
        coords = TRIANGLE.copy()
        coords[-1, 0] = 1e-300
        with pytest.raises(GeometryError, match="footprint 0: a ring is not closed"):
            make(coords)

    @pytest.mark.parametrize("points", [0, 1, 3])
    def test_short_ring(self, points):
        coords = np.zeros((points, 2))
        with pytest.raises(GeometryError, match=f"a ring has {points} points, wanted at least 4"):
            make(coords, (0, points))

    @pytest.mark.parametrize(
        ("rings", "got"),
        [
            ((0, 5), "2 ring_offsets from 0 to 5"),
            ((0, 3), "2 ring_offsets from 0 to 3"),
            ((1, 4), "2 ring_offsets from 1 to 4"),
            ((0, 5, 4), "3 ring_offsets from 0 to 4"),
            ((), "no ring_offsets"),
        ],
    )
    def test_ring_offsets(self, rings, got):
        with pytest.raises(
            InputError, match=f"got {got}, wanted numbers that start at 0.*end at 4"
        ):
            make(rings=np.array(rings, np.int64), polygons=(0, max(len(rings) - 1, 0)))

    def test_polygon_and_footprint_offsets(self):
        with pytest.raises(InputError, match=r"polygon_offsets from 0 to 2, wanted .* end at 1"):
            make(polygons=(0, 2))
        with pytest.raises(InputError, match=r"footprint_offsets from 0 to 2, wanted .* end at 1"):
            make(footprints=(0, 2))

    @pytest.mark.parametrize("huge", [2**31, 2**40, -1, -(2**40)])
    def test_offsets_are_never_wrapped(self, huge):
        # 2^40 is 0 in the lower 32 bits.
        with pytest.raises(InputError, match=rf"ring_offsets: got {huge}, wanted offsets from 0"):
            make(rings=(0, huge, 4), polygons=(0, 2))

    @pytest.mark.parametrize(
        "rings", [np.array([0.0, 4.0]), np.array([[0, 4]]), np.array(["0", "4"])]
    )
    def test_offsets_of_another_kind(self, rings):
        with pytest.raises(InputError, match=r"ring_offsets: got .* wanted int32 \(n,\)"):
            Footprints(TRIANGLE, rings, np.array([0, 1]))

    @pytest.mark.parametrize("coords", [np.zeros(8), np.zeros((4, 3)), np.zeros((2, 2, 2))])
    def test_coords_of_another_shape(self, coords):
        with pytest.raises(InputError, match=r"coords: got shape \(.*\), wanted \(v, 2\)"):
            make(coords)

    def test_coords_that_are_no_numbers(self):
        with pytest.raises(InputError, match=r"coords: .*wanted float64 \(v, 2\)"):
            make([["a", "b"]] * 4)


class TestIndexing:
    @pytest.fixture
    def three(self):
        return polygonize(np.diag([1, 1, 1]).astype(np.uint8))

    def test_kinds_of_index(self, three):
        assert three[1].bounds.tolist() == [[1, 1, 2, 2]]
        assert three[-1].bounds[0, 0] == 2
        assert three[[2, 0, 2]].bounds[:, 0].tolist() == [2, 0, 2]
        assert three[np.array([True, False, True])].bounds[:, 0].tolist() == [0, 2]
        assert three[::-1].bounds[:, 0].tolist() == [2, 1, 0]
        assert len(three[5:]) == len(three[[]]) == 0

    @pytest.mark.parametrize("index", [3, -4, [0, 3], [True], [True] * 4, 1.5, [[0, 1]], "a", None])
    def test_bad_index(self, three, index):
        with pytest.raises(IndexError):
            three[index]


class TestShapely:
    def test_z_is_dropped(self):
        shape = shapely.Polygon([(0, 0, 5), (1, 0, 5), (0, 1, 5)])
        assert Footprints.from_shapely([shape]).coords.shape == (4, 2)

    def test_empty_geometries_of_any_kind(self):
        kinds = [shapely.Polygon(), shapely.LineString(), shapely.MultiPolygon(), shapely.Point()]
        made = Footprints.from_shapely(kinds)
        assert len(made) == 4
        assert all(shape.is_empty for shape in made.to_shapely())

    @pytest.mark.parametrize(
        ("bad", "got"),
        [
            (None, "None"),
            (shapely.Point(1, 1), "Point"),
            (shapely.LineString([(0, 0), (1, 1)]), "LineString"),
        ],
    )
    def test_what_is_no_polygon(self, bad, got):
        with pytest.raises(GeometryError, match=f"geometry 1: got {got}, wanted a Polygon"):
            Footprints.from_shapely([shapely.box(0, 0, 1, 1), bad])

    def test_bad_coordinates(self):
        with pytest.raises(GeometryError, match="footprint 1: coordinate"):
            Footprints.from_shapely([shapely.box(0, 0, 1, 1), shapely.box(0, 0, 1e18, 1)])

    def test_geopandas(self):
        made = polygonize(np.eye(2, dtype=bool))
        table = made.to_geopandas("EPSG:3857", Id=[4, 7])
        assert table.Id.tolist() == [4, 7]
        assert table.crs.to_epsg() == 3857
        assert table.area.tolist() == [1, 1]


def test_concatenating_nothing():
    assert len(Footprints.concatenate([])) == 0
    assert len(Footprints.concatenate([Footprints.empty()] * 3)) == 0
