"""How much of each pixel a house or its shadow covers, from 4 x 4 points in the pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

FINE = 4
"""Points along a side of a pixel."""

# Candidate points looked at in one go: some tens of MB.
_CHUNK = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points of a grid of `FINE` x `FINE` in each pixel that lie in shapes.

    Attributes:
        place: int64 (m,), row-major in the fine grid.
        shape: int64 (m,), number of the shape.
        u: float32 (m,), place within the shape along its first side, 0 to 1.
        v: float32 (m,), the same along its other side.
    """

    place: NDArray[np.int64]
    shape: NDArray[np.int64]
    u: NDArray[np.float32]
    v: NDArray[np.float32]


def points_in(corners: NDArray[np.float64], shape_yx: tuple[int, int]) -> Points:
    """The points in shapes.

    Args:
        corners: float64 (n, 6, 2) houses, rectangles that may lack a corner, or (n, 4, 2)
            parallelograms; x and y in pixels.
        shape_yx: Rows and columns of the frame, beyond which there are no points.
    """
    parts = list(_parts(corners, shape_yx))
    if not parts:
        nothing = np.empty(0, np.int64)
        return Points(nothing, nothing, np.empty(0, np.float32), np.empty(0, np.float32))
    return Points(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _parts(
    corners: NDArray[np.float64], shape_yx: tuple[int, int]
) -> Iterator[
    tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]
]:
    limit = np.array([shape_yx[1], shape_yx[0]]) * FINE
    low = np.clip(np.floor(corners.min(axis=1) * FINE), 0, limit).astype(np.int64)
    high = np.clip(np.ceil(corners.max(axis=1) * FINE), 0, limit).astype(np.int64)
    width, height = (high - low).T
    counts = width * height
    ends = np.cumsum(counts)
    origin, last = corners[:, 0], corners[:, -1]
    side, depth = corners[:, 1] - origin, last - origin
    area = side[:, 0] * depth[:, 1] - side[:, 1] * depth[:, 0]
    area = np.where(area == 0, np.inf, area)
    # Rows of the inverse: u and v of a step in x and in y.
    to_u = np.stack([depth[:, 1], -depth[:, 0]], axis=1) / area[:, None]
    to_v = np.stack([-side[:, 1], side[:, 0]], axis=1) / area[:, None]
    cut = _cut(corners, origin, to_u, to_v)
    first = 0
    while first < len(corners):
        begun = ends[first] - counts[first]
        after = max(int(np.searchsorted(ends, begun + _CHUNK, "right")), first + 1)
        which = np.repeat(np.arange(first, after), counts[first:after])
        local = np.arange(len(which)) - (ends[which] - counts[which] - begun)
        row, column = np.divmod(local, np.maximum(width[which], 1))
        column += low[which, 0]
        row += low[which, 1]
        x = (column + 0.5) / FINE - origin[which, 0]
        y = (row + 0.5) / FINE - origin[which, 1]
        u = x * to_u[which, 0] + y * to_u[which, 1]
        v = x * to_v[which, 0] + y * to_v[which, 1]
        inside = (u > 0) & (u <= 1) & (v > 0) & (v <= 1)
        inside &= (u <= cut[which, 0]) | (v <= cut[which, 1])
        place = (row * limit[0] + column)[inside]
        yield place, which[inside], u[inside].astype(np.float32), v[inside].astype(np.float32)
        first = after


def _cut(
    corners: NDArray[np.float64],
    origin: NDArray[np.float64],
    to_u: NDArray[np.float64],
    to_v: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Place (u, v) of the inner corner of an L-shape, 1 and 1 of a rectangle."""
    if corners.shape[1] == 4:
        return np.ones((len(corners), 2))
    inner = corners[:, 3] - origin
    return np.stack([(inner * to_u).sum(axis=1), (inner * to_v).sum(axis=1)], axis=1)


def to_pixels(place: NDArray[np.int64], columns: int) -> NDArray[np.int64]:
    """Row-major number of the pixel in which each point of the fine grid lies."""
    row, column = np.divmod(place, columns * FINE)
    pixel: NDArray[np.int64] = (row // FINE) * columns + column // FINE
    return pixel


def share_of_pixels(place: NDArray[np.int64], shape_yx: tuple[int, int]) -> NDArray[np.float32]:
    """float32 (rows, columns): share of each pixel whose points are given."""
    rows, columns = shape_yx
    is_in = np.zeros((rows, FINE, columns, FINE), bool)
    is_in.reshape(-1)[place] = True
    share: NDArray[np.float32] = is_in.mean(axis=(1, 3), dtype=np.float32)
    return share
