"""Cubes of xarray data: as rioxarray writes the georeference, and as odc-stac does."""

import numpy as np
import pandas as pd
import pytest
import rioxarray  # noqa: F401 - the accessor
import xarray as xr

from sn7fast import Cube, Grid, polygonize_frames
from sn7fast.data.dataarray import cube_from_xarray, images_from_xarray
from sn7fast.errors import InputError, StackError

GRID = Grid((6, 8), (10.0, 0, 399960, 0, -10.0, 4900020), "EPSG:32632")
DATES = ["2018-01-15", "2018-03-02", "2019-12-31"]


def prob(dtype=np.float32, shape=(3, 6, 8)):
    return np.random.default_rng(0).integers(0, 255, shape).astype(dtype)


def array(values=None, dates=DATES, grid=GRID, names=("time", "y", "x"), crs=True):
    """Centres of pixels as coordinates, the CRS by rioxarray."""
    values = prob() if values is None else values
    a, _, c, _, e, f = grid.transform
    times = pd.to_datetime(dates) if isinstance(dates[0], str) else dates
    coords = {
        names[0]: times,
        names[1]: f + e * (np.arange(values.shape[1]) + 0.5),
        names[2]: c + a * (np.arange(values.shape[2]) + 0.5),
    }
    made = xr.DataArray(values, dims=names, coords=coords)
    if crs:
        made = made.rio.set_spatial_dims(names[2], names[1]).rio.write_crs(grid.crs)
    return made


def test_as_rioxarray_has_it():
    cube = Cube.from_xarray(array())
    assert cube.months == ("2018_01", "2018_03", "2019_12")
    assert cube.grid == GRID
    assert cube.valid is None
    assert np.array_equal(cube.prob, prob())
    assert cube.prob.dtype == np.float32


def test_as_odc_stac_has_it():
    # odc-geo names the coordinate, not an attribute, in the encoding, and writes spatial_ref.
    made = array(crs=False)
    wkt = array().coords["spatial_ref"].attrs["crs_wkt"]
    made = made.assign_coords(spatial_ref=((), 32632, {"spatial_ref": wkt}))
    made.encoding["grid_mapping"] = "spatial_ref"
    made.attrs["nodata"] = 0
    cube = cube_from_xarray(made)
    assert cube.grid == GRID
    assert np.array_equal(cube.valid, prob() != 0)
    other = array(crs=False)
    other.attrs["crs"] = "epsg:32632"
    assert cube_from_xarray(other).grid == GRID


def test_dimensions_in_any_order_and_name():
    made = array(names=("t", "latitude", "longitude"), crs=False)
    cube = cube_from_xarray(made.transpose("longitude", "t", "latitude"))
    assert np.array_equal(cube.prob, prob())
    assert cube.prob.flags.c_contiguous
    assert cube.grid == Grid(GRID.shape_yx, GRID.transform)


def test_times_are_sorted_with_their_frames():
    order = [2, 0, 1]
    made = array().isel(time=order)
    valid = made > 100
    cube = cube_from_xarray(made, valid=valid)
    assert cube.months == ("2018_01", "2018_03", "2019_12")
    assert np.array_equal(cube.prob, prob())
    assert np.array_equal(cube.valid, prob() > 100)
    with pytest.raises(StackError, match="valid: got other times"):
        cube_from_xarray(made, valid=valid.assign_coords(time=pd.to_datetime(
            ["2018-01-15", "2018-03-02", "2019-11-30"])))  # fmt: skip


def test_labels():
    labelled = array().assign_coords(time=["2018_01", "2018-02", "2018_11"])
    assert cube_from_xarray(labelled).months == ("2018_01", "2018_02", "2018_11")


@pytest.mark.parametrize(("dtype", "kept"), [("uint8", "uint8"), ("float32", "float32"),
                                             ("float64", "float32")])  # fmt: skip
