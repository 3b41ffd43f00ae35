"""One row for each building: when it was seen, how large it is and where."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._arguments import index_array
from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.io.geoparquet import bbox_column, geometry_metadata, plain_column, write_table
from sn7fast.io.outputs import whole_file
from sn7fast.io.rows import checked_column
from sn7fast.large import LargeStack, WholeStack
from sn7fast.rings import centroids

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from sn7fast.grid import Grid
    from sn7fast.stack import Stack

# Square centimetres of area, millimetres of place.
_AREA_DECIMALS, _PX_DECIMALS, _DEGREE_DECIMALS = 4, 4, 8

# Rows of a CSV that are texts at a time.
_ROWS = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class BuildingTable:
    """The n buildings of a tracked stack, by identifier.

    Attributes:
        aoi: Name of the area.
        months: Labels of all T months of the stack.
        ids: int64 (n,), ascending, without repetition.
        first_seen: int64 (n,), position in ``months`` of the first month with a footprint.
        last_seen: int64 (n,), of the last one.
        observed_months: int64 (n,), months with a footprint. A building that was there all the time
            from the first to the last has ``last_seen - first_seen + 1`` of them.
        footprints: int64 (n,), number of footprints; more than the months if an id is repeated in
            a month.
        median_area_px: float64 (n,), median area of the footprints in pixels.
        median_area_m2: float64 (n,), on the ground, or None without a CRS.
        centroid_px: float64 (n, 2), mean of the footprints' centroids, x and y in pixels.
        grid: Where the pixels lie on the ground, or None.
        columns: Further columns by name, each of shape (n,).
    """

    aoi: str
    months: tuple[str, ...]
    ids: NDArray[np.int64]
    first_seen: NDArray[np.int64]
    last_seen: NDArray[np.int64]
    observed_months: NDArray[np.int64]
    footprints: NDArray[np.int64]
    median_area_px: NDArray[np.float64]
    median_area_m2: NDArray[np.float64] | None
    centroid_px: NDArray[np.float64]
    grid: Grid | None = None
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def table(self) -> dict[str, NDArray[Any]]:
        """All columns in the order of the files: months as labels, the centroid as x and y.

        ``x`` and ``y`` are in the CRS of the grid, and there are ``longitude`` and ``latitude``;
        without a CRS there are ``x_px`` and ``y_px`` instead.
        """
        labels = np.array(self.months, object)
        out: dict[str, NDArray[Any]] = {
            "aoi": np.full(len(self), self.aoi, object),
            "id": self.ids,
            "first_seen": labels[self.first_seen],
            "last_seen": labels[self.last_seen],
            "observed_months": self.observed_months,
            "footprints": self.footprints,
        }
        if self.grid is None or self.grid.crs is None or self.median_area_m2 is None:
            out["median_area_px"] = self.median_area_px.round(_AREA_DECIMALS)
            out["x_px"], out["y_px"] = self.centroid_px.T.round(_PX_DECIMALS)
        else:
            out["median_area_m2"] = self.median_area_m2.round(_AREA_DECIMALS)
            out["x"], out["y"] = self.grid.px_to_crs(self.centroid_px).T
            shaped = ~np.isnan(self.centroid_px[:, 0])
            degrees = np.full((len(self), 2), np.nan)
            degrees[shaped] = self.grid.px_to_lon_lat(self.centroid_px[shaped])
            out["longitude"], out["latitude"] = degrees.T.round(_DEGREE_DECIMALS)
        return out | self.columns


def building_table(
    stack: Stack | LargeStack, *, columns: Mapping[str, ArrayLike] | None = None
) -> BuildingTable:
    """The buildings of a tracked stack.

    Args:
        stack: With ids; a large one is read part by part.
        columns: Further columns by name, such as ``first_month`` and ``confidence`` of the temporal
            collapse: numbers, truth values or texts. If one is called ``id``, each has a value for
            each of its identifiers, and these are the buildings of the stack in any order; if not,
            for each building by ascending identifier.

    Raises:
        InputError: The stack has no ids, or a column has another length, another type or the name
            of one that is made here.
        MissingDependencyError: rasterio is needed for the CRS and not installed.
    """
    rows = stack if isinstance(stack, LargeStack) else WholeStack(stack)
    ids, row = np.unique(rows.ids, return_inverse=True)
    count, month = len(ids), rows.month_index
    first = np.full(count, len(rows.months))
    last = np.full(count, -1)
    np.minimum.at(first, row, month)
    np.maximum.at(last, row, month)
    seen = np.unique(row * len(rows.months) + month) // max(len(rows.months), 1)
    areas, areas_m2, middles = _measured(rows)
    shaped = ~np.isnan(middles[:, 0])
    with np.errstate(invalid="ignore"):
        # An id whose footprints are all empty has no place: 0 / 0.
        sums = [np.bincount(row[shaped], middles[shaped, axis], count) for axis in (0, 1)]
        middle = np.stack(sums, axis=1) / np.bincount(row[shaped], minlength=count)[:, None]
    table = BuildingTable(
        rows.aoi,
        rows.months,
        ids,
        first,
        last,
        np.bincount(seen, minlength=count),
        np.bincount(row, minlength=count),
        _medians(areas, row, count),
        None if areas_m2 is None else _medians(areas_m2, row, count),
        middle,
        rows.grid,
    )
    if columns:
        table.columns.update(_aligned(table, columns))
    return table


def _measured(
    rows: LargeStack,
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None, NDArray[np.float64]]:
    """Area in pixels, on the ground if it is known, and centroid of each footprint."""
    grid = rows.grid
    on_ground = grid is not None and grid.crs is not None
    px, m2, middles = [np.empty(0)], [np.empty(0)], [np.empty((0, 2))]
    for part in rows.parts():
        px.append(part.footprints.areas)
        middles.append(centroids(part.footprints))
        if grid is not None and on_ground:
            m2.append(grid.ground_area_m2(part.footprints))
    return np.concatenate(px), np.concatenate(m2) if on_ground else None, np.concatenate(middles)


def _medians(values: NDArray[np.float64], row: NDArray[np.int64], count: int) -> NDArray[Any]:
    """float64 (count,): median of the values of each row; every row has one."""
    order = np.lexsort((values, row))
    sizes = np.bincount(row, minlength=count)
    starts = np.cumsum(sizes) - sizes
    ranked = values[order]
    middle: NDArray[np.float64] = ranked[starts + (sizes - 1) // 2] + ranked[starts + sizes // 2]
    return middle / 2


def _aligned(table: BuildingTable, columns: Mapping[str, ArrayLike]) -> dict[str, NDArray[Any]]:
    """The columns in the order of the table's ids."""
    given = dict(columns)
    order = np.arange(len(table))
    if "id" in given:
        ids = index_array(given.pop("id"))
        order = np.argsort(ids, kind="stable")
        if not np.array_equal(ids[order], table.ids):
            raise InputError(
                f"{table.aoi}: columns: id: got {len(ids)} identifiers, wanted the {len(table)} of "
                "the stack, each once"
            )
    made = (*table.table(), "geometry", "bbox")
    return {
        name: checked_column(name, values, len(table), made)[order]
        for name, values in given.items()
    }


