"""Grid and Cube: conversions, areas on the ground, refused input."""

import subprocess
import sys

import numpy as np
import pytest

from sn7fast.cube import Cube
from sn7fast.errors import InputError, StackError
from sn7fast.footprints import Footprints
from sn7fast.grid import Grid

# The tile of AOI L15-0368E-1245N_1474_3210_13.
TILE = Grid(
    (1024, 1024),
    (4.77731426716, 0.0, -12826744.842478856, 0.0, -4.77731426716, 4334285.251882635),
    "EPSG:3857",
)


def square(side, x=0.0, y=0.0):
    ring = np.array([[0, 0], [side, 0], [side, side], [0, side], [0, 0]], float)
    ring += (x, y)
    return Footprints(ring, np.array([0, 5]), np.array([0, 1]))


def test_pixel_to_crs_by_hand():
    grid = Grid((10, 20), (2, 0, 100, 0, -3, 50), "EPSG:3857")
    assert grid.px_to_crs([[0, 0], [1.5, 2]]).tolist() == [[100, 50], [103, 44]]
    assert grid.crs_to_px([[100, 50], [103, 44]]).tolist() == [[0, 0], [1.5, 2]]
    moved = grid.px_to_crs(square(1.0))
    assert moved.bounds.tolist() == [[100, 47, 102, 50]]
    assert np.array_equal(grid.crs_to_px(moved).coords, square(1.0).coords)


def test_rotated_grid_and_back():
    grid = Grid((10, 10), (0.6, -0.8, 500000, 0.8, 0.6, 4000000), "EPSG:32633")
    points = np.random.default_rng(1).uniform(0, 10, (50, 2))
    assert grid.px_to_crs([[1, 0]]) == pytest.approx(np.array([[500000.6, 4000000.8]]), abs=1e-9)
    assert np.abs(grid.crs_to_px(grid.px_to_crs(points)) - points).max() < 1e-8


def test_real_tile_back_to_pixels_within_a_nanometre():
    points = np.random.default_rng(2).uniform(-6, 1030, (1000, 2))
    assert np.abs(TILE.crs_to_px(TILE.px_to_crs(points)) - points).max() < 1e-9


def test_web_mercator_area_is_that_of_the_ellipsoid():
    # Expected: GeographicLib's polygon_area_perimeter for the corners of the square (WGS84).
    assert TILE.ground_area_m2(square(10.0))[0] == pytest.approx(1481.4945613443851, rel=1e-8)


@pytest.mark.parametrize("latitude", [0.0, 30.0, 52.5, -37.5])
def test_web_mercator_pixel_is_cos_squared_of_its_map_area(latitude):
    y = 6378137 * np.arctanh(np.sin(np.radians(latitude)))
    grid = Grid((3, 4), (4.8, 0, 0, 0, -4.8, y + 1.5 * 4.8), "EPSG:3857")
    sphere = 4.8**2 * np.cos(np.radians(latitude)) ** 2
    assert grid.pixel_area_m2.shape == (3,)
    assert grid.pixel_area_m2[1] == pytest.approx(sphere, rel=0.007)
    # The flattening of the Earth, known in closed form.
    flattening = 0.0066943799901413165
    factor = (1 - flattening) / (1 - flattening * np.sin(np.radians(latitude)) ** 2) ** 2
    assert grid.pixel_area_m2[1] == pytest.approx(sphere * factor, rel=1e-9)


def test_area_depends_on_the_row():
    areas = TILE.pixel_area_m2
    assert (np.diff(areas) > 0).all()  # rows go south, towards the equator
    whole = square(1024.0)
    assert TILE.ground_area_m2(whole)[0] == pytest.approx(areas.sum() * 1024, rel=1e-9)


def test_whole_earth_in_degrees():
    grid = Grid((180, 360), (1, 0, -180, 0, -1, 90), "EPSG:4326")
    assert grid.pixel_area_m2.sum() * 360 == pytest.approx(510065621724e3, rel=1e-11)


def test_other_projected_crs_goes_through_proj():
    grid = Grid((900, 900), (0.5, 0, 733601, 0, -0.5, 3725139), "EPSG:32616")
    # Expected: GeographicLib for the corners of the square (WGS84).
    assert grid.ground_area_m2(square(10.0))[0] == pytest.approx(24.986365671851672, rel=1e-6)
    # The same square in US survey feet.
    feet = Grid((9, 9), (1, 0, 2000000, 0, -1, 1000000), "EPSG:2240")
    assert feet.ground_area_m2(square(1.0))[0] == pytest.approx(0.3048006**2, rel=2e-3)


def test_hole_is_taken_off():
    ring = square(10.0).coords
    hole = square(2.0, 4, 4).coords[::-1]
    footprint = Footprints(np.concatenate([ring, hole]), np.array([0, 5, 10]), np.array([0, 2]))
    parts = TILE.ground_area_m2(Footprints.concatenate([square(10.0), square(2.0, 4, 4)]))
    assert TILE.ground_area_m2(footprint)[0] == pytest.approx(parts[0] - parts[1], rel=1e-9)


def test_no_footprints_no_area():
    assert TILE.ground_area_m2(Footprints.empty()).tolist() == []
    assert Grid((5, 5)).ground_area_m2(Footprints.empty()).tolist() == []


