"""Change maps and probabilities as COG, opened and checked by GDAL and rio-cogeo."""

import json

import numpy as np
import pytest
import rasterio
import shapely
from rio_cogeo.cogeo import cog_validate

from scenes import footprints
from sn7fast import Cube, Grid, Stack
from sn7fast.errors import InputError
from sn7fast.io.change import change_map, write_change_map
from sn7fast.io.cog import write_cog, write_cube
from sn7fast.io.rasters import read_grid, read_mask

GRID = Grid((700, 600), (10, 0, 399960, 0, -10, 4900020), "EPSG:32632")


def stored(shape=(1, 700, 600), dtype=np.uint8):
    random = np.random.default_rng(0)
    if dtype == np.float32:
        return random.random(shape, np.float32)
    return random.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def assert_cog(path):
    valid, errors, warnings = cog_validate(path, strict=True)
    assert (valid, errors, warnings) == (True, [], [])


@pytest.mark.parametrize(
    ("dtype", "bands", "grid"),
    [
        (np.uint8, 3, GRID),
        (np.uint8, 4, GRID),
        (np.uint8, 3, None),
        (np.uint16, 1, GRID),
        (np.int16, 1, GRID),
        (np.float32, 1, GRID),
        (np.float32, 2, None),
    ],
)
def test_pixels_come_back(tmp_path, dtype, bands, grid):
    pixels = stored((bands, 700, 600), dtype)
    for name in "ab":
        write_cog(tmp_path / f"{name}.tif", pixels, grid, names=[f"n{k}" for k in range(bands)])
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "b.tif"]
    assert read_grid(tmp_path / "a.tif") == (grid or Grid((700, 600)))
    for band in range(bands):
        mask, _ = read_mask(tmp_path / "a.tif", band=band + 1)
        assert np.array_equal(mask, pixels[band])
    if grid is not None:
        assert_cog(tmp_path / "a.tif")
        with rasterio.open(tmp_path / "a.tif", driver="GTiff") as dataset:
            assert dataset.overviews(1) == [2]
            assert dataset.descriptions == tuple(f"n{k}" for k in range(bands))
            assert "red" not in {color.name for color in dataset.colorinterp}
            assert "alpha" not in {color.name for color in dataset.colorinterp}


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_cube(tmp_path, dtype):
    prob = stored((3, 700, 600), dtype)
    valid = prob > prob.mean()
    grid = Grid((350, 300), (20, 0, 399960, 0, -20, 4900020), "EPSG:32632")
    months = ("2018_01", "2018_02", "2018_04")
    cube = Cube.from_arrays(prob, months=months, valid=valid, scale=2, grid=grid)
    paths = write_cube(tmp_path, cube)
    assert sorted(tmp_path.iterdir()) == list(paths.values())
    assert list(paths) == list(months)
    before = [path.read_bytes() for path in paths.values()]
    write_cube(tmp_path, cube)
    assert before == [path.read_bytes() for path in paths.values()]
    for index, (month, path) in enumerate(paths.items()):
        assert path.name == f"probability_{month}.tif"
        assert_cog(path)
        with rasterio.open(path, driver="GTiff") as dataset:
            assert np.array_equal(dataset.read(1), prob[index])
            assert np.array_equal(dataset.dataset_mask() > 0, valid[index])
            assert dataset.tags()["month"] == month
            assert Grid.from_rasterio(dataset) == GRID


def houses(*months, ids, grid=None):
    frames = [footprints([shapely.box(x, 0, x + w, 2) for x, w in month]) for month in months]
    names = [f"2018_{k + 1:02d}" for k in range(len(months))]
    return Stack.from_frames(frames, months=names, aoi="a", ids=ids, grid=grid)