def write_buildings_csv(path: str | os.PathLike[str], table: BuildingTable) -> None:
    """Write a table of buildings as CSV; NaN and None are empty cells, truth values 0 and 1.

    Raises:
        OSError: The file cannot be written.
    """
    columns = table.table()
    # pathlib opens with the system's line ends if it is not told.
    with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for first in range(0, len(table), _ROWS):
            some = (values[first : first + _ROWS] for values in columns.values())
            writer.writerows(zip(*map(_cells, some), strict=True))


def _cells(values: NDArray[Any]) -> list[Any]:
    cells: list[Any] = (values.astype(int) if values.dtype.kind == "b" else values).tolist()
    if values.dtype.kind == "f":
        return [None if value != value else value for value in cells]
    return cells


def write_buildings_parquet(path: str | os.PathLike[str], table: BuildingTable) -> None:
    """Write a table of buildings as GeoParquet 1.1: its columns, and the centroid as a point.

    Raises:
        InputError: PROJ does not understand the CRS.
        MissingDependencyError: pyarrow or pyproj is not installed.
        OSError: The file cannot be written.
    """
    pa = require("pyarrow", extra="vector")
    columns = table.table()
    crs = table.grid.crs if table.grid is not None else None
    x, y = (columns[name] for name in (("x_px", "y_px") if crs is None else ("x", "y")))
    fields = [pa.field(name, pa.float64(), nullable=False) for name in "xy"]
    points = [pa.array(np.ascontiguousarray(values)) for values in (x, y)]
    mask = pa.array(np.isnan(x))
    bounds = np.stack([x, y, x, y], axis=1)
    arrays = {name: plain_column(values) for name, values in columns.items()}
    arrays["geometry"] = pa.StructArray.from_arrays(points, fields=fields, mask=mask)
    arrays["bbox"] = bbox_column(bounds)
    geo = geometry_metadata("point", ["Point"], crs, bounds)
    about = {"version": 1, "aoi": table.aoi, "months": table.months}
    write_table(
        path,
        arrays,
        {"geo": geo, "sn7fast_buildings": about},
        repetitive=["aoi", "first_seen", "last_seen"],
    )
