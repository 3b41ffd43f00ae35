"""Houses of a synthetic AOI as they look from above: roofs, shadows, streets, yards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast.data.synthetic.coverage import FINE, points_in, share_of_pixels, to_pixels
from sn7fast.data.synthetic.filters import box_mean
from sn7fast.data.synthetic.settlement import as_footprints, middles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.data.synthetic.coverage import Points
    from sn7fast.data.synthetic.settlement import Settlement
    from sn7fast.data.synthetic.terrain import Terrain
    from sn7fast.data.synthetic.variety import Character
    from sn7fast.data.synthetic.warp import Warp

_LARGE_PX2 = 90.0
_HIGHEST_PX = 14.0


class Town:
    """What the houses and their surroundings cover of each pixel.

    Args:
        rng: Source of all choices.
        shape_yx: Rows and columns.
        character: What the AOI is like.
        settlement: The houses, by time of birth.
        births: int64 (n,), when each is built; 0 for those that stand from the start.
        terrain: The land they stand on.
        warp: Bends the borders of the districts.

    Attributes:
        pixel: int64 (m,), pixel of each piece of a roof, row-major.
        house: int64 (m,), house of the piece.
        cover: float32 (m,), share of the pixel that the piece covers.
        shade: float32 (m,), the same times the brightness of the slope.
        colour: float64 (n, 3), colours of the roofs.
        shadow: float32 (rows, columns), share of each pixel in the shadow of old houses.
        new_shadow: Pixel, share and time of birth of shadows that new houses cast.
        street: float32 (rows, columns), share of each pixel that is paved.
        yard: float32, 1 among houses, 0 far from them.
        district: int64 (rows, columns), number of the district.
        yard_colour: float64 (districts, 3), colour of the ground among their houses.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        shape_yx: tuple[int, int],
        character: Character,
        settlement: Settlement,
        births: NDArray[np.int64],
        terrain: Terrain,
        warp: Warp,
    ) -> None:
        self._shape_yx, self._character = shape_yx, character
        corners = settlement.corners
        areas = as_footprints(corners).areas
        points = points_in(corners, shape_yx)
        self.colour = _roof_colours(rng, character, settlement.district, areas)
        bright = _slopes(rng, character, corners, areas)[points.shape]
        side = _side(points.u, points.v, corners, points.shape)
        light = bright[np.arange(len(side)), side].astype(np.float32)
        light *= 1 + _ribs(rng, areas)[points.shape] * np.sin(
            2 * np.pi * _ribs_at(rng, areas, points)
        )
        self._gather(points.place, points.shape, light)
        self._cast(rng, corners, areas, settlement.district, births, points.place, points.shape)
        built = np.zeros(shape_yx, np.float32)
        x, y = middles(corners).T.astype(int)
        np.add.at(built, (y, x), np.minimum(areas, 200).astype(np.float32))
        self.yard = np.clip(6 * box_mean(box_mean(built, 5), 4), 0, 1)
        self.district = _districts(settlement, warp)
        count = len(settlement.cells)
        grounds = np.stack([character.soil, character.grass, 0.9 * character.paved])
        bright = np.exp(0.12 * rng.standard_normal((count, 1)))
        self.yard_colour = rng.dirichlet([0.9, 0.9, 0.9], count) @ grounds * bright
        fronts = points_in(settlement.fronts, shape_yx)
        paved = share_of_pixels(fronts.place, shape_yx)
        # Lone houses have no street that one would see.
        paved *= rng.uniform(0.2, 0.9, count).astype(np.float32)[self.district]
        paved *= np.clip(2 * self.yard - 0.3, 0, 1)
        borders = _borders(rng, settlement, character, warp)
        self.street = np.maximum(np.maximum(paved, borders), terrain.paved)

    def _gather(
        self, place: NDArray[np.int64], house: NDArray[np.int64], light: NDArray[np.float32]
    ) -> None:
        """Join the points of each house in each pixel."""
        pixel = to_pixels(place, self._shape_yx[1])
        count = int(self._shape_yx[0] * self._shape_yx[1])
        key, where = np.unique(house * count + pixel, return_inverse=True)
        self.house, self.pixel = np.divmod(key, count)
        each = 1 / FINE**2
        self.cover = (np.bincount(where, minlength=len(key)) * each).astype(np.float32)
        self.shade = (np.bincount(where, light, len(key)) * each).astype(np.float32)

    def _cast(
        self,
        rng: np.random.Generator,
        corners: NDArray[np.float64],
        areas: NDArray[np.float64],
        district: NDArray[np.int64],
        births: NDArray[np.int64],
        place: NDArray[np.int64],
        house: NDArray[np.int64],
    ) -> None:
        """Shadows: the points of each house moved away from the sun, but for those on roofs."""
        rows, columns = (length * FINE for length in self._shape_yx)
        character = self._character
        high = np.exp(0.2 * rng.standard_normal(len(corners))) * (0.8 + 0.25 * np.log1p(areas / 11))
        towers = rng.random(district.max(initial=0) + 1) < (
            0.2 if character.kind in ("city", "suburb") else 0.04
        )
        high *= np.where(towers[district] & (areas > 14), rng.uniform(2, 6), 1)
        steps = np.minimum(high * character.shadow_per_height, _HIGHEST_PX) * FINE
        never = np.iinfo(np.int32).max
        first = np.full(rows * columns, never, np.int32)
        row, column = np.divmod(place, columns)
        for step in range(1, int(np.ceil(steps.max(initial=0))) + 1):
            is_long = steps[house] >= step
            to_row = row[is_long] + round(step * character.sun[1])
            to_column = column[is_long] + round(step * character.sun[0])
            inside = (to_row >= 0) & (to_row < rows) & (to_column >= 0) & (to_column < columns)
            to = (to_row * columns + to_column)[inside]
            # Houses come by birth: in reverse order, so that the first one stays.
            born = births[house[is_long]][inside].astype(np.int32)
            first[to[::-1]] = np.minimum(first[to[::-1]], born[::-1])
        first[place] = never
        self.shadow = share_of_pixels(np.flatnonzero(first == 0), self._shape_yx)
        later = np.flatnonzero((first > 0) & (first < never))
        pixel = to_pixels(later, self._shape_yx[1])
        self.new_shadow = (pixel, np.float32(1 / FINE**2), first[later])


