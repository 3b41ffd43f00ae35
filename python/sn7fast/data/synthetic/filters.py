"""Small linear filters of images: box, point-spread function, discs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def box_mean(field: NDArray[np.float32], radius: int) -> NDArray[np.float32]:
    """Mean over squares of side 2 * radius + 1, with the edge repeated."""
    for axis in (0, 1):
        width = [(0, 0), (0, 0)]
        width[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(field, width, mode="edge"), axis=axis, dtype=np.float64)
        length, side = field.shape[axis], 2 * radius + 1
        after, before = np.arange(side, side + length), np.arange(length)
        means = (sums.take(after, axis) - sums.take(before, axis)) / side
        field = means.astype(np.float32)
    return field


def spread(
    bands: NDArray[np.float32], sigma_px: float, shift_yx: tuple[float, float]
) -> NDArray[np.float32]:
    """A Gaussian point-spread function, moved by less than a pixel; the edge is repeated.

    Args:
        bands: float32 (bands, rows, columns).
        sigma_px: Standard deviation.
        shift_yx: By how much the content moves, towards larger rows and columns.
    """
    reach = int(np.ceil(3 * sigma_px)) + 1
    offsets = np.arange(-reach, reach + 1)
    for axis, shift in zip((1, 2), shift_yx, strict=True):
        weights = np.exp(-((offsets - shift) ** 2) / (2 * sigma_px**2))
        weights = (weights / weights.sum()).astype(np.float32)
        width = [(0, 0), (0, 0), (0, 0)]
        width[axis] = (reach, reach)
        padded = np.pad(bands, width, mode="edge")
        length = bands.shape[axis]
        # A point at x comes out at x + offset with the weight of that offset.
        parts = [slice(None)] * 3
        total = np.zeros_like(bands)
        for offset, weight in zip(offsets.tolist(), weights, strict=True):
            parts[axis] = slice(reach - offset, reach - offset + length)
            total += weight * padded[tuple(parts)]
        bands = total
    return bands


def discs(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    radius: NDArray[np.float64],
    shape_yx: tuple[int, int],
) -> NDArray[np.float32]:
    """float32 (rows, columns): share of each pixel under small discs, of radii up to 2 px."""
    rows, columns = shape_yx
    left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
    cover = np.zeros(rows * columns)
    for step_y in range(-2, 3):
        for step_x in range(-2, 3):
            column, row = left + step_x, top + step_y
            inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
            far = np.hypot(column + 0.5 - x, row + 0.5 - y)
            # A small disc does not fill the pixel that it lies in.
            share = np.clip(radius - far + 0.5, 0, 1) * np.minimum(1, np.pi * radius**2)
            place = (row * columns + column)[inside]
            cover += np.bincount(place, share[inside], rows * columns)
    return np.minimum(cover, 1).reshape(shape_yx).astype(np.float32)
