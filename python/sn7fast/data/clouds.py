"""What clouds leave of a whole stack, from the files of SpaceNet 7."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast.data.valid import fitted, valid_pixels
from sn7fast.errors import StackError
from sn7fast.io.rasters import read_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sn7fast.data.catalog import AoiFiles, MonthFiles
    from sn7fast.io.rasters import Window


def valid_stack(
    aoi: AoiFiles, months: Sequence[str], *, shape_yx: tuple[int, int] | None = None
) -> NDArray[np.bool_] | None:
    """The valid pixels of all months.

    Those of a month as `valid_pixels` has them; without an image, those that the UDM raster does
    not call unusable. A month without any of these files is clear: SpaceNet 7 has UDM rasters for
    months with clouds only.

    Args:
        aoi: The files.
        months: T labels.
        shape_yx: Rows and columns, one less than in the files at most; None means as in the files.

    Returns:
        bool (T, rows, columns), or None if no month has any of these files.

    Raises:
        StackError: The months differ in shape.
        RasterError: A file cannot be read or has another shape.
        MissingDependencyError: rasterio is not installed.
    """
    files = {month.month: month for month in aoi.months}
    found = {month: _fitted(files[month], shape_yx) for month in months if month in files}
    seen = {month: valid for month, valid in found.items() if valid is not None}
    if not seen:
        return None
    shapes = {valid.shape: month for month, valid in seen.items()}
    if len(shapes) > 1:
        (one, first), (other, second) = list(shapes.items())[:2]
        raise StackError(
            f"{aoi.name}: valid pixels differ in shape: {one[0]} x {one[1]} in month {first}, "
            f"{other[0]} x {other[1]} (rows x columns) in month {second}"
        )
    (shape,) = shapes
    return np.stack([seen.get(month, np.ones(shape, bool)) for month in months])


def valid_month(files: MonthFiles, window: Window | None = None) -> NDArray[np.bool_]:
    """The valid pixels of a month that has an image or a UDM raster; see `valid_stack`.

    Args:
        files: Of the month.
        window: Rows and columns to read; None means all.

    Raises:
        InputError: There is neither.
        RasterError: A file cannot be read or has another shape.
        MissingDependencyError: rasterio is not installed.
    """
    if files.best_image is None and files.udm_mask is not None:
        clear: NDArray[np.bool_] = read_mask(files.udm_mask, window=window)[0] == 0
        return clear
    return valid_pixels(files, window)


def _fitted(files: MonthFiles, shape_yx: tuple[int, int] | None) -> NDArray[np.bool_] | None:
    path = files.best_image or files.udm_mask
    if path is None:
        return None
    valid = valid_month(files)
    return valid if shape_yx is None else fitted(valid, shape_yx, path)