def _roof_colours(
    rng: np.random.Generator,
    character: Character,
    district: NDArray[np.int64],
    areas: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Colours of roofs: each district has few, and large roofs other ones."""
    count = int(district.max(initial=0)) + 1
    shares = rng.dirichlet(2.5 * character.roof_shares + 0.02, 2 * count)
    group = district + np.where(areas > _LARGE_PX2, count, 0)
    limits = np.cumsum(shares, axis=1)[group]
    chosen = (rng.random((len(areas), 1)) > limits).sum(axis=1).clip(0, len(character.roofs) - 1)
    bright = np.exp(rng.uniform(0.08, 0.35) * rng.standard_normal((len(areas), 1)))
    hue = np.exp(0.03 * rng.standard_normal((len(areas), 3)))
    colours: NDArray[np.float64] = character.roofs[chosen] * bright * hue
    return colours


def _slopes(
    rng: np.random.Generator,
    character: Character,
    corners: NDArray[np.float64],
    areas: NDArray[np.float64],
) -> NDArray[np.float64]:
    """float64 (n, 4): brightness of the slopes towards v = 0, v = 1, u = 0 and u = 1."""
    along = corners[:, 1] - corners[:, 0]
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    towards_v = -(along[:, 1] * -character.sun[0] + along[:, 0] * character.sun[1])
    towards_u = along @ np.array(character.sun)
    steep = np.abs(rng.normal(0, 0.24, len(areas))) * np.where(areas > _LARGE_PX2, 0.4, 1)
    # A slope that faces the sun looks against the direction of its rays.
    facing = np.stack([-towards_v, towards_v, towards_u, -towards_u], axis=1)
    light: NDArray[np.float64] = 1 + steep[:, None] * facing
    return light


def _side(
    u: NDArray[np.float32],
    v: NDArray[np.float32],
    corners: NDArray[np.float64],
    house: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Which slope each point is on: the ridge runs along the longer side."""
    sides = np.linalg.norm(corners[:, [1, 5]] - corners[:, :1], axis=2)
    is_wide = (sides[:, 0] >= sides[:, 1])[house]
    return np.where(is_wide, v > 0.5, 2 + (u > 0.5)).astype(np.int64)


def _ribs(rng: np.random.Generator, areas: NDArray[np.float64]) -> NDArray[np.float32]:
    """Strength of the stripes on large roofs."""
    strength = np.where(areas > _LARGE_PX2, 0.1 * rng.random(len(areas)), 0.03)
    return strength.astype(np.float32)


def _ribs_at(
    rng: np.random.Generator, areas: NDArray[np.float64], points: Points
) -> NDArray[np.float32]:
    """Where each point lies between the stripes."""
    count = np.where(areas > _LARGE_PX2, rng.integers(2, 12, len(areas)), 1).astype(np.float32)
    return count[points.shape] * points.u


def _districts(settlement: Settlement, warp: Warp) -> NDArray[np.int64]:
    """The district of each pixel; they are numbered row by row."""
    lefts, tops = (sorted({cell[axis] for cell in settlement.cells}) for axis in (0, 1))
    column = np.searchsorted(lefts[1:], warp.plan_x, "right")
    row = np.searchsorted(tops[1:], warp.plan_y, "right")
    district: NDArray[np.int64] = row * len(lefts) + column
    return district


def _borders(
    rng: np.random.Generator, settlement: Settlement, character: Character, warp: Warp
) -> NDArray[np.float32]:
    """Roads along the borders of districts."""
    rows, columns = warp.plan_x.shape
    road = np.zeros((rows, columns), np.float32)
    for axis, plan, length in ((0, warp.plan_x, columns), (1, warp.plan_y, rows)):
        cuts = {cell[axis] for cell in settlement.cells}
        for cut in sorted(cut for cut in cuts if 0 < cut < length):
            half, strength = rng.uniform(0.4, 1.3), rng.uniform(0.6, 1)
            if rng.random() < character.road_share:
                line = np.clip(half - np.abs(plan - np.float32(cut)) + 0.5, 0, min(1, 2 * half))
                road = np.maximum(road, np.float32(strength) * line)
    return road