def test_change_by_hand():
    # Columns 0-1: there all the time, shakily; 3: comes; 5: goes; 7: comes and goes; 3 again
    # under a building of the last month.
    stack = houses(
        [(0, 1), (5, 1)],
        [(0, 2), (3, 1), (7, 1)],
        [(0, 1), (3, 1), (3, 2)],
        ids=[[1, 2], [1, 3, 4], [1, 3, 5]],
    )
    change = change_map(stack, (2, 9))
    assert change.first_month.dtype == np.uint8
    assert change.first_month.tolist() == [[1, 1, 0, 2, 3, 1, 0, 2, 0]] * 2
    assert change.last_month.tolist() == [[3, 3, 0, 3, 3, 1, 0, 2, 0]] * 2
    assert change.change.tolist() == [[1, 1, 0, 2, 2, 3, 0, 4, 0]] * 2
    untracked = change_map(stack.with_ids(None), (2, 9))
    assert untracked.first_month.tolist() == [[1, 2, 0, 2, 3, 1, 0, 2, 0]] * 2
    assert untracked.last_month.tolist() == [[3, 2, 0, 3, 3, 1, 0, 2, 0]] * 2


def test_change_map_is_a_cog(tmp_path):
    stack = houses([(10, 400)], [(10, 500)], ids=[[1], [2]], grid=GRID)
    for name in "ab":
        write_change_map(tmp_path / f"{name}.tif", stack)
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
    assert_cog(tmp_path / "a.tif")
    with rasterio.open(tmp_path / "a.tif", driver="GTiff") as dataset:
        assert dataset.descriptions == ("first_month", "last_month", "change")
        assert json.loads(dataset.tags()["months"]) == ["2018_01", "2018_02"]
        assert dataset.nodata == 0
        assert Grid.from_rasterio(dataset) == GRID
        change = dataset.read()
    assert change[:, 0, [5, 10, 409, 410, 509, 510]].tolist() == [
        [0, 1, 1, 2, 2, 0], [0, 2, 2, 2, 2, 0], [0, 1, 1, 2, 2, 0]]  # fmt: skip


def test_many_months_and_none():
    months = [[(k % 9, 1)] for k in range(300)]
    names = [f"{2000 + k // 12}_{k % 12 + 1:02d}" for k in range(300)]
    frames = [footprints([shapely.box(x, 0, x + w, 2) for x, w in month]) for month in months]
    stack = Stack.from_frames(frames, months=names, aoi="a", ids=[[k] for k in range(300)])
    change = change_map(stack, (2, 9))
    assert change.last_month.dtype == np.uint16
    assert change.last_month.max() == 300
    empty = Stack.from_frames([], months=[], aoi="a")
    assert change_map(empty, (2, 9)).change.tolist() == [[0] * 9] * 2


def test_errors_of_the_bands_come_through(tmp_path):
    class Broken:
        shape, dtype = (1, 600, 600), np.dtype(np.uint8)

        def __getitem__(self, key):
            if key[1].start == 0:
                return np.zeros((1, 512, 600), np.uint8)
            raise KeyError("the second row of tiles")

    with pytest.raises(KeyError, match="the second row of tiles"):
        write_cog(tmp_path / "a.tif", Broken())
    assert list(tmp_path.iterdir()) == []


def test_shapes_that_do_not_fit(tmp_path):
    stack = houses([(0, 1)], ids=[[1]])
    with pytest.raises(InputError, match="a: shape_yx: got None and no grid"):
        change_map(stack)
    with pytest.raises(InputError, match=r"shape_yx: got \(5, 5\), the grid has"):
        change_map(houses([(0, 1)], ids=[[1]], grid=GRID), (5, 5))
    pixels = stored()
    path = tmp_path / "a.tif"
    for bands, options, message in [
        (pixels[0], {}, "bands: got uint8 of shape"),
        (pixels.astype(np.float64), {}, "bands: got float64"),
        (pixels, {"names": ["a", "b"]}, "names: got 2, wanted 1 or none"),
        (pixels[:, 1:], {"grid": GRID}, "the grid has"),
        (pixels, {"valid": np.ones((3, 3), bool)}, "valid: got bool of shape"),
        (pixels, {"valid": pixels[0]}, "valid: got uint8 of shape"),
    ]:
        with pytest.raises(InputError, match=message):
            write_cog(path, bands, **options)
    assert list(tmp_path.iterdir()) == []
