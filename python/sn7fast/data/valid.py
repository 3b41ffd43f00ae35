"""Which pixels of an image are valid: not under cloud, not outside the mosaic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn7fast.errors import InputError, RasterError
from sn7fast.io.rasters import opened, read_grid, read_mask

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from sn7fast.data.catalog import MonthFiles
    from sn7fast.io.rasters import Window

_ALPHA = 4


def valid_pixels(files: MonthFiles, window: Window | None = None) -> NDArray[np.bool_]:
    """The valid pixels of one month of SpaceNet 7.

    Those of the masked image with alpha above 0; if it has no alpha, those that are not black in
    all bands. Without a masked image, those of the image with alpha above 0 that the UDM raster
    does not call unusable. There is a UDM raster only for months that have unusable pixels, so
    without one the alpha alone decides; an image without alpha or UDM cannot be decided.

    Args:
        files: A month with an image.
        window: Rows and columns to read, inside the image; None means all.

    Returns:
        bool (rows, columns), of the shape of the masked image, else of the image; or of the window.

    Raises:
        InputError: There is no image.
        RasterError: A file cannot be read or does not fit the image, or there is no source.
        MissingDependencyError: rasterio is not installed.
    """
    if files.image_masked is not None:
        with opened(files.image_masked) as dataset:
            if dataset.count < _ALPHA:
                return _some(dataset.read(window=window))
            return _some(dataset.read([_ALPHA], window=window))
    if files.image is None:
        raise InputError(f"{files.aoi}: month {files.month} has no image")
    with opened(files.image) as dataset:
        shape_yx = dataset.shape
        alpha = None
        if dataset.count >= _ALPHA:
            alpha = _some(dataset.read([_ALPHA], window=window))
    if files.udm_mask is None:
        if alpha is None:
            raise RasterError(
                f"{files.image}: has no alpha band, and there is no masked image and no UDM "
                "raster: which pixels are valid cannot be told"
            )
        return alpha
    if window is None:
        clear = fitted(read_mask(files.udm_mask)[0] == 0, shape_yx, files.udm_mask)
    else:
        check_fits(read_grid(files.udm_mask).shape_yx, shape_yx, files.udm_mask)
        clear = read_mask(files.udm_mask, window=window)[0] == 0
    return clear if alpha is None else clear & alpha


def fitted(mask: NDArray[np.bool_], shape_yx: tuple[int, int], path: Path) -> NDArray[np.bool_]:
    """The mask without its last row or column where it has one more than the image.

    Those of SpaceNet 7 have 1024 even where the image has 1023; the first pixel is the same.

    Raises:
        RasterError: The shapes differ by more.
    """
    check_fits(mask.shape, shape_yx, path)
    rows, columns = shape_yx
    return mask[:rows, :columns]


def check_fits(mask_yx: tuple[int, ...], shape_yx: tuple[int, int], path: Path) -> None:
    """A mask of so many rows and columns is one of the image; see `fitted`.

    Raises:
        RasterError: It is not.
    """
    rows, columns = shape_yx
    if not (0 <= mask_yx[0] - rows <= 1 and 0 <= mask_yx[1] - columns <= 1):
        raise RasterError(
            f"{path}: got {mask_yx[0]} x {mask_yx[1]} (rows x columns), the image has "
            f"{rows} x {columns}; wanted the same, or one more"
        )


def _some(bands: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where some band is not 0."""
    found: NDArray[np.bool_] = (bands != 0).any(axis=0)
    return found
