"""Change maps: when each pixel was built up, and what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.io.cog import write_cog
from sn7fast.rasterize import rasterize

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from sn7fast.grid import Grid
    from sn7fast.stack import Stack

NOTHING, LASTING, APPEARED, VANISHED, BOTH = range(5)
"""Classes of change: no building; one in the first and the last month; one that came; one that
went; one that came and went."""

_CLASSES = {
    NOTHING: "no building",
    LASTING: "building from the first to the last month",
    APPEARED: "building appeared",
    VANISHED: "building vanished",
    BOTH: "building appeared and vanished",
}


@dataclass(frozen=True, slots=True, eq=False)
class ChangeMap:
    """Months of the buildings, by pixel.

    Attributes:
        months: Labels of all T months.
        first_month: uint8 (uint16 from 256 months on) (rows, columns): number from 1 of the month
            in which the building here was first seen, the earliest where several overlap, 0 where
            there is none.
        last_month: The same for the month in which it was last seen, the latest of several.
        grid: Where the pixels lie, or None.
    """

    months: tuple[str, ...]
    first_month: NDArray[np.uint8] | NDArray[np.uint16]
    last_month: NDArray[np.uint8] | NDArray[np.uint16]
    grid: Grid | None = None

    @property
    def change(self) -> NDArray[np.uint8]:
        """uint8 (rows, columns): `NOTHING`, `LASTING`, `APPEARED`, `VANISHED` or `BOTH`."""
        built = self.first_month > 0
        came = built & (self.first_month > 1)
        went = built & (self.last_month < len(self.months))
        return (built + came.astype(np.uint8) + 2 * went.astype(np.uint8)).astype(np.uint8)


def change_map(stack: Stack, shape_yx: tuple[int, int] | None = None) -> ChangeMap:
    """When the pixels of a stack were built up.

    A tracked building counts as one: all pixels that any of its footprints covers get the first and
    the last month of the building, so that outlines that flicker make no change. Without ids each
    footprint stands for itself.

    Args:
        stack: Footprints, with ids as a rule.
        shape_yx: Rows and columns; None takes those of the grid.

    Raises:
        InputError: There is neither a grid nor a shape, or the two differ.
    """
    strips = _Strips(stack, shape_yx)
    _, rows, _ = strips.shape
    first, last = strips.months_of(0, rows)
    return ChangeMap(stack.months, first, last, stack.grid)


def write_change_map(
    path: str | os.PathLike[str], stack: Stack, shape_yx: tuple[int, int] | None = None
) -> None:
    """Write the change map of a stack as a COG: first_month, last_month, change; 0 is no data.

    It is made 512 rows at a time, so that a large one needs little memory. The labels of the months
    and the names of the classes are tags of the file, as JSON.

    Args:
        path: File to write. It is replaced only once everything is written.
        stack: As `change_map`.
        shape_yx: As `change_map`.

    Raises:
        InputError: As `change_map`.
        MissingDependencyError: rasterio is not installed.
        OSError: The file cannot be written.
    """
    write_cog(
        path,
        _Strips(stack, shape_yx),
        stack.grid,
        names=("first_month", "last_month", "change"),
        tags={"months": json.dumps(stack.months), "classes": json.dumps(_CLASSES)},
        nodata=0,
    )


class _Strips:
    """The bands of a change map, made when rows are asked for; see `sn7fast.io.cog.Bands`."""

    def __init__(self, stack: Stack, shape_yx: tuple[int, int] | None) -> None:
        if shape_yx is None:
            if stack.grid is None:
                raise InputError(
                    f"{stack.aoi}: shape_yx: got None and no grid, wanted one of the two"
                )
            shape_yx = stack.grid.shape_yx
        elif stack.grid is not None and tuple(shape_yx) != stack.grid.shape_yx:
            raise InputError(f"shape_yx: got {shape_yx}, the grid has {stack.grid.shape_yx}")
        count = len(stack.months)
        self.shape = (3, *shape_yx)
        self.dtype = np.dtype(np.uint8 if count <= np.iinfo(np.uint8).max else np.uint16)
        self._stack = stack
        # Of the building that each footprint belongs to.
        self._first = self._last = stack.month_index
        if stack.ids is not None:
            buildings, row = np.unique(stack.ids, return_inverse=True)
            firsts, lasts = np.full(len(buildings), count), np.full(len(buildings), -1)
            np.minimum.at(firsts, row, self._first)
            np.maximum.at(lasts, row, self._last)
            self._first, self._last = firsts[row], lasts[row]
        bounds = stack.footprints.bounds
        self._top, self._bottom = bounds[:, 1], bounds[:, 3]

    def months_of(self, top: int, bottom: int) -> NDArray[Any]:
        """(2, bottom - top, columns): numbers of the first and the last months of some rows."""
        # Rows are counted from the top of the strip, which costs no digits: they get smaller.
        here = np.flatnonzero((self._top < bottom) & (self._bottom > top))
        found = self._stack.footprints[here]
        found = Footprints(found.coords - (0, top), *found.arrays[1:])
        shape = (bottom - top, self.shape[2])
        months = np.zeros((2, *shape), self.dtype)
        count = len(self._stack.months)
        # What is burnt later wins: the earliest of the first months, the latest of the last ones.
        for month in range(count):
            for band, when in ((0, count - 1 - month), (1, month)):
                of_building = (self._first, self._last)[band][here]
                chosen = np.flatnonzero(of_building == when)
                if len(chosen):
                    months[band][rasterize(found[chosen], shape) > 0] = when + 1
        return months

    def __getitem__(self, key: tuple[slice, slice]) -> NDArray[Any]:
        """All bands of some rows."""
        top, bottom, _ = key[1].indices(self.shape[1])
        first, last = self.months_of(top, bottom)
        change = ChangeMap(self._stack.months, first, last).change
        return np.stack([first, last, change.astype(self.dtype)])
