"""The picture of a synthetic AOI in one month, as a satellite with pixels of 4 m sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast.data.synthetic.fields import value_noise
from sn7fast.data.synthetic.filters import box_mean, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.data.synthetic.clutter import Clutter
    from sn7fast.data.synthetic.terrain import Terrain
    from sn7fast.data.synthetic.town import Town
    from sn7fast.data.synthetic.variety import Character

# Months before a house is built in which the ground is bare, and in which the foundation shows.
_BARE_MONTHS, _FOUNDATION_MONTHS = 4, 2
# Months after which the ground around it is green again.
_HEALED_MONTHS = 6


class Painter:
    """Paints months; each depends on its time and the seed alone.

    Args:
        rng: Source of what stays the same.
        character: What the AOI is like.
        terrain: The land.
        town: The houses.
        clutter: What is between them.
        births: int64 (n,), when each house is built.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        character: Character,
        terrain: Terrain,
        town: Town,
        clutter: Clutter,
        births: NDArray[np.int64],
    ) -> None:
        self._character, self._terrain = character, terrain
        self._town, self._clutter, self._births = town, clutter, births
        kinds = int(terrain.parcels.max()) + 1
        self._bare = _picked(rng, character.bare, kinds)
        self._green = _picked(rng, character.green, kinds)
        self._phase = rng.normal(0, 1.2, kinds)
        self._leaf = rng.normal(character.leaf, 0.3, kinds)
        self._edge = rng.choice([0.0, 0.15, 0.35]) * np.array([0.7, 0.8, 0.65])
        self._rough = rng.uniform(0.05, 0.28), rng.uniform(0.03, 0.15)
        self._offset = rng.normal(0, 0.15, 2)

    def paint(self, rng: np.random.Generator, time: int) -> NDArray[np.float32]:
        """float32 (3, rows, columns), 0 to 255: a clear month.

        Args:
            rng: Source of what this month has of its own.
            time: Months from the start.
        """
        scene = self._ground(rng, time)
        self._build(scene, time)
        jitter = (self._offset + rng.normal(0, 0.12, 2)).clip(-0.5, 0.5)
        scene = spread(scene, self._character.blur_px, (float(jitter[0]), float(jitter[1])))
        return _developed(rng, scene, self._character)

    def _ground(self, rng: np.random.Generator, time: int) -> NDArray[np.float32]:
        character, terrain, town = self._character, self._terrain, self._town
        clutter = self._clutter
        year = 2 * np.pi * time / 12
        leaf = self._leaf + character.season * np.sin(year + self._phase)
        leaf = (leaf + rng.normal(0, 0.08, len(leaf))).clip(0, 1)[:, None]
        fields = (self._bare * (1 - leaf) + self._green * leaf).astype(np.float32)
        open_leaf = np.clip(character.leaf + character.season * np.sin(year), 0, 1)
        dry = 0.5 * (character.soil + character.bare.mean(axis=0))
        grass = dry * (0.6 - 0.6 * open_leaf) + character.grass * (0.4 + 0.6 * open_leaf)
        soil_share = np.clip(1.4 * terrain.bareness - 0.15 - 0.35 * open_leaf + 0.3, 0, 1)
        site = self._sites(time)
        coarse = 1 + np.float32(self._rough[0]) * terrain.texture + terrain.relief
        coarse += np.float32(self._rough[1]) * terrain.crowns
        yard = town.yard * np.clip(0.75 + 0.5 * terrain.texture, 0, 1)
        hedge = terrain.edges * terrain.is_field * np.clip(0.6 + terrain.texture, 0, 1)
        coarse += terrain.grain * (0.03 + np.float32(character.clutter) * town.yard)
        lit = (1 - town.shadow * np.float32(1 - character.shadow_light)) * (
            1 - np.float32(0.45) * clutter.tree_shadow * (1 - terrain.wood)
        )
        tree = clutter.tree * (1 - terrain.wood)
        canopy = 1.1 + np.float32(0.3) * (terrain.crowns + terrain.texture) + 2 * terrain.relief
        worn = 1 + np.float32(0.12) * terrain.crowns + np.float32(0.05) * terrain.grain
        yards = town.yard_colour.astype(np.float32)
        scene = np.empty((3, *town.street.shape), np.float32)
        for band in range(3):
            ground = np.float32(grass[band]) + soil_share * np.float32(
                character.soil[band] - grass[band]
            )
            ground += terrain.is_field * (fields[terrain.parcels, band] - ground)
            ground *= 1 - hedge * np.float32(self._edge[band])
            _blend(ground, yard, yards[town.district, band])
            _blend(ground, np.maximum(site, terrain.earthworks), character.soil[band] * 1.1)
            ground *= coarse
            _blend(ground, terrain.wood, character.wood[band] * canopy)
            _blend(ground, terrain.track, character.track[band])
            ground += clutter.patch_colour[band] - clutter.patch * ground
            _blend(ground, town.street, character.paved[band] * worn)
            _blend(ground, terrain.water, character.water[band])
            _blend(ground, tree, 0.7 * character.wood[band] + 0.3 * grass[band])
            scene[band] = ground * lit
        return scene

    def _sites(self, time: int) -> NDArray[np.float32]:
        """Bare ground of building sites, 0 to 1."""
        town = self._town
        age = time - self._births
        is_site = (self._births > 0) & (age >= -_BARE_MONTHS) & (age < _HEALED_MONTHS)
        weight = np.where(age < 0, 1.0, 1 - age / _HEALED_MONTHS) * is_site
        size = town.street.size
        mark = np.bincount(town.pixel, town.cover * weight[town.house], size)
        field = box_mean(mark.reshape(town.street.shape).astype(np.float32), 2)
        share: NDArray[np.float32] = np.clip(3.5 * field * (1 + 0.5 * self._terrain.texture), 0, 1)
        return share

    def _build(self, scene: NDArray[np.float32], time: int) -> None:
        """Put roofs, foundations and the shadows of new houses onto the ground."""
        town, births = self._town, self._births
        dark = np.float32(1 - self._character.shadow_light)
        pixel, share, born = town.new_shadow
        new = np.bincount(pixel[born <= time], minlength=town.street.size) * share
        age = (time - births)[town.house]
        stands = age >= 0
        starts = ~stands & (age >= -_FOUNDATION_MONTHS)
        size, shape = town.street.size, town.street.shape
        roof, base = town.cover * stands, 0.8 * town.cover * starts
        free = 1 - np.bincount(town.pixel, roof + base, size).reshape(shape).astype(np.float32)
        free = np.maximum(free, 0) * (1 - dark * new.reshape(shape).astype(np.float32))
        lit = town.shade * stands
        for band in range(3):
            colour = lit * town.colour[town.house, band]
            colour += base * (0.6 * self._character.paved[band] + 70)
            scene[band] *= free
            scene[band] += np.bincount(town.pixel, colour, size).reshape(shape).astype(np.float32)


