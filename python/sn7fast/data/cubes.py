"""From rasters to cubes: the probabilities of an AOI in all months, and what is hidden in them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.cube import Cube
from sn7fast.data.load import load_masks
from sn7fast.data.valid import valid_pixels
from sn7fast.errors import InputError, RasterError, StackError
from sn7fast.io.rasters import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sn7fast.data.catalog import AoiFiles
    from sn7fast.data.discover import Frame
    from sn7fast.grid import Grid


def load_cube(frames: Sequence[Frame], *, scale: int = 1, images: AoiFiles | None = None) -> Cube:
    """Read the probabilities or masks of one AOI.

    uint8 is taken from 0 to 255, or as masks if no value is above 1; uint16 from 0 to 65535; floats
    from 0 to 1. Hidden are NaN and nodata (but for a nodata of 0, which masks have for what is no
    building), and what the images say is.

    Args:
        frames: Raster files in time order, at least one.
        scale: Pixels of the rasters along one pixel of the image, 1 to 4.
        images: Files of the AOI whose masked images, alpha bands or UDM rasters tell what is
            hidden.

    Returns:
        Cube, uint8 for masks and bytes, else float32.

    Raises:
        RasterError: A file cannot be read, or its values cannot be probabilities.
        StackError: The files differ in shape, type or place, do not fit the scale, or the images
            lack a month or have another shape.
        MissingDependencyError: rasterio is not installed.
    """
    masks, grid = load_masks(frames)
    kind = masks[0].dtype
    if kind.name not in ("bool", "uint8", "uint16", "float32", "float64"):
        raise RasterError(
            f"{frames[0].path}: got {kind}, wanted masks or probabilities as bool, uint8, uint16, "
            "float32 or float64"
        )
    dtype = np.uint8 if kind.name in ("bool", "uint8") else np.float32
    prob: NDArray[Any] = np.empty((len(masks), *masks[0].shape), dtype)
    hidden: list[NDArray[np.bool_] | None] = []
    for index, frame in enumerate(frames):
        mask = masks[index]
        nodata = _nodata(frame)
        hidden.append(mask == nodata if nodata else None)
        prob[index] = mask / np.float32(65535) if kind == np.uint16 else mask
        if hidden[-1] is not None:
            prob[index][hidden[-1]] = 0
        # Only one month is in memory twice.
        masks[index] = mask[:0]
    if dtype is np.uint8 and prob.size and prob.max() == 1:
        prob *= 255
    months = tuple(frame.month for frame in frames)
    valid = _valid(prob, frames, hidden, scale, images)
    return Cube(prob, months, valid, scale, _native(frames[0], grid, scale))


def _nodata(frame: Frame) -> float | None:
    with opened(frame.path) as dataset:
        nodata: float | None = dataset.nodata
    return None if nodata is None or np.isnan(nodata) else nodata


def _native(frame: Frame, grid: Grid, scale: int) -> Grid:
    """The grid of the image, of which the rasters are an enlargement."""
    rows, columns = grid.shape_yx
    if rows % scale or columns % scale:
        raise StackError(
            f"{frame.path}: got {rows} x {columns} (rows x columns), wanted multiples of the "
            f"scale {scale}"
        )
    a, b, c, d, e, f = grid.transform
    shape = (rows // scale, columns // scale)
    return replace(
        grid, shape_yx=shape, transform=(a * scale, b * scale, c, d * scale, e * scale, f)
    )


def _valid(
    prob: NDArray[Any],
    frames: Sequence[Frame],
    hidden: Sequence[NDArray[np.bool_] | None],
    scale: int,
    images: AoiFiles | None,
) -> NDArray[np.bool_] | None:
    if images is None and all(mask is None for mask in hidden):
        return None
    valid = np.ones(prob.shape, bool)
    for index, frame in enumerate(frames):
        mask = hidden[index]
        if mask is not None:
            valid[index] &= ~mask
        if images is not None:
            valid[index] &= _of_image(images, frame, prob.shape[1:], scale)
    return valid


def _of_image(
    images: AoiFiles, frame: Frame, shape_yx: tuple[int, ...], scale: int
) -> NDArray[np.bool_]:
    try:
        files = images[frame.month]
    except InputError as error:
        raise StackError(f"{frame.path}: its image is missing: {error}") from error
    clear = valid_pixels(files).repeat(scale, axis=0).repeat(scale, axis=1)
    if clear.shape != shape_yx:
        raise StackError(
            f"{frame.path}: got {shape_yx[0]} x {shape_yx[1]} (rows x columns), its image at scale "
            f"{scale} has {clear.shape[0]} x {clear.shape[1]}"
        )
    return clear
