"""Where the pixels of a page lie on the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sn7fast.grid import Grid

# Positions are given at points so many pixels apart, and between them interpolated.
_LATTICE_PX, _LATTICE_MOST = 128, 33


def ground_of(grid: Grid, shape_yx: tuple[int, int]) -> dict[str, Any]:
    """Square metres of a pixel by row, longitude and latitude on a lattice.

    Args:
        grid: With a CRS.
        shape_yx: Rows and columns of the page.

    Raises:
        InputError: The CRS has no place on the Earth.
    """
    rows, columns = shape_yx
    y, x = (
        np.linspace(0, end, min(max(2, -(-end // _LATTICE_PX) + 1), _LATTICE_MOST))
        for end in (rows, columns)
    )
    every = np.stack(np.meshgrid(x, y), axis=2).reshape(-1, 2)
    at = np.clip(np.floor(y).astype(int), 0, grid.shape_yx[0] - 1)
    return {
        "rows": (at + 0.5).tolist(),
        "m2": grid.pixel_area_m2[at].tolist(),
        "x": x.tolist(),
        "y": y.tolist(),
        "lonLat": grid.px_to_lon_lat(every).round(10).tolist(),
    }
