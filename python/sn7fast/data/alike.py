"""Whether rasters show the same pixels: shape, CRS and place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast.errors import StackError

if TYPE_CHECKING:
    from pathlib import Path

    from sn7fast.grid import Grid

# Half of a pixel: frames that lie further apart show different ground.
_MAX_SHIFT_PX = 0.5


def check_alike(
    aoi: str, what: str, one: tuple[Path, Grid], other: tuple[Path, Grid]
) -> None:  # fmt: skip
    """Refuse two rasters of an AOI of which a pixel does not show the same ground.

    Corners may lie up to half a pixel apart, so that a grid that is turned, mirrored or stretched
    is another one. A raster without a CRS is believed to lie where the others do.

    Args:
        aoi: Name of the area.
        what: What the rasters are, such as ``masks``.
        one: Path and grid.
        other: The same.

    Raises:
        StackError: They differ; names both files.
    """
    (one_path, one_grid), (other_path, other_grid) = one, other
    files = f"{one_path} and {other_path}"
    if one_grid.shape_yx != other_grid.shape_yx:
        raise StackError(
            f"{aoi}: {what} differ in shape: {one_grid.shape_yx[0]} x {one_grid.shape_yx[1]} "
            f"against {other_grid.shape_yx[0]} x {other_grid.shape_yx[1]} (rows x columns) in "
            f"{files}"
        )
    if one_grid == other_grid or None in (one_grid.crs, other_grid.crs):
        return
    if one_grid.crs != other_grid.crs:
        raise StackError(
            f"{aoi}: {what} differ in CRS: {one_grid.crs} against {other_grid.crs} in {files}"
        )
    rows, columns = one_grid.shape_yx
    corners = np.array([[0, 0], [columns, 0], [0, rows], [columns, rows]], float)
    shift = np.abs(one_grid.crs_to_px(other_grid.px_to_crs(corners)) - corners).max()
    if shift > _MAX_SHIFT_PX:
        raise StackError(
            f"{aoi}: {what} lie {shift:.1f} px apart on the ground, wanted at most "
            f"{_MAX_SHIFT_PX}: {files}"
        )
