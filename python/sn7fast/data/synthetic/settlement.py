"""Synthetic buildings: houses in rows along streets, in districts of different directions.

A frame is cut into districts by lines at irregular distances. Each district has its own direction;
in its turned frame, rows of houses stand back to back in pairs with a street between the pairs, so
houses never overlap. Of all the places for houses, those nearest to a few towns are built on.
A `Plan` says how large and how close the houses are, and how the towns lie; a `Warp` bends the
straight streets.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sn7fast.data.synthetic.fields import value_noise
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints

if TYPE_CHECKING:
    from sn7fast.data.synthetic.warp import Warp

# (n, 6, 2): six corners of each house, the second and the last at the ends of a diagonal. Those in
# between are equal where it is a rectangle.
_Corners = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the houses of a district stand; the default is a mixture, with areas as in SpaceNet 7.

    Attributes:
        median_area_px: Median of the log-normal areas; with sigma 0.788 and 11 their mean is 15.
        area_sigma: Standard deviation of the logarithm of the areas.
        max_area_px: No house is larger (but for the corner that an L-shape lacks).
        max_depth_px: No house is deeper, seen from the street.
        gaps_px: Distances between neighbours, drawn alike.
        streets_px: Least and largest width of streets.
        filled: Least and largest share of the plots that are built on.
    """

    median_area_px: float = 11.0
    area_sigma: float = 0.788
    max_area_px: float = 400.0
    max_depth_px: float = 7.0
    gaps_px: tuple[float, ...] = (0.0, 0.0, 0.3, 0.7, 1.0, 1.0, 1.5, 2.0)
    streets_px: tuple[float, float] = (2.0, 5.0)
    filled: tuple[float, float] = (0.7, 1.0)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a frame is settled; the default is a few towns of one layout.

    Attributes:
        layouts: Each district has one of them, drawn alike.
        towns: Least and largest number of towns.
        town_sizes: Least and largest radius of a town, as a share of the longer side.
        fringe: Raggedness of the towns' edges.
        strays: Share of the houses that stand anywhere.
    """

    layouts: tuple[Layout, ...] = (Layout(),)
    towns: tuple[int, int] = (4, 7)
    town_sizes: tuple[float, float] = (0.1, 0.3)
    fringe: float = 0.3
    strays: float = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Settlement:
    """Houses in the order in which the towns grow, and what belongs to each.

    Attributes:
        corners: float64 (n, 6, 2), x and y, in hundredths of a pixel.
        fronts: float64 (n, 4, 2), the piece of street before (or behind) each house.
        district: int64 (n,), number of the district each house stands in.
        cells: Left, top, right and bottom of the districts, before the warp.
    """

    corners: _Corners
    fronts: NDArray[np.float64]
    district: NDArray[np.int64]
    cells: tuple[tuple[float, float, float, float], ...]


def settle(
    rng: np.random.Generator,
    shape_yx: tuple[int, int],
    count: int,
    plan: Plan | None = None,
    *,
    warp: Warp | None = None,
    keep_out: NDArray[np.bool_] | None = None,
    at_most: bool = False,
) -> Settlement:
    """``count`` houses, in the order in which the towns grow.

    Args:
        rng: Source of all choices.
        shape_yx: Rows and columns.
        count: How many houses.
        plan: How they stand.
        warp: Bends the streets and moves the houses with them.
        keep_out: bool (rows, columns), where no house may stand.
        at_most: Fewer are fine where there is no room.

    Raises:
        InputError: The frame has no room for so many.
    """
    plan = plan or Plan()
    cells = _cells(rng, shape_yx)
    layouts = [_choice(rng, plan.layouts) for _ in cells]
    districts = [_district(rng, *pair, shape_yx) for pair in zip(cells, layouts, strict=True)]
    houses, fronts = (np.concatenate(part) for part in zip(*districts, strict=True))
    numbers = np.repeat(np.arange(len(cells)), [len(corners) for corners, _ in districts])
    if warp is not None:
        houses, fronts = np.round(warp.bend(houses), 2), warp.bend(fronts)
    is_free = _inside(middles(houses), shape_yx)
    if keep_out is not None:
        is_free &= ~_touched(houses, keep_out)
    houses, fronts, numbers = houses[is_free], fronts[is_free], numbers[is_free]
    if len(houses) < count and not at_most:
        raise InputError(
            f"buildings: got {count}, wanted at most {len(houses)} "
            f"for {shape_yx[0]} x {shape_yx[1]} px"
        )
    centres = middles(houses)
    # Towns of unequal size, with ragged edges, and some houses far from any.
    towns = int(rng.integers(plan.towns[0], plan.towns[1] + 1))
    heights = rng.uniform(0.75, 1, towns)
    widths = rng.uniform(*plan.town_sizes, towns) * max(shape_yx)
    places = rng.uniform(0.1, 0.9, (towns, 2)) * (shape_yx[1], shape_yx[0])
    squared = ((centres[:, None] - places) ** 2).sum(axis=2)
    appeal = (heights * np.exp(-squared / (2 * widths**2))).max(axis=1, initial=0)
    fringe = value_noise(rng, shape_yx, cell_px=max(shape_yx) / 7, octaves=3)
    appeal += plan.fringe * fringe[centres[:, 1].astype(int), centres[:, 0].astype(int)]
    appeal += 0.02 * rng.standard_normal(len(houses))
    appeal[rng.random(len(houses)) < plan.strays * count / max(len(houses), 1)] += 1
    best = np.argsort(-appeal, kind="stable")[:count]
    return Settlement(houses[best], fronts[best], numbers[best], tuple(cells))


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


def _choice(rng: np.random.Generator, layouts: tuple[Layout, ...]) -> Layout:
    return layouts[0] if len(layouts) == 1 else layouts[int(rng.integers(len(layouts)))]


def _inside(points: NDArray[np.float64], shape_yx: tuple[int, int]) -> NDArray[np.bool_]:
    """Which points (n, 2) lie in the frame, not at its very edge."""
    rest = np.minimum(points, np.array([shape_yx[1], shape_yx[0]]) - points)
    inside: NDArray[np.bool_] = rest.min(axis=1) > 0.1
    return inside


def _touched(houses: _Corners, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which houses have a corner in the mask, or their middle."""
    points = np.concatenate([houses, middles(houses)[:, None]], axis=1).astype(int)
    x = points[..., 0].clip(0, mask.shape[1] - 1)
    y = points[..., 1].clip(0, mask.shape[0] - 1)
    touched: NDArray[np.bool_] = mask[y, x].any(axis=1)
    return touched


