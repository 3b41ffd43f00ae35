"""Where footprints of stacks are written: on the map of their grid, on the globe or in pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from sn7fast.errors import InputError
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sn7fast.footprints import Footprints
    from sn7fast.grid import Grid

Place: TypeAlias = Literal["grid", "wgs84", "pixel"]

# Pixels are cut into so many parts along a side by enlargement and by rounding to decimals.
DENOMINATORS = (1, 2, 3, 4, 6, 8, 12, 10, 100, 1000, 10_000)

# Positions that came back from the map are this close to what they were; see `snapped`.
_SNAP_PX = 1e-6


def by_aoi(stacks: Stack | Mapping[str, Stack]) -> dict[str, Stack]:
    """The stacks by name; a stack alone goes by its own."""
    return {stacks.aoi: stacks} if isinstance(stacks, Stack) else dict(stacks)


def chosen_place(stacks: Mapping[str, Stack], place: Place | None) -> tuple[Place, str | None]:
    """Where to write stacks, and the CRS of that place.

    Args:
        stacks: By AOI.
        place: ``grid``, the CRS of the stacks' grids; ``wgs84``, longitude and latitude; ``pixel``,
            the pixels themselves, y pointing down; None means ``grid`` if there is a CRS, else
            ``pixel``.

    Returns:
        The place, and its CRS as text or None.

    Raises:
        InputError: An unknown place; a stack has no CRS although others have one, or it is needed;
            the grids have several CRSs (for ``grid``).
    """
    if place not in (None, "grid", "wgs84", "pixel"):
        raise InputError(f"place: got {place!r}, wanted 'grid', 'wgs84', 'pixel' or None")
    found = {aoi: stack.grid.crs if stack.grid else None for aoi, stack in stacks.items()}
    known = {aoi: crs for aoi, crs in found.items() if crs is not None}
    if place == "pixel" or (place is None and not known):
        return "pixel", None
    if len(known) < len(found):
        aoi = next(aoi for aoi in found if aoi not in known)
        raise InputError(
            f"{aoi}: got a stack without a CRS, wanted a grid with one; place='pixel' writes bare "
            "pixel coordinates"
        )
    if place == "wgs84":
        return "wgs84", "OGC:CRS84"
    if len(set(known.values())) > 1:
        one, other = list(dict.fromkeys(known.values()))[:2]
        raise InputError(
            f"stacks: got CRS {one} and {other}, wanted one for all; write them one by one, or "
            "with place='wgs84'"
        )
    return "grid", next(iter(known.values()))


def placed(stack: Stack, place: Place) -> Footprints:
    """The footprints of a stack at a place that `chosen_place` returned."""
    if place == "pixel" or stack.grid is None:
        return stack.footprints
    if place == "wgs84":
        return stack.grid.px_to_lon_lat(stack.footprints)
    return stack.grid.px_to_crs(stack.footprints)


def denominators(
    footprints: Footprints, grid: Grid, among: tuple[int, ...] = DENOMINATORS
) -> tuple[int, ...]:
    """Into how many parts a pixel can be cut so that all coordinates survive the way to the map.

    Map coordinates have fewer digits behind the point than pixel coordinates. Outlines of pixels
    are whole numbers, however, or multiples of 1/q; rounded to those they come back to the bit.

    Args:
        footprints: In pixels.
        grid: Their grid.
        among: The q that are tried, the best first.

    Returns:
        Those that fit, in the same order.
    """
    back = grid.crs_to_px(grid.px_to_crs(footprints.coords))
    return tuple(q for q in among if np.array_equal(np.round(back * q) / q, footprints.coords))


def snapped(footprints: Footprints, parts: int | None) -> Footprints:
    """Footprints with coordinates rounded to multiples of 1/``parts`` that lie within 1e-6 px."""
    if parts is None:
        return footprints
    coords = footprints.coords
    whole = np.round(coords * parts) / parts
    near = np.abs(whole - coords) <= _SNAP_PX
    return type(footprints)._trusted((np.where(near, whole, coords), *footprints.arrays[1:]))
