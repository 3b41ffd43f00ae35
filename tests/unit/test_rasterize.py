"""Footprint masks: the pixel-centre rule, footprints beyond the image, bad arguments."""

import numpy as np
import pytest
import shapely

import sn7fast
from sn7fast import Footprints, InputError, rasterize


def burn(*geometries, shape=(5, 6), **options):
    return rasterize(Footprints.from_shapely(list(geometries)), shape, **options)


def set_pixels(mask):
    return {(int(row), int(col)) for row, col in np.argwhere(mask)}


def block(rows, cols):
    return {(row, col) for row in range(*rows) for col in range(*cols)}


def test_pixels_of_a_grid_aligned_box():
    mask = burn(shapely.box(1, 2, 4, 4))
    assert mask.dtype == np.uint8
    assert mask.shape == (5, 6)
    assert mask.flags.c_contiguous
    assert set(np.unique(mask)) == {0, 255}
    assert set_pixels(mask) == block((2, 4), (1, 4))


@pytest.mark.parametrize("clockwise", [False, True])
def test_centres_on_edges(clockwise):
    # All edges run through centres: left is out, right in, top in, bottom out.
    mask = burn(shapely.box(0.5, 0.5, 3.5, 2.5, ccw=not clockwise))
    assert set_pixels(mask) == block((0, 2), (1, 4))


def test_top_edge_of_a_hole_through_centres_is_in():
    # GDAL has it so, whatever the direction of the ring.
    hole = shapely.box(1.5, 1.5, 3.5, 3.5).exterior.coords
    for ring in (hole, hole[::-1]):
        mask = burn(shapely.Polygon(shapely.box(0, 0, 6, 5).exterior.coords, [ring]))
        assert set_pixels(mask) == block((0, 5), (0, 6)) - block((2, 3), (2, 4))


def test_neighbours_share_no_pixel_and_leave_none_out():
    # A fan of triangles around a pixel centre, whose common edges run through centres.
    corners = [(0.5, 0.5), (6.5, 0.5), (6.5, 6.5), (0.5, 6.5)]
    parts = [
        burn(shapely.Polygon([a, b, (3.5, 3.5)]), shape=(8, 8), value=1)
        for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
    ]
    assert (sum(parts) == burn(shapely.Polygon(corners), shape=(8, 8), value=1)).all()


def test_holes_and_parts():
    ring = shapely.box(0, 0, 6, 5).difference(shapely.box(1, 1, 5, 4))
    island = shapely.box(2, 2, 3, 3)
    mask = burn(shapely.MultiPolygon([ring, island]))
    assert set_pixels(mask) == (block((0, 5), (0, 6)) - block((1, 4), (1, 5))) | {(2, 2)}


def test_parts_that_overlap_are_burnt_one_by_one():
    parts = shapely.MultiPolygon([shapely.box(0, 0, 3, 3), shapely.box(1, 1, 4, 4)])
    assert set_pixels(burn(parts)) == block((0, 3), (0, 3)) | block((1, 4), (1, 4))


def test_a_polygon_without_a_centre_leaves_nothing():
    assert not burn(shapely.box(1.6, 1.6, 2.4, 2.4)).any()


def test_bowtie_by_even_odd():
    bowtie = shapely.Polygon([(0, 0), (6, 4), (6, 0), (0, 4)])
    mask = burn(bowtie, shape=(4, 6), value=1)
    ends, middle = [1, 0, 0, 0, 0, 1], [1, 1, 0, 0, 1, 1]
    assert mask.tolist() == [ends, middle, middle, ends]


def test_nothing_to_burn():
    assert not rasterize(Footprints.empty(), (3, 4)).any()
    assert not burn(shapely.Polygon()).any()


@pytest.mark.parametrize("far", [1e3, 1e6, 1e9])
def test_reaching_far_beyond_the_image(far):
    assert burn(shapely.box(-far, -far, far, far)).all()
    assert set_pixels(burn(shapely.box(-far, 2, far, 3))) == block((2, 3), (0, 6))
    assert set_pixels(burn(shapely.box(4, -far, far, 1))) == block((0, 1), (4, 6))
    for dx, dy in [(1, 0), (-1, 0), (0, 1), (0, -1)]:
        away = shapely.box(*(np.array([dx, dy, dx, dy]) * far * 0.9 + [0, 0, 6, 5]))
        assert not burn(away).any()


def test_value():
    assert set(np.unique(burn(shapely.box(1, 1, 3, 3), value=7))) == {0, 7}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"shape_yx": (0, 5)}, r"shape_yx: got 0, wanted a whole number from 1"),
        ({"shape_yx": (5, -1)}, "shape_yx: got -1"),
        ({"shape_yx": (5, 2.5)}, "shape_yx: got 2.5"),
        ({"shape_yx": (5,)}, r"shape_yx: got \(5,\), wanted \(rows, columns\)"),
        ({"shape_yx": 5}, "shape_yx: got 5"),
        ({"shape_yx": (2**31 - 1, 2**31 - 1)}, "shape_yx: .*fits into memory"),
        ({"shape_yx": (2**40, 3)}, "shape_yx: got 1099511627776"),
        ({"value": 0}, "value: got 0, wanted a whole number from 1 to 255"),
        ({"value": 256}, "value: got 256"),
        ({"value": 1.5}, "value: got 1.5"),
        ({"rule": "all"}, "rule: got 'all', wanted \"center\""),
    ],
)
def test_bad_arguments_are_named(arguments, told):
    with pytest.raises(InputError, match=told):
        rasterize(Footprints.empty(), **{"shape_yx": (4, 4), **arguments})


def test_threads_do_not_show():
    corners = np.random.default_rng(5).uniform(-4, 260, (6000, 2))
    angles = np.arange(4) * np.pi / 2 + corners[:, :1] % 1
    x, y = (corners[:, k, None] + 4 * f(angles) for k, f in enumerate((np.cos, np.sin)))
    footprints = Footprints.from_shapely(shapely.polygons(np.stack([x, y], -1)))
    count = sn7fast.get_num_threads()
    masks = []
    try:
        for threads in (1, 2, 5):
            sn7fast.set_num_threads(threads)
            masks.append(sn7fast.training_mask(footprints, (256, 251)))
    finally:
        sn7fast.set_num_threads(count)
    assert masks[0].any((0, 1)).all()
    assert all((mask == masks[0]).all() for mask in masks[1:])
