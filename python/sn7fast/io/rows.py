"""Stacks as one table with a row for each footprint: what all vector formats write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.io.placement import Place, by_aoi, chosen_place, placed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import ArrayLike, NDArray

    from sn7fast.stack import Stack

RESERVED = ("aoi", "month", "id", "iou", "area_m2", "area_px", "geometry", "bbox")
"""Columns that are made here or by a format."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A table of footprints.

    Attributes:
        stacks: What the rows are of, by AOI; their footprints one after the other.
        footprints: n footprints, at their place.
        columns: ``aoi``, ``month`` (objects), ``id`` (int64) and ``iou`` (float64) if the stacks
            have them, ``area_m2`` on the ground or, without a CRS, ``area_px`` (float64), then
            those that were given.
        place: Where the footprints are.
        crs: Of that place, as text, or None.
    """

    stacks: dict[str, Stack]
    footprints: Footprints
    columns: dict[str, NDArray[Any]]
    place: Place
    crs: str | None

    def __len__(self) -> int:
        return len(self.footprints)


def rows_of(
    stacks: Stack | Mapping[str, Stack],
    *,
    columns: Mapping[str, ArrayLike] | None = None,
    place: Place | None = None,
) -> Rows:
    """The table of stacks.

    Args:
        stacks: A Stack, or a Stack for each AOI name.
        columns: Further columns by name, such as ``confidence`` and flags, each of shape (n,) over
            all rows: integers, floats, truth values or texts.
        place: See `sn7fast.io.placement.chosen_place`.

    Raises:
        InputError: No stack; some stacks have ids or an IoU and others none; a column has a
            reserved name, another length or another type; the place does not suit the stacks.
        MissingDependencyError: rasterio is needed for the CRS and not installed.
    """
    named = by_aoi(stacks)
    if not named:
        raise InputError("stacks: got none, wanted at least one")
    where, crs = chosen_place(named, place)
    every = list(named.values())
    months = [np.array(stack.months, object)[stack.month_index] for stack in every]
    table: dict[str, NDArray[Any]] = {
        "aoi": np.repeat(np.array(list(named), object), [len(stack) for stack in every]),
        "month": np.concatenate(months),
    }
    for name, attribute in (("id", "ids"), ("iou", "iou")):
        values = [getattr(stack, attribute) for stack in every]
        given = [column is not None for column in values]
        if any(given) and not all(given):
            aois = list(named)
            raise InputError(
                f"stacks: {aois[given.index(True)]} has {attribute} and "
                f"{aois[given.index(False)]} has none, wanted them in all or in none"
            )
        if all(given):
            table[name] = np.concatenate(values)
    on_ground = all(stack.grid is not None and stack.grid.crs is not None for stack in every)
    areas = [
        stack.grid.ground_area_m2(stack.footprints)
        if on_ground and stack.grid is not None
        else stack.footprints.areas
        for stack in every
    ]
    table["area_m2" if on_ground else "area_px"] = np.concatenate(areas)
    footprints = Footprints.concatenate([placed(stack, where) for stack in every])
    for name, column in (columns or {}).items():
        table[name] = checked_column(name, column, len(footprints))
    return Rows(named, footprints, table, where, crs)


def checked_column(
    name: str, values: ArrayLike, count: int, reserved: Collection[str] = RESERVED
) -> NDArray[Any]:
    """A column that was given, texts as objects.

    Raises:
        InputError: A reserved name, another shape than (count,), or another type than numbers,
            truth values and texts.
    """
    if name in reserved:
        raise InputError(f"columns: got {name!r}, which is made here; wanted another name")
    array = np.asarray(values)
    if array.shape != (count,):
        raise InputError(f"columns: {name}: got shape {array.shape}, wanted ({count},)")
    texts = array.dtype.kind == "O" and all(v is None or isinstance(v, str) for v in array)
    if array.dtype.kind not in "iufbU" and not texts:
        raise InputError(
            f"columns: {name}: got {array.dtype}, wanted numbers, truth values or texts"
        )
    return array.astype(object) if array.dtype.kind == "U" else array
