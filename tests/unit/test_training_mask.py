"""Boundary and contact masks, and the channels of a training mask."""

import numpy as np
import pytest
import shapely
from scipy import ndimage

from sn7fast import Footprints, InputError, rasterize, training_mask

SHAPE = (24, 26)
BUILDINGS = (
    shapely.box(2, 2, 9, 9),
    shapely.box(9, 3, 14, 8),  # touches the first
    shapely.box(17, 2, 22, 9).difference(shapely.box(18, 3, 21, 7)),
    shapely.Polygon([(4.2, 13.1), (11.7, 15.8), (9.3, 21.4), (2.9, 18.6)]),
    shapely.box(20, 14, 30, 30),  # runs over the edge of the image
    shapely.box(0, 20.4, 1.6, 30),
)


def burn(geometries=BUILDINGS, channels=("footprint", "boundary", "contact"), **options):
    return training_mask(Footprints.from_shapely(list(geometries)), SHAPE, channels, **options)


def channel(name, geometries=BUILDINGS, **options):
    return burn(geometries, [name], **options)[..., 0]


def test_channels_come_in_the_order_asked_for():
    default = burn()
    assert default.dtype == np.uint8
    assert default.shape == (*SHAPE, 3)
    assert default.flags.c_contiguous
    mixed = burn(channels=("contact", "footprint", "contact"))
    assert (mixed == default[..., [2, 0, 2]]).all()
    for k, name in enumerate(("footprint", "boundary", "contact")):
        assert (channel(name) == default[..., k]).all()
    footprints = Footprints.from_shapely(list(BUILDINGS))
    assert (default[..., 0] == rasterize(footprints, SHAPE)).all()


def test_value_of_set_pixels():
    assert set(np.unique(burn(value=9))) == {0, 9}


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 8, 15, 40, 10**9])
@pytest.mark.parametrize("kind", ["inner", "outer"])
def test_boundary_is_that_of_scipy(width, kind):
    mask = channel("footprint")
    # Beyond its own size twice a larger window changes nothing. scipy's windows of even width lie
    # the other way round for erosion than the ones of the original.
    window = min(width, 2 * max(SHAPE) + width % 2)
    low = (window - 1) // 2
    padded = np.pad(mask, [(low, window // 2)] * 2, mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (window, window))
    changed = windows.min((2, 3)) if kind == "inner" else windows.max((2, 3))
    got = channel("boundary", boundary_width=width, boundary_type=kind)
    assert (got == mask ^ changed).all()
    if width % 2 and width < 20:
        filtered = ndimage.grey_erosion if kind == "inner" else ndimage.grey_dilation
        assert (got == mask ^ filtered(mask, size=width)).all()


def test_boundary_of_width_one_is_empty():
    assert not channel("boundary", boundary_width=1).any()


def test_no_boundary_along_the_edge_of_the_image():
    assert not channel("boundary", [shapely.box(-5, -5, 40, 40)]).any()
    assert not channel("boundary", [shapely.box(20, 14, 30, 30)])[16:, 22:].any()


def test_touching_buildings_have_no_boundary_between_them():
    pair = BUILDINGS[:2]
    assert not channel("boundary", pair)[5, 8:10].any()
    assert channel("boundary", pair, per_building_boundary=True)[5, 8:10].all()


@pytest.mark.parametrize("width", [1, 2, 3, 6, 90])
@pytest.mark.parametrize("kind", ["inner", "outer"])
def test_boundaries_per_building_are_those_of_buildings_alone(width, kind):
    options = {"boundary_width": width, "boundary_type": kind}
    together = channel("boundary", per_building_boundary=True, **options)
    alone = [channel("boundary", [building], **options) for building in BUILDINGS]
    assert (together == np.max(alone, 0)).all()


@pytest.mark.parametrize("spacing", [0.7, 3, 10, 60])
def test_contact_is_where_two_buffers_of_shapely_meet(spacing):
    buffers = shapely.buffer(np.array(BUILDINGS, object), spacing / 2, quad_segs=16)
    count = sum(
        (rasterize(Footprints.from_shapely([buffer]), SHAPE, value=1) for buffer in buffers),
        np.zeros(SHAPE, int),
    )
    expected = (count > 1) & (channel("footprint") == 0)
    got = channel("contact", contact_spacing_px=spacing)
    assert (got == 255 * expected).all()
    assert got.any() == (spacing > 1)


def test_contact_needs_two_buildings():
    assert not channel("contact", BUILDINGS[:1]).any()
    assert channel("contact", [BUILDINGS[0], BUILDINGS[0]]).any()


def test_contact_without_spacing_is_empty():
    assert not channel("contact", contact_spacing_px=0).any()


def test_contact_of_a_part_that_is_outside_the_image():
    inside, outside = shapely.box(20, 8, 24, 12), shapely.box(28, 8, 32, 12)
    assert channel("contact", [inside, outside])[8:12, 24:].all()


@pytest.mark.parametrize("repeat", [1, 2, 3])
def test_contact_does_not_mind_repeated_points(repeat):
    corners = np.array([(4, 4), (4, 9), (9, 9), (9, 4)], float)
    other = shapely.box(12, 4, 16, 9)
    polygon = shapely.Polygon(np.repeat(corners, repeat, axis=0))
    plain = channel("contact", [shapely.Polygon(corners), other])
    assert (channel("contact", [polygon, other]) == plain).all()
    assert plain.any()


def test_no_buildings():
    assert not training_mask(Footprints.empty(), SHAPE).any()
    assert not burn([shapely.Polygon()], per_building_boundary=True).any()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"channels": ()}, "channels: got none"),
        ({"channels": ("footprint", "edge")}, 'channels: got "edge", wanted "footprint"'),
        ({"channels": "contact"}, "channels: got 'contact', wanted a sequence"),
        ({"channels": (3,)}, "channels: got 3"),
        ({"boundary_type": "middle"}, 'boundary_type: got "middle", wanted "inner" or "outer"'),
        ({"boundary_type": None}, "boundary_type: got None"),
        ({"boundary_width": -1}, "boundary_width: got -1"),
        ({"boundary_width": 0}, "boundary_width: got 0"),
        ({"boundary_width": 2.5}, "boundary_width: got 2.5"),
        ({"contact_spacing_px": -1}, "contact_spacing_px: got -1"),
        ({"contact_spacing_px": float("nan")}, "contact_spacing_px: got NaN"),
        ({"contact_spacing_px": float("inf")}, "contact_spacing_px: got inf"),
        ({"contact_spacing_px": "wide"}, "contact_spacing_px: got 'wide'"),
        ({"shape_yx": (0, 3)}, "shape_yx: got 0"),
        ({"value": 300}, "value: got 300"),
    ],
)
def test_bad_arguments_are_named(arguments, told):
    with pytest.raises(InputError, match=told):
        training_mask(Footprints.empty(), **{"shape_yx": (4, 4), **arguments})
