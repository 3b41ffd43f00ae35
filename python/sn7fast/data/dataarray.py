"""Cubes of xarray data, as odc-stac, stackstac and rioxarray make them."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.cube import Cube
from sn7fast.errors import InputError, StackError
from sn7fast.grid import Grid

if TYPE_CHECKING:
    import xarray
    from numpy.typing import NDArray

_TIME, _Y, _X = ("time", "t"), ("y", "latitude", "lat"), ("x", "longitude", "lon")
_LABEL = re.compile(r"(\d{4})[_-](\d{2})", re.ASCII)

# Share of a pixel by which coordinates may stray from an even grid.
_UNEVEN = 0.01


def cube_from_xarray(
    array: xarray.DataArray, *, valid: xarray.DataArray | None = None, scale: int = 1
) -> Cube:
    """A cube of a DataArray of building probabilities with the dimensions time, y and x.

    Dimensions may come in any order and be called ``time`` or ``t``, ``y``, ``latitude`` or
    ``lat``, and ``x``, ``longitude`` or ``lon``. Times are dates, or labels such as ``2018_01``,
    and are sorted. The georeference is that of the coordinates of y and x, which are the centres of
    pixels, and the CRS that of the ``spatial_ref`` coordinate (or the one that ``grid_mapping``
    names) or of the attribute ``crs``. Without coordinates of y and x the cube has no grid. Arrays
    of dask are computed.

    Args:
        array: uint8, float32 or float64 (made float32). NaN, and the value that the attribute
            ``nodata`` or ``_FillValue`` names, are pixels that are not valid.
        valid: Truth values of the same dimensions, times and shape, False where a pixel is not
            valid.
        scale: Pixels of the array along one pixel of the cube's grid, 1 to 4.

    Raises:
        StackError: Two times lie in one month, or the times of ``valid`` are others.
        InputError: A dimension is missing or there are others, a time is none, coordinates are not
            evenly spaced, the CRS is not understood, or the values are of another type.
        MissingDependencyError: There is a CRS, and rasterio is not installed.
    """
    _check_array("array", array)
    values, times = _ordered("array", array)
    if values.dtype == np.float64:
        values = values.astype(np.float32)
    if values.dtype not in (np.uint8, np.float32):
        raise InputError(f"array: got {values.dtype}, wanted uint8, float32 or float64")
    is_valid = _known(array, values)
    if valid is not None:
        _check_array("valid", valid)
        given, given_times = _ordered("valid", valid)
        if given.shape != values.shape or given.dtype != bool:
            raise InputError(
                f"valid: got {given.dtype} of shape {given.shape}, wanted bool {values.shape}"
            )
        if given_times != times:
            raise StackError("valid: got other times than those of array")
        is_valid = given if is_valid is None else given & is_valid
    months = [month for month, _ in times]
    return Cube(values, tuple(months), is_valid, scale, _grid(array, scale))


def _check_array(name: str, array: Any) -> None:  # noqa: ANN401 - to be checked
    is_dataset = hasattr(array, "data_vars")
    known = ("dims", "coords", "attrs", "encoding", "values")
    if is_dataset or not all(hasattr(array, attribute) for attribute in known):
        hint = ": take one variable of it" if is_dataset else ""
        raise InputError(f"{name}: got {type(array).__name__}, wanted a DataArray{hint}")


def _dims(name: str, array: xarray.DataArray) -> tuple[str, str, str]:
    """Names of the dimensions time, y and x."""
    found = []
    for wanted in (_TIME, _Y, _X):
        names = [dim for dim in array.dims if dim in wanted]
        if len(names) != 1 or len(array.dims) != 3:
            raise InputError(
                f"{name}: got dimensions {', '.join(map(str, array.dims))}, wanted time, y and x"
            )
        found.append(str(names[0]))
    return found[0], found[1], found[2]


def _ordered(name: str, array: xarray.DataArray) -> tuple[NDArray[Any], list[tuple[str, str]]]:
    """Values (time, y, x) in order of time, and (month, time as text) of each."""
    dims = _dims(name, array)
    if dims[0] not in array.coords:
        raise InputError(f"{name}: got no coordinate {dims[0]}, wanted a time for each frame")
    stamps = array[dims[0]]
    values = np.asarray(stamps.values)
    if values.dtype.kind in "OU" and all(isinstance(value, str) for value in values):
        labels = [_LABEL.match(value) for value in values]
        months = [f"{found[1]}_{found[2]}" if found else None for found in labels]
        texts = values.tolist()
    else:
        try:
            months = stamps.dt.strftime("%Y_%m").values.tolist()
        except (AttributeError, TypeError) as error:
            raise InputError(f"{name}: {dims[0]}: got {values.dtype}, wanted dates") from error
        texts = [str(value) for value in values]
    for text, month in zip(texts, months, strict=True):
        if not isinstance(month, str) or not 1 <= int(month[5:]) <= 12:
            raise InputError(f"{name}: {dims[0]}: got {text}, wanted a date")
    pairs = sorted(zip(months, texts, range(len(months)), strict=True))
    for one, other in itertools.pairwise(pairs):
        if one[0] == other[0]:
            raise StackError(
                f"{name}: {dims[0]}: {one[1]} and {other[1]} lie in one month, wanted one frame a "
                "month: choose one, or put them together first"
            )
    order = [index for _, _, index in pairs]
    frames = np.asarray(array.transpose(*dims).values)
    if order != sorted(order):
        frames = frames[order]
    return np.ascontiguousarray(frames), [(str(month), text) for month, text, _ in pairs]


def _known(array: xarray.DataArray, values: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Where the values are numbers and not "no data"; None if that is everywhere."""
    missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    for place in (array.attrs, array.encoding):
        for name in ("nodata", "_FillValue"):
            if place.get(name) is not None:
                missing |= values == place[name]
    return ~missing if missing.any() else None