def test_types(dtype, kept):
    cube = cube_from_xarray(array(prob(dtype)))
    assert cube.prob.dtype == kept
    assert np.array_equal(cube.prob, prob())


def test_nan_is_not_valid():
    values = prob()
    values[0, :2] = np.nan
    cube = cube_from_xarray(array(values))
    assert np.array_equal(cube.valid, ~np.isnan(values))
    given = xr.ones_like(array(), dtype=bool)
    given[1, 0, 0] = False
    both = cube_from_xarray(array(values), valid=given)
    assert np.array_equal(both.valid, ~np.isnan(values) & given.values)


def test_enlarged_and_south_up():
    cube = cube_from_xarray(array(), scale=2)
    assert cube.grid == Grid((3, 4), (20.0, 0, 399960, 0, -20.0, 4900020), "EPSG:32632")
    assert cube.grid.enlarged(2) == GRID
    with pytest.raises(InputError, match="scale: got 4 for 6 x 8"):
        cube_from_xarray(array(), scale=4)
    turned = cube_from_xarray(array().isel(y=slice(None, None, -1)))
    footprint = polygonize_frames(turned.prob > 250, months=turned.months, aoi="a").footprints
    ground = turned.grid.px_to_crs(footprint).bounds
    straight = polygonize_frames(prob() > 250, months=turned.months, aoi="a").footprints
    assert sorted(ground.tolist()) == sorted(GRID.px_to_crs(straight).bounds.tolist())


def test_without_coordinates_there_is_no_grid():
    cube = cube_from_xarray(array(crs=False).drop_vars(["x", "y"]))
    assert cube.grid is None


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda a: a.values, InputError, "array: got ndarray, wanted a DataArray"),
        (lambda a: a.to_dataset(name="p"), InputError, "got Dataset, wanted a DataArray: take one"),
        (lambda a: a.isel(time=0), InputError, "array: got dimensions y, x, wanted time, y and x"),
        (lambda a: a.expand_dims("band"), InputError, "got dimensions band, time, y, x"),
        (lambda a: a.rename(x="column"), InputError, "got dimensions time, y, column"),
        (lambda a: a.drop_vars("time"), InputError, "array: got no coordinate time"),
        (lambda a: a.assign_coords(time=[1, 2, 3]), InputError, "time: got int64, wanted dates"),
        (lambda a: a.assign_coords(time=["2018_01", "x", "2018_03"]), InputError,
         "time: got x, wanted a date"),
        (lambda a: a.assign_coords(time=["2018_01", "2018_13", "2018_03"]), InputError,
         "time: got 2018_13, wanted a date"),
        (lambda a: a.assign_coords(time=pd.to_datetime(["2018-01-01", None, "2018-03-01"])),
         InputError, "time: got NaT, wanted a date"),
        (lambda a: a.assign_coords(time=pd.to_datetime(["2018-01-01", "2018-02-01", "2018-01-31"])),
         StackError, "2018-01-01.* and 2018-01-31.* lie in one month"),
        (lambda a: a.assign_coords(x=[0, 1, 2, 3, 4, 5, 6, 9.0]), InputError, "x: got .* uneven"),
        (lambda a: a.assign_coords(x=np.zeros(8)), InputError, "x: got .* uneven"),
        (lambda a: a.isel(x=[0]), InputError, "x: got 1 coordinate"),
        (lambda a: a.astype(np.int32), InputError, "array: got int32, wanted uint8, float32"),
        (lambda a: a.drop_vars("spatial_ref").assign_attrs(crs="nonsense"), InputError,
         "got the CRS 'nonsense', which is none"),
    ],
)  # fmt: skip
def test_other_arrays_are_refused(change, error, message):
    with pytest.raises(error, match=message):
        cube_from_xarray(change(array()))


