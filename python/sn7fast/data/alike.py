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


def check_same_ground(
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
            f"{aoi}: {what} {_difference(one_grid, other_grid)}lie {shift:.1f} px apart on the "
            f"ground, wanted at most {_MAX_SHIFT_PX}: {files}"
        )


def _difference(one: Grid, other: Grid) -> str:
    """What is more than a shift, for a message."""
    (a, b, _, d, e, _), (p, q, _, s, t, _) = one.transform, other.transform
    sizes = np.hypot((a, p), (d, s)), np.hypot((b, q), (e, t))
    far = max(one.shape_yx)
    if max(abs(size[0] / size[1] - 1) for size in sizes) * far > _MAX_SHIFT_PX:
        pixels = [f"{sizes[0][index]:g} x {sizes[1][index]:g}" for index in (0, 1)]
        return f"differ in resolution (pixels of {pixels[0]} against {pixels[1]}) and "
    turned = np.hypot(a - p, d - s) / sizes[0][0], np.hypot(b - q, e - t) / sizes[1][0]
    return "are turned or mirrored and " if max(turned) * far > _MAX_SHIFT_PX else ""