def test_area_without_a_crs_says_why():
    with pytest.raises(InputError, match=r"got None.*not known"):
        Grid((5, 5)).ground_area_m2(square(1.0))


@pytest.mark.parametrize("crs", ["nonsense", 'LOCAL_CS["site",UNIT["metre",1]]'])
def test_area_in_a_crs_that_is_nowhere(crs):
    with pytest.raises(InputError, match="no way to the ground"):
        _ = Grid((5, 5), crs=crs).pixel_area_m2


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"shape_yx": (0, 5)}, "shape_yx"),
        ({"shape_yx": (5,)}, "shape_yx"),
        ({"shape_yx": (5, 5), "transform": (1, 0, 0)}, "transform"),
        ({"shape_yx": (5, 5), "transform": (1, 0, 0, 0, float("nan"), 0)}, "transform"),
        ({"shape_yx": (5, 5), "transform": (1, 2, 0, 2, 4, 0)}, "transform"),
        ({"shape_yx": (5, 5), "crs": ""}, "crs"),
        ({"shape_yx": (5, 5), "crs": 3857}, "crs"),
    ],
)
def test_bad_grid(arguments, named):
    with pytest.raises(InputError, match=named):
        Grid(**arguments)


def test_bad_positions():
    with pytest.raises(InputError, match=r"positions: got shape \(3,\)"):
        TILE.px_to_crs([1, 2, 3])


def test_equal_grids_are_equal():
    assert Grid((5, 5), (1, 0, 0, 0, 1, 0), None) == Grid([5, 5])
    assert Grid((5, 5)) != Grid((5, 6))


def test_web_mercator_and_degrees_need_numpy_alone():
    code = (
        "import sys; sys.modules['rasterio'] = None\n"
        "from sn7fast.grid import Grid\n"
        "for crs in ('EPSG:3857', 'EPSG:4326'): print(Grid((2, 2), crs=crs).pixel_area_m2[0] > 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


# Cube


def test_cube_keeps_the_array_it_got(tmp_path):
    prob = np.memmap(tmp_path / "prob", np.uint8, "w+", shape=(2, 6, 9))
    cube = Cube.from_arrays(prob, months=["2018_01", "2018_03"], scale=3, grid=Grid((2, 3)))
    assert cube.prob is prob
    assert len(cube) == 2
    assert repr(cube) == "Cube(2 months of 6 x 9 uint8, scale 3)"


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"prob": np.zeros((4, 4), np.uint8)}, InputError, "prob: got shape"),
        ({"prob": np.zeros((2, 4, 4))}, InputError, "prob: got float64"),
        ({"months": ["2018_01"]}, StackError, "got 1 for 2 frames"),
        ({"months": ["2018_02", "2018_01"]}, StackError, "got 2018_02 before 2018_01"),
        ({"months": ["2018_02", "2018_02"]}, StackError, "each month once"),
        ({"valid": np.zeros((2, 4, 4), np.uint8)}, InputError, "valid: got uint8"),
        ({"valid": np.zeros((2, 4, 5), bool)}, InputError, r"valid: got bool of shape \(2, 4, 5\)"),
        ({"scale": 5}, InputError, "scale: got 5"),
        ({"scale": True}, InputError, "scale: got True"),
        ({"scale": 2, "grid": Grid((4, 4))}, InputError, "grid: got 4 rows"),
    ],
)
def test_bad_cube(changes, error, message):
    arguments = {"prob": np.zeros((2, 4, 4), np.float32), "months": ["2018_01", "2018_02"]}
    arguments.update(changes)
    with pytest.raises(error, match=message):
        Cube.from_arrays(arguments.pop("prob"), **arguments)


def test_enlarged_grid_covers_the_same_ground():
    grid = Grid((5, 7), (4.0, 0.5, 100.0, -0.25, -3.0, 900.0), "EPSG:3857")
    fine = grid.enlarged(3)
    assert (fine.shape_yx, fine.crs) == ((15, 21), "EPSG:3857")
    points = np.array([[0, 0], [7, 5], [2.5, 1.25]])
    np.testing.assert_allclose(fine.px_to_crs(points * 3), grid.px_to_crs(points), rtol=1e-14)
    assert grid.enlarged(1) == grid
    for scale in (0, 1.5):
        with pytest.raises(InputError, match="scale: got"):
            grid.enlarged(scale)


def test_size_of_square_pixels():
    assert Grid((5, 7), (3.0, 4.0, 0.0, 4.0, -3.0, 0.0)).pixel_size == 5
    assert Grid((5, 7), (4.774, 0, 0, 0, -4.778, 0)).pixel_size == pytest.approx(4.776)
    with pytest.raises(InputError, match="wanted square ones"):
        _ = Grid((5, 7), (4.0, 0.0, 0.0, 0.0, -2.0, 0.0)).pixel_size


def test_areas_across_the_180th_meridian():
    # At the equator the last zone of UTM ends 334 km from its middle.
    grid = Grid((48, 48), (10, 0, 833978 - 240, 0, -10, 480), "EPSG:32660")
    longitude = grid.px_to_lon_lat([[0, 0], [48, 0]])[:, 0]
    assert longitude[0] > 179
    assert longitude[1] < -179
    assert grid.pixel_area_m2 == pytest.approx(100, rel=0.003)
