"""Simplification: equal to GEOS, and what it never breaks."""

import numpy as np
import pytest
import rasterio.features
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from shapely.geometry import shape

from sn7fast import Footprints, simplify

tolerances = st.sampled_from([0, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10])


def outlines(mask):
    """Polygons of the regions of a mask, as the original had them before it simplified."""
    found = rasterio.features.shapes(mask.astype("uint8"), mask=mask)
    return [shape(geometry) for geometry, _ in found]


def noise(seed, density, *, side=24, smooth=0.0):
    noise = gaussian_filter(np.random.default_rng(seed).random((side, side)), smooth)
    return noise <= np.quantile(noise, density)


masks = st.builds(
    noise, st.integers(0, 2**32), st.floats(0.2, 0.95), smooth=st.sampled_from([0, 0.7, 1.5])
)


def turned(geometries, angle):
    """Turned, stretched and far away, so that nothing lies on a grid."""
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * 3.7
    return shapely.transform(geometries, lambda points: points @ turn + [1.6e6, -3e5])


def result(geometries, tolerance):
    return simplify(Footprints.from_shapely(geometries), tolerance).to_shapely()


@given(masks, tolerances)
def test_pixel_outlines_as_in_geos(mask, tolerance):
    geometries = np.array(outlines(mask), object)
    assert (result(geometries, tolerance) == shapely.simplify(geometries, tolerance)).all()


@given(masks, tolerances, st.floats(0, 6))
def test_turned_outlines_as_in_geos(mask, tolerance, angle):
    geometries = turned(np.array(outlines(mask), object), angle)
    got, expected = result(geometries, tolerance), shapely.simplify(geometries, tolerance)
    assert (got == expected).all()


@given(masks, tolerances)
def test_regions_as_one_multipolygon_as_in_geos(mask, tolerance):
    together = shapely.MultiPolygon(outlines(mask))
    if together.is_valid:
        (got,) = result([together], tolerance)
        assert got == shapely.simplify(together, tolerance)
        assert got.is_valid


@given(masks, st.floats(0, 12), st.floats(0, 6))
def test_what_is_valid_stays_valid(mask, tolerance, angle):
    for geometries in (outlines(mask), turned(np.array(outlines(mask), object), angle)):
        after = result(geometries, tolerance)
        assert shapely.is_valid(after).all()
        assert (
            shapely.get_num_interior_rings(after) == shapely.get_num_interior_rings(geometries)
        ).all()


@given(masks, st.floats(0, 12))
def test_a_kept_vertex_does_not_move(mask, tolerance):
    geometries = outlines(mask)
    for before, after in zip(geometries, result(geometries, tolerance), strict=True):
        old, new = ({tuple(p) for p in shapely.get_coordinates(g)} for g in (before, after))
        assert new <= old


@given(masks, tolerances, st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_shifting_changes_nothing_else(mask, tolerance, dx, dy):
    geometries = np.array(outlines(mask), object)

    def moved(some):
        return shapely.transform(some, lambda points: points + np.array([dx, dy]))

    assert (result(moved(geometries), tolerance) == moved(result(geometries, tolerance))).all()


@pytest.mark.parametrize("seed", range(4))
def test_large_mazes_as_in_geos(seed):
    # Large enough for the grid of segments and the grid of holes.
    geometries = np.array(outlines(noise(seed, 0.72, side=150)), object)
    assert shapely.get_num_interior_rings(geometries).max() > 500
    for tolerance in (0.5, 1, 2):
        got = result(geometries, tolerance)
        assert (got == shapely.simplify(geometries, tolerance)).all()
        assert shapely.is_valid(got).all()
