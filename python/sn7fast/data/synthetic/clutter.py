"""What stands and lies between the houses of a synthetic AOI: trees, yards, lots, greenhouses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sn7fast.data.synthetic.coverage import FINE, points_in, to_pixels
from sn7fast.data.synthetic.filters import discs
from sn7fast.data.synthetic.settlement import middles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.data.synthetic.terrain import Terrain
    from sn7fast.data.synthetic.town import Town
    from sn7fast.data.synthetic.variety import Character

_BRIGHT, _POOL, _DULL, _PANEL = (214, 206, 188), (95, 150, 165), (120, 105, 80), (60, 66, 84)


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """Rectangles of one kind.

    Attributes:
        count: Mean number.
        areas_px2: Least and largest.
        aspect: Largest ratio of the sides.
        colour: Usual one.
        spread: Of the logarithm of the brightness.
        ribs: Strength of stripes on the longer ones.
        near_px: Usual distance from a house, to which they are parallel; 0 for anywhere.
    """

    count: float
    areas_px2: tuple[float, float]
    aspect: float
    colour: NDArray[np.float64]
    spread: float
    ribs: float = 0.0
    near_px: float = 0.0


class Clutter:
    """What is bright or dark or straight, but no building.

    Args:
        rng: Source of all choices.
        character: What the AOI is like.
        terrain: The land.
        town: The houses.
        corners: float64 (n, 6, 2) of the houses.

    Attributes:
        tree: float32 (rows, columns), share of each pixel under single trees.
        tree_shadow: The same of their shadows.
        patch: The same of rectangles on the ground.
        patch_colour: float32 (3, rows, columns), ``patch`` times its colour.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        character: Character,
        terrain: Terrain,
        town: Town,
        corners: NDArray[np.float64],
    ) -> None:
        self._shape_yx = terrain.paved.shape
        self._plant(rng, character, terrain, town)
        self._scatter(rng, character, terrain, corners)

    def _plant(
        self, rng: np.random.Generator, character: Character, terrain: Terrain, town: Town
    ) -> None:
        """Single trees: in clumps, along fields, among houses."""
        rows, columns = self._shape_yx
        count = rng.poisson(character.trees_per_px2 * rows * columns * 3)
        x, y = rng.uniform(0, columns, count), rng.uniform(0, rows, count)
        at = y.astype(int), x.astype(int)
        clump = (terrain.texture[at] > 0.35) & (terrain.bareness[at] < 0.1)
        wanted = 0.02 + 0.4 * terrain.edges[at] * (terrain.is_field[at] > 0.5)
        wanted += rng.uniform(0.1, 0.9) * town.yard[at] + rng.uniform(0, 1) * clump
        is_there = rng.random(count) < wanted * (1 - town.street[at]) * (1 - terrain.water[at])
        x, y = x[is_there], y[is_there]
        radius = np.clip(np.exp(rng.normal(-0.25, 0.35, len(x))), 0.4, 1.9)
        self.tree = discs(x, y, radius, self._shape_yx)
        length = radius * character.shadow_per_height * 1.2
        sun_x, sun_y = character.sun
        self.tree_shadow = discs(x + length * sun_x, y + length * sun_y, radius, self._shape_yx)

    def _scatter(
        self,
        rng: np.random.Generator,
        character: Character,
        terrain: Terrain,
        corners: NDArray[np.float64],
    ) -> None:
        """Rectangles, those of later kinds on top of others."""
        rows, columns = self._shape_yx
        size = rows * columns
        kinds = _kinds(rng, character, size, len(corners))
        made = [_rectangles(rng, kind, corners, self._shape_yx) for kind in kinds]
        shapes, colour, ribs = (np.concatenate(column) for column in zip(*made, strict=True))
        points = points_in(shapes, self._shape_yx)
        top = np.full(size * FINE * FINE, -1, np.int32)
        top[points.place] = np.arange(len(points.place), dtype=np.int32)
        seen = top[top >= 0]
        pixel, shape = to_pixels(points.place[seen], columns), points.shape[seen]
        light = 1 + ribs[shape] * np.sign(np.sin(points.u[seen] * np.pi * 9))
        each = (1 - terrain.water.ravel()) / FINE**2
        self.patch = (np.bincount(pixel, minlength=size) * each).astype(np.float32)
        self.patch = self.patch.reshape(self._shape_yx)
        bands = [np.bincount(pixel, light * colour[shape, band], size) * each for band in range(3)]
        self.patch_colour = np.stack(bands).astype(np.float32).reshape(3, rows, columns)


def _kinds(
    rng: np.random.Generator, character: Character, size_px2: int, houses: int
) -> list[_Kind]:
    bright, pool, dull, panel = np.array([_BRIGHT, _POOL, _DULL, _PANEL], np.float64)
    paved, soil = character.paved, character.soil
    greenhouses = float(rng.choice([0, 0, 0, 1e-5, 1e-4])) * character.field_share
    return [
        _Kind(3e-5 * size_px2, (20, 900), 3, soil, 0.2),
        _Kind(0.05 * houses, (8, 120), 3, 1.08 * soil, 0.15, near_px=12),
        # Lots with rows of cars, and drives.
        _Kind(0.06 * houses, (8, 200), 3, paved, 0.15, ribs=0.06, near_px=9),
        _Kind(0.10 * houses, (2, 14), 4, (paved + bright) / 2, 0.15, near_px=4),
        _Kind(greenhouses * size_px2, (12, 150), 8, bright, 0.1, ribs=0.1),
        _Kind(0.004 * houses, (1, 4), 2, pool, 0.15, near_px=5),
        _Kind(0.004 * houses, (15, 60), 2, dull, 0.3, near_px=8),
        # Heaps and rocks; fields of solar panels.
        _Kind(2e-5 * size_px2, (0.5, 3), 2, bright, 0.2),
        _Kind(2e-6 * size_px2, (40, 500), 2, panel, 0.2, ribs=0.15),
    ]


def _rectangles(
    rng: np.random.Generator,
    kind: _Kind,
    corners: NDArray[np.float64],
    shape_yx: tuple[int, int],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Corners (n, 4, 2), colours (n, 3) and strength of the ribs (n,)."""
    count = int(rng.poisson(kind.count))
    x, y = rng.uniform(0, shape_yx[1], count), rng.uniform(0, shape_yx[0], count)
    angle = rng.uniform(0, np.pi, count)
    if kind.near_px and len(corners):
        chosen = corners[rng.integers(0, len(corners), count)]
        x, y = (middles(chosen) + rng.normal(0, kind.near_px, (count, 2))).T
        side_x, side_y = (chosen[:, 1] - chosen[:, 0]).T
        angle = np.arctan2(side_y, side_x)
    low, high = kind.areas_px2
    area = np.exp(rng.uniform(np.log(low), np.log(high), count))
    ratio = np.exp(rng.uniform(0, np.log(kind.aspect), count))
    width, height = np.sqrt(area * ratio), np.sqrt(area / ratio)
    u = np.stack([-width, width, width, -width], axis=1) / 2
    v = np.stack([-height, -height, height, height], axis=1) / 2
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    turned = [x[:, None] + u * cos - v * sin, y[:, None] + u * sin + v * cos]
    colours = kind.colour * np.exp(kind.spread * rng.standard_normal((count, 1)))
    return np.stack(turned, axis=2), colours, np.where(width > 6, kind.ribs, 0.0)
