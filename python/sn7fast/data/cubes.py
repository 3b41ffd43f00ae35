"""From rasters to cubes: the probabilities of an AOI in all months, and what is hidden in them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.cube import Cube
from sn7fast.data.load import load_masks, shared_grid
from sn7fast.data.valid import valid_pixels
from sn7fast.errors import InputError, RasterError, StackError
from sn7fast.io.rasters import opened, read_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sn7fast.data.catalog import AoiFiles
    from sn7fast.data.discover import Frame
    from sn7fast.grid import Grid
    from sn7fast.io.rasters import Window


_CORNER = ((0, 1), (0, 1))


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
    _check_kind(frames[0], masks[0].dtype)
    prob, hidden = _probabilities(masks, [_nodata(frame) for frame in frames])
    if prob.dtype == np.uint8 and prob.size and prob.max() == 1:
        prob *= 255
    months = tuple(frame.month for frame in frames)
    valid = _valid(prob, frames, hidden, scale, images)
    return Cube(prob, months, valid, scale, _native(frames[0], grid, scale))


class MonthlyRasters:
    """The rasters of one AOI on disk, of which some rows and columns can be read.

    Attributes:
        grid: Of the image.
        scale: Pixels of the rasters along one of the image.
        is_uint8: Whether cubes are uint8; else they are float32.

    Args:
        frames: As in `load_cube`.
        scale: As in `load_cube`.

    Raises:
        RasterError: A file cannot be read.
        StackError: The files differ in shape, type or place, or do not fit the scale.
        MissingDependencyError: rasterio is not installed.
    """

    def __init__(self, frames: Sequence[Frame], scale: int) -> None:
        self._frames, self.scale = frames, scale
        corners, grids = zip(*(read_mask(f.path, window=_CORNER) for f in frames), strict=True)
        # Of the type and shape of the masks, without their pixels.
        like = [
            np.broadcast_to(corner.ravel()[:1].reshape(1, 1), grid.shape_yx)
            for corner, grid in zip(corners, grids, strict=True)
        ]
        grid = shared_grid(frames, like, grids)
        _check_kind(frames[0], corners[0].dtype)
        self.grid = _native(frames[0], grid, scale)
        self.is_uint8 = corners[0].dtype in (np.bool_, np.uint8)
        self._nodata = [_nodata(frame) for frame in frames]
        self._factor: int | None = None if self.is_uint8 else 1

    def read(self, window: Window) -> Cube:
        """The part of the cube that `load_cube` gives, without a grid.

        Raises:
            RasterError: A file cannot be read, or its values cannot be probabilities.
        """
        masks = [read_mask(frame.path, window=window)[0] for frame in self._frames]
        prob, hidden = _probabilities(masks, self._nodata)
        if prob.dtype == np.uint8:
            prob *= self._scaled(prob)
        months = tuple(frame.month for frame in self._frames)
        return Cube(prob, months, _valid(prob, self._frames, hidden, self.scale, None), self.scale)

    def only(self, month: int) -> MonthlyRasters:
        """The rasters of one month, by its position."""
        if self._factor is None:
            self._factor = 1 if self._has_levels() else 255
        one = copy.copy(self)
        one._frames, one._nodata = [self._frames[month]], [self._nodata[month]]
        return one

    def _scaled(self, prob: NDArray[Any]) -> np.uint8:
        """What masks are multiplied by: if no value of all months is above 1, by 255."""
        if self._factor is None:
            above = prob.size and prob.max() > 1
            self._factor = 1 if above or self._has_levels() else 255
        return np.uint8(self._factor)

    def _has_levels(self) -> bool:
        """True if some value of the rasters is above 1 and does not stand for no data."""
        has_one = False
        for frame, nodata in zip(self._frames, self._nodata, strict=True):
            with opened(frame.path) as dataset:
                for _, window in dataset.block_windows(1):
                    values = dataset.read(1, window=window)
                    known = values[values != nodata] if nodata else values
                    most = known.max() if known.size else 0
                    if most > 1:
                        return True
                    has_one |= bool(most)
        return not has_one


def _check_kind(frame: Frame, kind: np.dtype[Any]) -> None:
    if kind.name not in ("bool", "uint8", "uint16", "float32", "float64"):
        raise RasterError(
            f"{frame.path}: got {kind}, wanted masks or probabilities as bool, uint8, uint16, "
            "float32 or float64"
        )


def _probabilities(
    masks: list[NDArray[Any]], nodata: Sequence[float | None]
) -> tuple[NDArray[Any], list[NDArray[np.bool_] | None]]:
    """Masks as uint8 or float32, and for each month where there is no data; empties ``masks``."""
    kind = masks[0].dtype
    dtype = np.uint8 if kind.name in ("bool", "uint8") else np.float32
    prob: NDArray[Any] = np.empty((len(masks), *masks[0].shape), dtype)
    hidden: list[NDArray[np.bool_] | None] = []
    for index, nothing in enumerate(nodata):
        mask = masks[index]
        hidden.append(mask == nothing if nothing else None)
        prob[index] = mask / np.float32(65535) if kind == np.uint16 else mask
        if hidden[-1] is not None:
            prob[index][hidden[-1]] = 0
        # Only one month is in memory twice.
        masks[index] = mask[:0]
    return prob, hidden


def _nodata(frame: Frame) -> float | None:
    with opened(frame.path) as dataset:
        nodata: float | None = dataset.nodata
    return None if nodata is None or np.isnan(nodata) else nodata


def _native(frame: Frame, grid: Grid, scale: int) -> Grid:
    """The grid of the image, of which the rasters are an enlargement."""
    try:
        return grid.reduced(scale)
    except InputError as error:
        raise StackError(f"{frame.path}: {error}") from None


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
