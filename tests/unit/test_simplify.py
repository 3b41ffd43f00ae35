"""Simplification of footprints."""

import numpy as np
import pytest
import shapely

import sn7fast
from sn7fast import Footprints, InputError, simplify

STAIR = shapely.Polygon([(0, 0), (0, 3), (1, 3), (1, 4), (2, 4), (2, 5), (6, 5), (6, 0)])


def simplified(*geometries, tolerance):
    return list(simplify(Footprints.from_shapely(list(geometries)), tolerance).to_shapely())


@pytest.mark.parametrize("tolerance", [0, 0.25, 0.5, 0.75, 1, 2, 5, 1e9])
def test_stairs_go_as_in_geos(tolerance):
    assert simplified(STAIR, tolerance=tolerance) == [shapely.simplify(STAIR, tolerance)]


def test_tolerance_zero_takes_points_on_straight_lines():
    box = shapely.Polygon([(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 0), (1, 0)])
    assert simplified(box, tolerance=0)[0].wkt == "POLYGON ((0 0, 0 2, 2 2, 2 0, 0 0))"


def test_a_start_vertex_on_a_straight_line_goes_too():
    box = shapely.Polygon([(0, 1), (0, 2), (2, 2), (2, 0), (0, 0)])
    assert shapely.get_num_coordinates(simplified(box, tolerance=0)[0]) == 5


def test_a_ring_keeps_four_points():
    (result,) = simplified(shapely.box(0, 0, 1, 1), tolerance=100)
    assert shapely.get_num_coordinates(result) == 4


def test_a_hole_stops_the_chord():
    notch = shapely.box(0, 0, 10, 10).difference(shapely.box(0, 4, 1, 6))
    bump = shapely.Polygon([(0, 0), (0, 4), (-1, 4), (-1, 6), (0, 6), (0, 10), (10, 10), (10, 0)])
    hole = shapely.box(-0.8, 4.2, -0.2, 5.8)
    (free, held) = simplified(bump, bump.difference(hole), tolerance=1.5)
    assert free.bounds[0] == 0
    assert held.bounds[0] == -1
    assert held.is_valid
    assert len(held.interiors) == 1
    assert simplified(notch, tolerance=1.5)[0].area == 100


def test_a_part_stops_the_chord_of_another():
    cup = shapely.Polygon([(0, 0), (0, 9), (9, 9), (9, 0), (6, 0), (5, 1), (4, 1), (3, 0)])
    drop = shapely.box(4.4, 0.2, 4.6, 0.6)
    alone, both = simplified(cup, shapely.MultiPolygon([cup, drop]), tolerance=1.2)
    assert len(alone.exterior.coords) < len(both.geoms[0].exterior.coords)
    assert both == shapely.simplify(shapely.MultiPolygon([cup, drop]), 1.2)
    assert both.is_valid


def test_structure_stays():
    geometries = [
        STAIR,
        shapely.Polygon(),
        shapely.MultiPolygon([STAIR, shapely.box(20, 20, 25, 25)]),
        shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 6, 6)),
    ]
    before = Footprints.from_shapely(geometries)
    after = simplify(before, 1)
    assert len(after) == 4
    assert (after.polygon_offsets == before.polygon_offsets).all()
    assert (after.footprint_offsets == before.footprint_offsets).all()
    assert len(simplify(Footprints.empty(), 1)) == 0


def test_input_stays_as_it_is():
    before = Footprints.from_shapely([STAIR])
    copy = before.coords.copy()
    simplify(before, 2)
    assert (before.coords == copy).all()


@pytest.mark.parametrize("tolerance", [-1, -1e-300, float("nan"), "far", None])
def test_tolerance_must_be_a_distance(tolerance):
    with pytest.raises(InputError, match="tolerance: got"):
        simplify(Footprints.empty(), tolerance)


def test_threads_do_not_show():
    shift = np.arange(3000)[:, None, None] * [7.0, 0.0]
    stairs = shapely.polygons(shapely.get_coordinates(STAIR) + shift)
    footprints = Footprints.from_shapely(stairs)
    count = sn7fast.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 4):
            sn7fast.set_num_threads(threads)
            results.append(simplify(footprints, 1).arrays[:3])
    finally:
        sn7fast.set_num_threads(count)
    assert len(results[0][0]) < len(footprints.coords)
    for result in results[1:]:
        assert all((a == b).all() for a, b in zip(result, results[0], strict=True))
