"""Burning: equal to GDAL, and the laws that a pixel-centre rule obeys."""

import numpy as np
import rasterio.features
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sn7fast import Footprints, rasterize, training_mask

sizes = st.integers(1, 24)
# Halves put corners and edges on pixel centres and pixel corners.
halves = st.integers(-20, 70).map(lambda k: k / 2)
anything = st.floats(-15, 40, allow_subnormal=False)


@st.composite
def rings(draw, numbers):
    points = draw(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=9))
    return [*points, points[0]]


@st.composite
def polygons(draw, numbers=None):
    """One or two rings; they may cross themselves and each other."""
    numbers = numbers if numbers is not None else draw(st.sampled_from([halves, anything]))
    shell, *holes = draw(st.lists(rings(numbers), min_size=1, max_size=2))
    return shapely.Polygon(shell, holes)


def stars():
    """Simple polygons."""

    def make(x, y, spokes, turn):
        angles = np.arange(len(spokes)) * 2 * np.pi / len(spokes) + turn
        around = np.stack([np.cos(angles), np.sin(angles)], 1) * np.array(spokes)[:, None]
        return shapely.Polygon(np.array([x, y]) + around)

    center = st.floats(-4, 28)
    spokes = st.lists(st.floats(0.5, 9), min_size=3, max_size=10)
    return st.builds(make, center, center, spokes, st.floats(0, 6))


def burn(geometries, shape, **options):
    return rasterize(Footprints.from_shapely(geometries), shape, **options)


def by_gdal(geometries, shape):
    if not geometries:
        return np.zeros(shape, np.uint8)
    return rasterio.features.rasterize(geometries, shape, default_value=255, dtype="uint8")


@settings(max_examples=400)
@given(st.lists(polygons(), max_size=4), sizes, sizes)
def test_equal_to_gdal(geometries, rows, cols):
    assert (burn(geometries, (rows, cols)) == by_gdal(geometries, (rows, cols))).all()


@given(st.lists(polygons(), min_size=1, max_size=3), sizes, sizes)
def test_multipolygons_equal_to_gdal(geometries, rows, cols):
    multi = [shapely.MultiPolygon(geometries)]
    assert (burn(multi, (rows, cols)) == by_gdal(multi, (rows, cols))).all()


@given(st.lists(polygons(), max_size=4), sizes, sizes)
def test_many_are_the_union_of_single_ones(geometries, rows, cols):
    together = burn(geometries, (rows, cols))
    alone = [burn([geometry], (rows, cols)) for geometry in geometries]
    assert (together == np.max([np.zeros((rows, cols), np.uint8), *alone], 0)).all()


# Sixteenths stay exact when whole numbers are added to them.
sixteenths = st.integers(-200, 600).map(lambda k: k / 16)


@given(polygons(sixteenths), st.integers(0, 1000), st.integers(0, 1000))
def test_shifting_by_whole_pixels(geometry, dx, dy):
    mask = burn([geometry], (20, 22))
    moved = shapely.transform(geometry, lambda points: points + np.array([dx, dy]))
    assert (burn([moved], (20 + dy, 22 + dx))[dy:, dx:] == mask).all()


@given(stars(), st.floats(-4, 28))
def test_the_parts_of_a_cut_polygon_share_no_pixel(geometry, cut):
    low, high = (
        [
            part
            for part in shapely.get_parts(geometry.intersection(side))
            if part.geom_type == "Polygon"
        ]
        for side in (shapely.box(-50, -50, cut, 90), shapely.box(cut, -50, 90, 90))
    )
    low, high = burn(low, (24, 24), value=1), burn(high, (24, 24), value=1)
    assert (low + high <= 1).all()


@given(st.lists(stars(), max_size=4), st.integers(1, 8), st.booleans())
def test_channels_keep_to_their_side(geometries, width, outer):
    kind = "outer" if outer else "inner"
    for alone in (False, True):
        footprint, boundary, contact = np.moveaxis(
            training_mask(
                Footprints.from_shapely(geometries),
                (24, 25),
                boundary_width=width,
                boundary_type=kind,
                per_building_boundary=alone,
            ),
            2,
            0,
        )
        if not outer:
            assert not (boundary & ~footprint).any()
        elif not alone:
            assert not (boundary & footprint).any()
        assert not (contact & footprint).any()


@given(st.lists(stars(), max_size=4), st.integers(1, 40), st.integers(1, 20))
def test_wider_spacing_only_adds_contact(geometries, spacing, more):
    footprints = Footprints.from_shapely(geometries)
    narrow, wide = (
        training_mask(footprints, (24, 25), ["contact"], contact_spacing_px=s)
        for s in (spacing, spacing + more)
    )
    # The polygon that stands for the wider circle holds the narrower circle.
    if (spacing + more) * np.cos(np.pi / 64) >= spacing:
        assert not (narrow & ~wide).any()
