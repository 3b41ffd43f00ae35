"""Stacks as GeoDataFrames, and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.io.rows import rows_of
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas
    from numpy.typing import ArrayLike, NDArray

    from sn7fast.grid import Grid
    from sn7fast.io.placement import Place

# With a day where an area has several images a month.
_MONTH = re.compile(r"\d{4}_\d{2}(_\d{2})?", re.ASCII)


def to_geopandas(
    stacks: Stack | Mapping[str, Stack],
    *,
    columns: Mapping[str, ArrayLike] | None = None,
    place: Place | None = None,
) -> geopandas.GeoDataFrame:
    """A GeoDataFrame with one row a footprint; arguments and columns as `write_parquet`.

    Raises:
        InputError: As `write_parquet`.
        MissingDependencyError: geopandas is not installed.
    """
    frame = require("geopandas", extra="vector").GeoDataFrame
    rows = rows_of(stacks, columns=columns, place=place)
    return frame(rows.columns, geometry=rows.footprints.to_shapely(), crs=rows.crs)


def from_geopandas(
    frame: geopandas.GeoDataFrame,
    *,
    aoi: str | None = None,
    grid: Grid | None = None,
    months: Sequence[str] | None = None,
    month: str = "month",
    id: str = "id",
    iou: str = "iou",
) -> Stack:
    """The stack of a GeoDataFrame with one row a footprint.

    Args:
        frame: Polygons and multipolygons. With a CRS they need a grid, which brings them to its
            pixels (from another CRS too); without one they are in pixels.
        aoi: Name of the area; None takes the one that the column ``aoi`` holds.
        grid: Where the pixels lie on the ground.
        months: All months, those without footprints too; None means those of the frame, in order.
        month: Column of labels such as ``2018_01``.
        id: Column of whole numbers; the stack has no ids if it is not there.
        iou: Column of numbers; the stack has no IoU if it is not there.

    Returns:
        The rows in order of months, those of a month as they come.

    Raises:
        InputError: A column is missing or holds something else; there are several areas; a CRS
            without a grid or a grid that has none.
        StackError: A month is repeated in ``months``, or a row has one that is not there.
        GeometryError: A geometry is null, no polygon, or cannot be used.
    """
    if month not in frame:
        raise InputError(f"month: got {month!r}, wanted one of {', '.join(map(str, frame))}")
    if aoi is None:
        names = sorted(set(frame["aoi"].tolist())) if "aoi" in frame else []
        if len(names) != 1:
            raise InputError(f"aoi: got None and {len(names)} areas in the frame, wanted one")
        aoi = str(names[0])
    labels = frame[month].tolist()
    odd = next((m for m in labels if not isinstance(m, str) or not _MONTH.fullmatch(m)), None)
    if odd is not None:
        raise InputError(f"month: got {odd!r}, wanted labels such as 2018_01")
    known = tuple(sorted(set(labels)) if months is None else months)
    missing = next((label for label in labels if label not in known), None)
    if missing is not None:
        raise InputError(f"months: got rows of {missing}, wanted it among the months")
    index = np.array([known.index(label) for label in labels], np.int64)
    order = np.argsort(index, kind="stable")
    return Stack(
        aoi,
        known,
        _in_pixels(frame, grid)[order],
        np.concatenate([[0], np.cumsum(np.bincount(index, minlength=len(known)))]),
        _numbers(frame, id, "iu", order),
        _numbers(frame, iou, "iuf", order),
        grid,
    )


def _in_pixels(frame: geopandas.GeoDataFrame, grid: Grid | None) -> Footprints:
    if frame.crs is None:
        return Footprints.from_geopandas(frame)
    if grid is None or grid.crs is None:
        raise InputError(
            f"grid: got {'None' if grid is None else 'one without a CRS'} for a frame in "
            f"{frame.crs.to_string()}, wanted a grid with a CRS"
        )
    return grid.crs_to_px(Footprints.from_geopandas(frame.geometry.to_crs(grid.crs)))


def _numbers(
    frame: geopandas.GeoDataFrame, name: str, kinds: str, order: NDArray[np.int64]
) -> NDArray[Any] | None:
    """A column in another order, or None if the frame has no such column."""
    if name not in frame:
        return None
    values: NDArray[Any] = frame[name].to_numpy()
    if values.dtype.kind not in kinds and len(values):
        wanted = "numbers" if "f" in kinds else "whole numbers"
        raise InputError(f"{name}: got a column of {values.dtype}, wanted {wanted}")
    return values[order]
