"""Synthetic buildings: houses in rows along streets, in districts of different directions.

A frame is cut into districts by lines at irregular distances. Each district has its own direction;
in its turned frame, rows of houses stand back to back in pairs with a street between the pairs, so
houses never overlap. Of all the places for houses, those nearest to a few towns are built on.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sn7fast.data.fields import value_noise
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints

# Log-normal with median 11 px2 and mean 15 px2.
_MEDIAN_AREA_PX = 11.0
_AREA_SIGMA = 0.788
_MAX_AREA_PX = 400.0
_MAX_DEPTH_PX = 7.0
_GAPS_PX = (0.0, 0.0, 0.3, 0.7, 1.0, 1.0, 1.5, 2.0)

# (n, 6, 2): six corners of each house, the second and the last at the ends of a diagonal. Those in
# between are equal where it is a rectangle.
_Corners = NDArray[np.float64]


def settle(rng: np.random.Generator, shape_yx: tuple[int, int], count: int) -> _Corners:
    """Corners of ``count`` houses in pixel units, in the order in which the towns grow.

    Returns:
        float64 (count, 6, 2), x and y, in hundredths of a pixel.

    Raises:
        InputError: The frame has no room for so many.
    """
    houses = np.concatenate([_district(rng, cell, shape_yx) for cell in _cells(rng, shape_yx)])
    if len(houses) < count:
        raise InputError(
            f"buildings: got {count}, wanted at most {len(houses)} "
            f"for {shape_yx[0]} x {shape_yx[1]} px"
        )
    centres = middles(houses)
    # Few towns of unequal size, with ragged edges, and some houses far from any.
    towns = int(rng.integers(4, 8))
    heights = rng.uniform(0.75, 1, towns)
    widths = rng.uniform(0.1, 0.3, towns) * max(shape_yx)
    places = rng.uniform(0.1, 0.9, (towns, 2)) * (shape_yx[1], shape_yx[0])
    squared = ((centres[:, None] - places) ** 2).sum(axis=2)
    appeal = (heights * np.exp(-squared / (2 * widths**2))).max(axis=1)
    fringe = value_noise(rng, shape_yx, cell_px=max(shape_yx) / 7, octaves=3)
    appeal += 0.3 * fringe[centres[:, 1].astype(int), centres[:, 0].astype(int)]
    appeal += 0.02 * rng.standard_normal(len(houses))
    appeal[rng.random(len(houses)) < 0.02 * count / len(houses)] += 1
    return houses[np.argsort(-appeal, kind="stable")[:count]]


def middles(corners: _Corners) -> NDArray[np.float64]:
    """float64 (n, 2): middles of the rectangles of which the houses are all or most."""
    middle: NDArray[np.float64] = (corners[:, 1] + corners[:, 5]) / 2
    return middle


def as_footprints(corners: _Corners) -> Footprints:
    """Closed rings of the corners, less repeated ones."""
    closed = np.concatenate([corners, corners[:, :1]], axis=1)
    kept = np.ones(closed.shape[:2], bool)
    kept[:, 1:] = (closed[:, 1:] != closed[:, :-1]).any(axis=2)
    starts = np.zeros(len(corners) + 1, np.int32)
    np.cumsum(kept.sum(axis=1), out=starts[1:])
    return Footprints(closed[kept], starts, np.arange(len(corners) + 1, dtype=np.int32))


def _cells(
    rng: np.random.Generator, shape_yx: tuple[int, int]
) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of the districts; those at the edge reach beyond the frame."""

    def cuts(length: int) -> list[float]:
        inner = np.cumsum(rng.uniform(90, 170, length // 90 + 1))
        return [-8.0, *inner[inner < length - 60].tolist(), length + 8.0]

    ys, xs = cuts(shape_yx[0]), cuts(shape_yx[1])
    return [
        (left, top, right, bottom) for top, bottom in pairwise(ys) for left, right in pairwise(xs)
    ]


def _district(
    rng: np.random.Generator,
    cell: tuple[float, float, float, float],
    shape_yx: tuple[int, int],
) -> _Corners:
    """The houses of one district."""
    left, top, right, bottom = cell
    reach = float(np.hypot(right - left, bottom - top)) / 2
    rows = []
    v = -reach
    while v < reach:
        for _ in range(2):
            row, depth = _row(rng, reach)
            row[..., 1] += v
            rows.append(row)
            v += depth + rng.choice(_GAPS_PX)
        v += rng.uniform(2, 5)
    houses = np.concatenate(rows)
    houses = houses[rng.random(len(houses)) < rng.uniform(0.7, 1)]
    angle = rng.uniform(0, np.pi / 2)
    u, v_axis = houses[..., 0], houses[..., 1]
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    x = middle_x + u * np.cos(angle) - v_axis * np.sin(angle)
    y = middle_y + u * np.sin(angle) + v_axis * np.cos(angle)
    # A pixel of distance to the next district, so that rounding makes no overlap.
    inside = ((x > left + 1) & (x < right - 1) & (y > top + 1) & (y < bottom - 1)).all(axis=1)
    centre_x, centre_y = middles(np.stack([x, y], axis=2)).T
    for centre, length in ((centre_x, shape_yx[1]), (centre_y, shape_yx[0])):
        inside &= (centre > 0.1) & (centre < length - 0.1)
    corners: _Corners = np.round(np.stack([x, y], axis=2)[inside], 2)
    return corners


def _row(rng: np.random.Generator, reach: float) -> tuple[_Corners, float]:
    """Houses along a street from u = -reach to reach, with fronts at v = 0, and their depth."""
    count = int(reach)
    areas = _MEDIAN_AREA_PX * np.exp(_AREA_SIGMA * rng.standard_normal(count))
    areas = np.clip(areas, 1.5, _MAX_AREA_PX)
    # Some of the larger houses are L-shaped: a corner is cut off, and the rest is larger.
    is_angled = (areas > 9) & (rng.random(count) < 0.3)
    cut_u, cut_v = np.where(is_angled, rng.uniform(0.3, 0.6, (2, count)), 0.0)
    boxes = areas / (1 - cut_u * cut_v)
    depths = np.minimum(np.sqrt(boxes * np.exp(0.25 * rng.standard_normal(count))), _MAX_DEPTH_PX)
    widths = boxes / depths
    gaps = rng.choice(_GAPS_PX, count)
    gaps += np.where(rng.random(count) < 0.08, rng.uniform(3, 8, count), 0)
    starts = np.cumsum(widths + gaps) - widths - gaps - reach
    kept = starts + widths < reach
    start, width, depth = starts[kept], widths[kept], depths[kept]
    end = start + width
    inner_u, inner_v = end - cut_u[kept] * width, depth * (1 - cut_v[kept])
    zero = np.zeros_like(start)
    u = np.stack([start, end, end, inner_u, inner_u, start], axis=1)
    v = np.stack([zero, zero, inner_v, inner_v, depth, depth], axis=1)
    return np.stack([u, v], axis=2), float(depth.max(initial=0.0))
