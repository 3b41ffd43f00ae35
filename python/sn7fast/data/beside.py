"""What rasters beside an image or a mask say of its pixels: those of ``valid`` and ``udm``.

The whole is the window of all rows and columns, so that an area that is read in bands has the same
pixels hidden as one that is read at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.data.valid import check_fits
from sn7fast.errors import RasterError
from sn7fast.grid import Grid
from sn7fast.io.rasters import read_grid, read_mask

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sn7fast.cube import Cube
    from sn7fast.data.images import ImageEntry, ImageSettings
    from sn7fast.io.rasters import Window

# Half of a pixel: masks that lie further from their image are of other ground.
_MAX_SHIFT_PX = 0.5


def rasters_beside(entries: Sequence[ImageEntry]) -> list[Path]:
    """The ``valid`` and ``udm`` rasters that some entries of a manifest name."""
    named = (path for entry in entries for path in (entry.valid, entry.udm))
    return [path for path in named if path is not None]


def valid_beside(
    entry: ImageEntry, grid: Grid, window: Window | None = None
) -> NDArray[np.bool_] | None:
    """Which pixels the rasters beside an image call valid.

    Args:
        entry: Of a manifest. The rasters may have a last row or column more than the image.
        grid: Of the image.
        window: Rows and columns to read, inside the image; None means all.

    Returns:
        bool, of the shape of the window; None if there are no such rasters.

    Raises:
        RasterError: A raster cannot be read, does not fit the image or lies elsewhere; names it.
        MissingDependencyError: rasterio is not installed.
    """
    settings = entry.settings
    clear = None
    if entry.valid is not None:
        clear = _read(entry.valid, grid, settings, window) != 0
    if entry.udm is not None:
        udm = _read(entry.udm, grid, settings, window)
        usable = udm == 0 if settings.unusable is None else ~np.isin(udm, settings.unusable)
        clear = usable if clear is None else clear & usable
    return clear


def without_hidden(
    cube: Cube,
    entries: Sequence[ImageEntry],
    window: Window | None = None,
    grid: Grid | None = None,
) -> Cube:
    """A cube in which what the rasters beside its frames call hidden is hidden, too.

    Args:
        cube: Of the frames, or of a window of them.
        entries: One for each month; or none, and nothing is hidden.
        window: Which rows and columns of all pixels, at the resolution of the frames, the cube
            holds; None means all.
        grid: Of all of the image; None means that of the cube.

    Raises:
        RasterError: As `valid_beside`.
    """
    if not rasters_beside(entries):
        return cube
    _, height, width = cube.prob.shape
    (top, _), (left, _) = window or ((0, height), (0, width))
    scale = cube.scale
    grid = grid or cube.grid or Grid((height // scale, width // scale))
    rows, columns = (
        (first // scale, -(-(first + count) // scale))
        for first, count in ((top, height), (left, width))
    )
    inside = np.s_[top - rows[0] * scale :, left - columns[0] * scale :]
    valid = np.ones(cube.prob.shape, bool)
    own = cube.valid_pixels()
    for month, entry in enumerate(entries):
        clear = valid_beside(entry, grid, (rows, columns))
        if clear is not None:
            every = clear.repeat(scale, axis=0).repeat(scale, axis=1) if scale > 1 else clear
            valid[month] = every[inside][:height, :width]
        if own is not None:
            valid[month] &= own[month]
    return replace(cube, valid=valid)


def _read(path: Path, grid: Grid, settings: ImageSettings, window: Window | None) -> NDArray[Any]:
    """A mask of the same pixels as the image, or as the window of it."""
    rows, columns = grid.shape_yx
    window = window or ((0, rows), (0, columns))
    check_fits(read_grid(path).shape_yx, grid.shape_yx, path)
    mask, own = read_mask(path, band=settings.mask_band, window=window)
    if grid.crs is not None and own.crs is not None:
        if own.crs != grid.crs:
            raise RasterError(f"{path}: is in {own.crs}, its image in {grid.crs}")
        corners = np.array([[0, 0], [columns, 0], [0, rows], [columns, rows]], float)
        shift = np.abs(grid.crs_to_px(own.px_to_crs(corners)) - corners).max()
        if shift > _MAX_SHIFT_PX:
            raise RasterError(f"{path}: lies {shift:.1f} px off its image, wanted {_MAX_SHIFT_PX}")
    return mask