def _blend(
    ground: NDArray[np.float32],
    share: NDArray[np.float32],
    colour: NDArray[np.float32] | np.float64 | float,
) -> None:
    """Cover a share of the ground with a colour."""
    ground += share * (np.asarray(colour, np.float32) - ground)


def _picked(
    rng: np.random.Generator, colours: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    bright = np.exp(0.13 * rng.standard_normal((count, 1)))
    picked: NDArray[np.float64] = colours[rng.integers(0, len(colours), count)] * bright
    return picked


def _developed(
    rng: np.random.Generator, scene: NDArray[np.float32], character: Character
) -> NDArray[np.float32]:
    """Radiometry of the month: haze, gain and offset of each band, the sensor's noise."""
    shape = scene.shape[1:]
    gain = (
        character.gain
        * np.exp(0.06 * rng.standard_normal())
        * np.exp(0.03 * rng.standard_normal(3))
    )
    offset = rng.normal(0, 2.5, 3)
    haze = min(rng.exponential(0.03), 0.25)
    uneven = value_noise(rng, shape, cell_px=max(shape) / 2)
    for band, air in enumerate((176.0, 180.0, 184.0)):
        picture = scene[band]
        # Dark things get darker, and bright ones brighter, than this.
        pivot = np.float32(130)
        picture[:] = pivot * (picture / pivot) ** np.float32(character.contrast)
        picture *= np.float32(gain[band]) * (1 + np.float32(0.025) * uneven)
        picture += np.float32(haze) * (np.float32(air) - picture) + np.float32(offset[band])
        picture += np.float32(0.9) * rng.standard_normal(shape, np.float32)
    return scene


def with_clouds(
    rng: np.random.Generator, scene: NDArray[np.float32], cloud: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """White clouds, and their shadows beside them, within the mask of what is unusable.

    Args:
        rng: Source of the clouds' looks.
        scene: float32 (3, rows, columns).
        cloud: bool (rows, columns), cloud and shadow.
    """
    if not cloud.any():
        return scene
    step = rng.integers(-14, 15, 2)
    solid = box_mean(cloud.astype(np.float32), 6)
    inside = np.clip(2 * solid - 1, 0, 1) * cloud
    moved = np.roll(inside, (int(step[0]), int(step[1])), (0, 1))
    opacity = np.minimum(inside, moved)
    thick = value_noise(rng, cloud.shape, cell_px=24, octaves=4)
    opacity = np.clip(opacity * (1.3 + 0.5 * thick), 0, 1) * np.float32(rng.uniform(0.75, 1))
    shadow = inside * (1 - opacity) * np.float32(0.45)
    bright = np.float32(232) + 14 * thick
    clouded: NDArray[np.float32] = scene * (1 - shadow) * (1 - opacity) + opacity * bright
    return clouded