def test_other_masks_are_refused():
    with pytest.raises(InputError, match=r"valid: got float32 of shape \(3, 6, 8\), wanted bool"):
        cube_from_xarray(array(), valid=array())
    with pytest.raises(InputError, match=r"valid: got bool of shape \(2, 6, 8\), wanted bool"):
        cube_from_xarray(array(), valid=array()[:2] > 0)


# Images


def bands(dtype=np.uint16):
    """Red, green and blue (band, time, y, x), no two pixels alike."""
    return (1 + np.arange(3 * 3 * 6 * 8)).reshape(3, 3, 6, 8).astype(dtype)


def dataset(order=(0, 1, 2)):
    """As odc-stac loads it: a variable a band, nodata as an attribute."""
    made = xr.Dataset({
        name: array(bands()[k]).isel(time=list(order)).assign_attrs(nodata=0)
        for k, name in enumerate(["red", "green", "blue"])
    })  # fmt: skip
    return made.rio.write_crs(GRID.crs)


def test_images_of_a_dataset():
    images = images_from_xarray(dataset(order=(2, 0, 1)), ["blue", "red"])
    assert np.array_equal(images.pixels, bands()[[2, 0]].swapaxes(0, 1))
    assert images.valid.all()
    assert images.months == ("2018_01", "2018_03", "2019_12")
    assert images.grid == GRID


def test_images_of_an_array_with_bands():
    made = xr.concat([dataset()[name] for name in ("red", "green", "blue")], "band")
    for names in (["B04", "B03", "B02"], [1, 2, 3]):
        named = made.assign_coords(band=names).transpose("time", "band", "y", "x")
        images = images_from_xarray(named, names[::-1])
        assert np.array_equal(images.pixels, bands()[::-1].swapaxes(0, 1))
        assert images.grid == GRID


def test_pixels_are_valid_if_they_are_so_in_all_bands():
    data = dataset()
    data["red"][0, 0, 0] = 0
    data["blue"][1, 2, 3] = 0
    given = xr.ones_like(data["red"], dtype=bool)
    given[2, 5, 7] = False
    images = images_from_xarray(data, ["red", "green", "blue"], valid=given)
    assert np.argwhere(~images.valid).tolist() == [[0, 0, 0], [1, 2, 3], [2, 5, 7]]
    assert not images.pixels.swapaxes(0, 1)[:, ~images.valid].any()
    assert (images.pixels.swapaxes(0, 1)[:, images.valid] > 0).all()


def test_several_images_a_month_are_put_together_first():
    data = dataset().assign_coords(time=pd.to_datetime(["2018-01-03", "2018-01-19", "2018-02-01"]))
    with pytest.raises(StackError, match="lie in one month"):
        images_from_xarray(data, ["red"])
    monthly = data.resample(time="MS").median()
    images = images_from_xarray(monthly, ["red"])
    assert images.months == ("2018_01", "2018_02")
    assert np.array_equal(images.pixels[0, 0], bands()[0, :2].mean(axis=0))


@pytest.mark.parametrize(
    ("change", "names", "error", "message"),
    [
        (lambda d: d, "red", InputError, "bands: got 'red', wanted a list"),
        (lambda d: d, [], InputError, r"bands: got \[\], wanted a list"),
        (lambda d: d, ["red", "nir"], InputError, "bands: got 'nir', wanted some of red, green"),
        (lambda d: d["red"], ["red"], InputError, "got dimensions time, y, x, wanted time, band"),
        (lambda d: d.to_array("band"), [4], InputError, "bands: got 4, wanted some of red, green"),
        (lambda d: d.assign(blue=d["blue"].astype(float)), ["red", "blue"], InputError,
         "bands: got float64 of shape .* in blue, wanted uint16"),
        (lambda d: 5, ["red"], InputError, "data: got int, wanted a DataArray"),
    ],
)  # fmt: skip
def test_other_images_are_refused(change, names, error, message):
    with pytest.raises(error, match=message):
        images_from_xarray(change(dataset()), names)
