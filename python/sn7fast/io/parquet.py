"""Stacks as GeoParquet, the working format: one row for each footprint, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from sn7fast._optional import require
from sn7fast.arrow import as_multipolygons, from_arrow, storage_array
from sn7fast.errors import FormatError, InputError, Sn7FastError
from sn7fast.grid import Grid
from sn7fast.io.geoparquet import (
    bbox_column,
    geometry_metadata,
    numpy_column,
    open_table,
    plain_column,
    read_table,
    write_table,
)
from sn7fast.io.placement import DENOMINATORS, Place, denominators, snapped
from sn7fast.io.rows import RESERVED, Rows, rows_of
from sn7fast.stack import Stack

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

Encoding: TypeAlias = Literal["geoarrow", "WKB"]

# What the metadata under "sn7fast" mean; counted up when files of before can no longer be read.
_VERSION = 1

_REPETITIVE = ["aoi", "month"]


class StackFile(dict[str, Stack]):
    """Stacks by AOI name, as one GeoParquet file holds them.

    Attributes:
        columns: Further columns by name, each of shape (n,) over the rows of all stacks, one after
            the other: numbers (float64 with NaN for null), truth values, or objects (str, None).
    """

    columns: dict[str, NDArray[Any]]

    def __init__(self, stacks: Mapping[str, Stack], columns: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(stacks)
        self.columns = dict(columns)


def write_parquet(
    path: str | os.PathLike[str],
    stacks: Stack | Mapping[str, Stack],
    *,
    columns: Mapping[str, ArrayLike] | None = None,
    place: Place | None = None,
    encoding: Encoding = "geoarrow",
) -> None:
    """Write stacks as GeoParquet 1.1, which geopandas opens, and GDAL from 3.9 on with Arrow.

    The columns are ``aoi``, ``month``, ``id`` and ``iou`` if the stacks have them, ``area_m2`` on
    the ground (``area_px`` without a CRS), those of ``columns``, ``geometry`` and ``bbox``. The CRS
    is written as PROJJSON. Months without footprints and the grids are kept in the metadata, so
    that `read_parquet` gives the same stacks back. Equal input gives equal bytes.

    Args:
        path: File to write. It is replaced only once everything is written.
        stacks: A Stack, or a Stack for each AOI name.
        columns: Further columns by name, such as ``confidence`` and flags, each of shape (n,) over
            all rows: integers, floats (NaN becomes null), truth values or texts.
        place: ``grid``, in the CRS of the grid; ``wgs84``, longitude and latitude, which cannot be
            read back as stacks; ``pixel``, bare pixels with y pointing down and no CRS; None means
            ``grid`` if the stacks have a CRS, else ``pixel``.
        encoding: ``geoarrow``, lists of numbers, small and fast; or ``WKB``, for readers that know
            only GeoParquet 1.0 (it needs shapely).

    Raises:
        InputError: No stack, several CRSs, a CRS that is not known, or columns that do not fit.
        MissingDependencyError: pyarrow or another package of ``sn7fast[vector]`` is not installed.
        OSError: The file cannot be written.
    """
    if encoding not in ("geoarrow", "WKB"):
        raise InputError(f"encoding: got {encoding!r}, wanted 'geoarrow' or 'WKB'")
    pa = require("pyarrow", extra="vector")
    rows = rows_of(stacks, columns=columns, place=place)
    arrays = {name: plain_column(values) for name, values in rows.columns.items()}
    several = rows.footprints.footprint_offsets is not None
    if encoding == "WKB":
        arrays["geometry"] = pa.array(rows.footprints.to_wkb(), pa.binary())
        kinds = ["Polygon", "MultiPolygon"] if several else ["Polygon"]
    else:
        arrays["geometry"] = storage_array(rows.footprints, interleaved=False)
        kinds = ["MultiPolygon" if several else "Polygon"]
    bounds = rows.footprints.bounds
    arrays["bbox"] = bbox_column(bounds)
    name = kinds[0].lower() if encoding == "geoarrow" else encoding
    geo = geometry_metadata(name, kinds, rows.crs, bounds)
    stacks = rows.stacks
    described = [
        _described(aoi, one.months, one.grid, _px_parts(rows, one)) for aoi, one in stacks.items()
    ]
    write_table(path, arrays, _metadata(geo, rows.place, described), repetitive=_REPETITIVE)


def write_parquet_parts(
    path: str | os.PathLike[str],
    parts: Iterable[tuple[Stack, Mapping[str, ArrayLike]]],
    *,
    months: Sequence[str],
    place: Place | None = None,
    several: bool = False,
) -> None:
    """Write the parts of one stack that is larger than memory, as `write_parquet` writes it.

    Args:
        path: File to write. It is replaced only once everything is written.
        parts: At least one; of one AOI and one grid, by month, with further columns of their rows,
            the same in all parts.
        months: All months.
        place: As in `write_parquet`.
        several: Some footprint may be a multipolygon; then all are written as such.

    Raises:
        InputError: As in `write_parquet`, or there is no part.
        MissingDependencyError: pyarrow or another package of ``sn7fast[vector]`` is not installed.
        OSError: The file cannot be written.
    """
    extent = np.array([[np.inf, np.inf, -np.inf, -np.inf]])
    rows: Rows | None = None
    fitting: tuple[int, ...] = DENOMINATORS
    with open_table(path, repetitive=_REPETITIVE) as table:
        for part, further in parts:
            rows = rows_of(part, columns=further, place=place)
            footprints = rows.footprints
            arrays = {name: plain_column(values) for name, values in rows.columns.items()}
            arrays["geometry"] = storage_array(
                as_multipolygons(footprints) if several else footprints, interleaved=False
            )
            bounds = footprints.bounds
            arrays["bbox"] = bbox_column(bounds)
            table.write(arrays)
            if len(bounds):
                low, high = np.nanmin(bounds, 0)[:2], np.nanmax(bounds, 0)[2:]
                extent = np.hstack([np.fmin(extent[:, :2], low), np.fmax(extent[:, 2:], high)])
            if rows.place == "grid" and part.grid is not None:
                fitting = denominators(part.footprints, part.grid, fitting)
        if rows is None:
            raise InputError("stacks: got none, wanted at least one")
        kind = "MultiPolygon" if several else "Polygon"
        extent[np.isinf(extent)] = np.nan
        geo = geometry_metadata(kind.lower(), [kind], rows.crs, extent)
        (aoi, stack), = rows.stacks.items()  # fmt: skip
        px_parts = next(iter(fitting), None) if rows.place == "grid" and stack.grid else None
        described = [_described(aoi, tuple(months), stack.grid, px_parts)]
        table.metadata = _metadata(geo, rows.place, described)


def _px_parts(rows: Rows, stack: Stack) -> int | None:
    if stack.grid is None or rows.place != "grid":
        return None
    return next(iter(denominators(stack.footprints, stack.grid)), None)


def _metadata(
    geo: dict[str, Any], place: Place, described: list[dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    return {"geo": geo, "sn7fast": {"version": _VERSION, "place": place, "stacks": described}}


def _described(
    aoi: str, months: tuple[str, ...], grid: Grid | None, px_parts: int | None
) -> dict[str, Any]:
    """What the rows do not say of their stack."""
    about = grid and {"shape_yx": grid.shape_yx, "transform": grid.transform, "crs": grid.crs}
    return {"aoi": aoi, "months": months, "grid": about, "px_parts": px_parts}


def read_parquet(path: str | os.PathLike[str]) -> StackFile:
    """Read stacks that `write_parquet` wrote.

    Ids, IoU, months (those without footprints too) and grids come back as they were, and so do
    pixel coordinates that are multiples of 1/q for one of q = 1, 2, 3, 4, 6, 8, 12, 10, 100, 1000,
    10000, as outlines of pixels and of enlarged pixels are; others are within 1e-6 px. Rows may
    have been left out or put in another order: they are sorted by AOI and month again.

    Args:
        path: A file that `write_parquet` wrote with the place ``grid`` or ``pixel``.

    Raises:
        FormatError: No Parquet file, not one of sn7fast, or one of another version; names the file.
            GeoParquet of others is for geopandas, and then `Stack.from_geopandas`.
        GeometryError: A null geometry.
        MissingDependencyError: pyarrow is not installed.
        OSError: The file cannot be read.
    """
    table, metadata = read_table(path)
    about = metadata.get("sn7fast")
    if not isinstance(about, dict) or "geo" not in metadata:
        raise FormatError(
            f"{path}: got no metadata of sn7fast, wanted a file that write_parquet wrote; read it "
            "with geopandas, then Stack.from_geopandas"
        )
    if about.get("version") != _VERSION or about.get("place") not in ("grid", "pixel"):
        raise FormatError(
            f"{path}: got version {about.get('version')} at {about.get('place')!r}, wanted version "
            f"{_VERSION} at 'grid' or 'pixel'"
        )
    try:
        return _stacks(table, about)
    except Sn7FastError as error:
        raise type(error)(f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"{path}: its metadata or columns are damaged: {error!r}") from error


def _stacks(table: Any, about: Mapping[str, Any]) -> StackFile:  # noqa: ANN401 - pyarrow
    columns = {
        name: numpy_column(table[name])
        for name in table.column_names
        if name not in ("geometry", "bbox")
    }
    described = about["stacks"]
    keys = {
        (stack["aoi"], month): (number, index)
        for number, stack in enumerate(described)
        for index, month in enumerate(stack["months"])
    }
    pairs = list(zip(columns["aoi"].tolist(), columns["month"].tolist(), strict=True))
    unknown = next((pair for pair in dict.fromkeys(pairs) if pair not in keys), None)
    if unknown is not None:
        raise FormatError(f"got a row of {unknown}, which the metadata do not name")
    place = np.array([keys[pair] for pair in pairs], np.int64).reshape(-1, 2)
    order = np.lexsort((place[:, 1], place[:, 0]))
    footprints = from_arrow(table["geometry"])
    if not np.array_equal(order, np.arange(len(order))):
        place = place[order]
        columns = {name: values[order] for name, values in columns.items()}
        footprints = footprints[order]
    stacks: dict[str, Stack] = {}
    for number, stack in enumerate(described):
        rows = slice(*np.searchsorted(place[:, 0], [number, number + 1]).tolist())
        months = len(stack["months"])
        counts = np.bincount(place[rows, 1], minlength=months)
        grid = stack["grid"] and Grid(
            tuple(stack["grid"]["shape_yx"]),
            tuple(stack["grid"]["transform"]),
            stack["grid"]["crs"],
        )
        found = footprints if len(described) == 1 else footprints[rows]
        if about["place"] == "grid":
            found = snapped(grid.crs_to_px(found), stack["px_parts"])
        stacks[stack["aoi"]] = Stack(
            stack["aoi"],
            tuple(stack["months"]),
            found,
            np.concatenate([[0], np.cumsum(counts)]),
            columns["id"][rows] if "id" in columns else None,
            columns["iou"][rows] if "iou" in columns else None,
            grid,
        )
    extra = {name: values for name, values in columns.items() if name not in RESERVED}
    return StackFile(stacks, extra)