def _grid(array: xarray.DataArray, scale: int) -> Grid | None:
    """The grid of the array's coordinates, at scale 1."""
    _, y, x = _dims("array", array)
    if y not in array.coords or x not in array.coords:
        return None
    rows, columns = array.sizes[y], array.sizes[x]
    if rows % scale or columns % scale:
        raise InputError(f"scale: got {scale} for {rows} x {columns}, wanted a divisor of both")
    left, width = _axis(x, array[x].values)
    top, height = _axis(y, array[y].values)
    transform = (width * scale, 0.0, left, 0.0, height * scale, top)
    return Grid((rows // scale, columns // scale), transform, _crs(array))


def _axis(name: str, centres: NDArray[Any]) -> tuple[float, float]:
    """Edge of the first pixel and size of a pixel along an axis."""
    centres = np.asarray(centres, np.float64)
    if len(centres) < 2:
        raise InputError(f"array: {name}: got {len(centres)} coordinate, wanted two or more")
    step = (centres[-1] - centres[0]) / (len(centres) - 1)
    even = centres[0] + step * np.arange(len(centres))
    if not np.abs(centres - even).max() <= _UNEVEN * abs(step) or step == 0:
        raise InputError(f"array: {name}: got coordinates of uneven steps, wanted even ones")
    return float(centres[0] - step / 2), float(step)


def _crs(array: xarray.DataArray) -> str | None:
    """The CRS as text, in short form if it has one."""
    mapping = array.encoding.get("grid_mapping") or array.attrs.get("grid_mapping", "spatial_ref")
    about = array.coords[mapping].attrs if mapping in array.coords else {}
    texts = (about.get("crs_wkt"), about.get("spatial_ref"), array.attrs.get("crs"))
    text = next((str(text) for text in texts if text), None)
    if text is None:
        return None
    crs, errors = require("rasterio.crs").CRS, require("rasterio.errors")
    try:
        return str(crs.from_user_input(text).to_string())
    except errors.CRSError as error:
        raise InputError(f"array: got the CRS {text!r:.80}, which is none: {error}") from error
