"""Images and probabilities of xarray, as odc-stac, stackstac and rioxarray make them."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.cube import Cube
from sn7fast.errors import InputError, StackError
from sn7fast.grid import Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        given = _given_valid(valid, values.shape, times)
        is_valid = given if is_valid is None else given & is_valid
    months = [month for month, _ in times]
    return Cube(values, tuple(months), is_valid, scale, _grid(array, scale))


@dataclass(frozen=True, slots=True, eq=False)
class MonthlyImages:
    """Images of one area, for a network.

    Attributes:
        pixels: (T, bands, rows, columns), 0 in all bands where not valid.
        valid: bool (T, rows, columns).
        months: T labels, in order.
        grid: Where the pixels lie, or None.
    """

    pixels: NDArray[Any]
    valid: NDArray[np.bool_]
    months: tuple[str, ...]
    grid: Grid | None


def images_from_xarray(
    data: xarray.Dataset | xarray.DataArray,
    bands: Sequence[str | int],
    *,
    valid: xarray.DataArray | None = None,
) -> MonthlyImages:
    """The images of a Dataset with a variable for each band, or of a DataArray with dimension band.

    The first is what odc-stac loads, the second what stackstac and rioxarray make. Dimensions,
    times, georeference and what is not valid are as in `cube_from_xarray`; a pixel is valid if it
    is so in all bands. With a network::

        images = images_from_xarray(odc.stac.load(items, ...), ["red", "green", "blue"])
        prob = sn7fast.predict(images.pixels, weights, valid=images.valid)

    Args:
        data: Bands of one type.
        bands: Which ones, by name, in the order that the network wants.
        valid: As `cube_from_xarray`.

    Raises:
        StackError: As `cube_from_xarray`; several images a month must be put together first, as by
            ``data.resample(time="MS").median()``.
        InputError: A band is missing, or as `cube_from_xarray`.
        MissingDependencyError: There is a CRS, and rasterio is not installed.
    """
    if isinstance(bands, str) or not len(bands):
        raise InputError(f"bands: got {bands!r}, wanted a list of names")
    arrays = [_band(data, band) for band in bands]
    frames, masks = [], []
    first = None
    for band, array in zip(bands, arrays, strict=True):
        values, times = _ordered(str(band), array)
        if first is not None and (values.dtype, values.shape, times) != first:
            raise InputError(
                f"bands: got {values.dtype} of shape {values.shape} in {band}, wanted "
                f"{first[0]} of shape {first[1]} and the times of {bands[0]}"
            )
        first = values.dtype, values.shape, times
        frames.append(values)
        masks.append(_known(array, values))
    pixels = np.stack(frames, axis=1)
    is_valid = np.ones((len(pixels), *pixels.shape[2:]), bool)
    for mask in masks:
        if mask is not None:
            is_valid &= mask
    if valid is not None:
        is_valid &= _given_valid(valid, is_valid.shape, times)
    pixels[~np.broadcast_to(is_valid[:, None], pixels.shape)] = 0
    return MonthlyImages(pixels, is_valid, tuple(month for month, _ in times), _grid(arrays[0], 1))


def _band(data: Any, band: str | int) -> Any:  # noqa: ANN401 - of xarray
    """One band as a DataArray of time, y and x."""
    if hasattr(data, "data_vars"):
        if band not in data.data_vars:
            raise InputError(f"bands: got {band!r}, wanted some of {', '.join(data.data_vars)}")
        return data[band]
    _check_array("data", data)
    if "band" not in data.dims:
        raise InputError(
            f"data: got dimensions {', '.join(map(str, data.dims))}, wanted time, band, y and x"
        )
    known = data["band"].values.tolist() if "band" in data.coords else []
    if band not in known:
        raise InputError(f"bands: got {band!r}, wanted some of {', '.join(map(str, known))}")
    return data.isel(band=known.index(band))


def _given_valid(
    valid: xarray.DataArray, shape: tuple[int, ...], times: list[tuple[str, str]]
) -> NDArray[np.bool_]:
    """A mask that comes along, in the order of the times of the array."""
    _check_array("valid", valid)
    given, given_times = _ordered("valid", valid)
    if given.shape != shape or given.dtype != bool:
        raise InputError(f"valid: got {given.dtype} of shape {given.shape}, wanted bool {shape}")
    if given_times != times:
        raise StackError("valid: got other times than those of array")
    return given


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