def _district(
    rng: np.random.Generator,
    cell: tuple[float, float, float, float],
    layout: Layout,
    shape_yx: tuple[int, int],
) -> tuple[_Corners, NDArray[np.float64]]:
    """The houses of one district, and the pieces of street that they have."""
    left, top, right, bottom = cell
    reach = float(np.hypot(right - left, bottom - top)) / 2
    rows, streets = [], []
    v = -reach
    width = 2.0
    while v < reach:
        for side in range(2):
            row, depth = _row(rng, layout, reach)
            row[..., 1] += v
            rows.append(row)
            streets.append((v - width, v, len(row)) if side == 0 else (v + depth, 0.0, len(row)))
            v += depth + rng.choice(layout.gaps_px)
        width = rng.uniform(*layout.streets_px)
        # The second row has its back to the street that comes now.
        streets[-1] = (v, v + width, streets[-1][2])
        v += width
    houses = np.concatenate(rows)
    fronts = _fronts(houses, streets)
    kept = rng.random(len(houses)) < rng.uniform(*layout.filled)
    houses, fronts = houses[kept], fronts[kept]
    angle = rng.uniform(0, np.pi / 2)
    middle = ((left + right) / 2, (top + bottom) / 2)
    houses, fronts = _turned(houses, angle, middle), _turned(fronts, angle, middle)
    x, y = houses[..., 0], houses[..., 1]
    # A pixel of distance to the next district, so that rounding makes no overlap.
    inside = ((x > left + 1) & (x < right - 1) & (y > top + 1) & (y < bottom - 1)).all(axis=1)
    inside &= _inside(middles(houses), shape_yx)
    return np.round(houses[inside], 2), fronts[inside]


def _fronts(houses: _Corners, streets: list[tuple[float, float, int]]) -> NDArray[np.float64]:
    """Pieces of street a few pixels longer than the houses are wide."""
    start, end = houses[:, 0, 0] - 4, houses[:, 1, 0] + 4
    low, high, counts = (np.array(column) for column in zip(*streets, strict=True))
    low, high = np.repeat(low, counts.astype(int)), np.repeat(high, counts.astype(int))
    # What is paved is narrower than the room between the houses.
    low, high = low + 0.2 * (high - low), high - 0.2 * (high - low)
    u = np.stack([start, end, end, start], axis=1)
    return np.stack([u, np.stack([low, low, high, high], axis=1)], axis=2)


def _turned(
    points: NDArray[np.float64], angle: float, middle: tuple[float, float]
) -> NDArray[np.float64]:
    u, v = points[..., 0], points[..., 1]
    x = middle[0] + u * np.cos(angle) - v * np.sin(angle)
    y = middle[1] + u * np.sin(angle) + v * np.cos(angle)
    return np.stack([x, y], axis=-1)


def _row(rng: np.random.Generator, layout: Layout, reach: float) -> tuple[_Corners, float]:
    """Houses along a street from u = -reach to reach, with fronts at v = 0, and their depth."""
    count = int(reach)
    areas = layout.median_area_px * np.exp(layout.area_sigma * rng.standard_normal(count))
    areas = np.clip(areas, 1.5, layout.max_area_px)
    # Some of the larger houses are L-shaped: a corner is cut off, and the rest is larger.
    is_angled = (areas > 9) & (rng.random(count) < 0.3)
    cut_u, cut_v = np.where(is_angled, rng.uniform(0.3, 0.6, (2, count)), 0.0)
    boxes = areas / (1 - cut_u * cut_v)
    depths = np.sqrt(boxes * np.exp(0.25 * rng.standard_normal(count)))
    depths = np.minimum(depths, layout.max_depth_px)
    widths = boxes / depths
    gaps = rng.choice(layout.gaps_px, count)
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
