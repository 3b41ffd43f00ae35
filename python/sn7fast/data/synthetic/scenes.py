"""Synthetic scenes: monthly images as of SpaceNet 7, of which everything is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sn7fast._arguments import shape_of_image, whole_number
from sn7fast.data.sn7 import sn7_aoi, sn7_grid
from sn7fast.data.synthetic.clutter import Clutter
from sn7fast.data.synthetic.growth import (
    BIRTH_RATE,
    month_label,
    months_with_gaps,
    ordered_by_birth,
)
from sn7fast.data.synthetic.observe import clouds
from sn7fast.data.synthetic.painter import Painter, with_clouds
from sn7fast.data.synthetic.settlement import Settlement, as_footprints, middles, settle
from sn7fast.data.synthetic.terrain import Terrain
from sn7fast.data.synthetic.town import Town
from sn7fast.data.synthetic.variety import BIOMES, KINDS, draw_character
from sn7fast.data.synthetic.warp import Warp
from sn7fast.errors import InputError
from sn7fast.stack import Stack

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from sn7fast.data.synthetic.variety import Character
    from sn7fast.grid import Grid

_MOST_MONTHS = 12 * 80
_SMALLEST_PX = 64

# Tiles in the ocean off Africa, one for each seed: no real AOI lies there.
_TILES, _FIRST_X, _FIRST_Y = 256, 3712, 4104


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticScene:
    """One AOI in T months: images, labels, and what hides the ground.

    Attributes:
        truth: Stack with persistent ids, as SpaceNet 7 labels it: a building under cloud is
            missing in that month and comes back with its id.
        cloud_masks: uint8 (T, rows, columns), 255 where cloud or its shadow hides the ground.
        frame_mask: bool (rows, columns), False on the ring of pixels at the edge that some AOIs
            lack in all months.
        grid: Where the pixels lie on the ground.
        seed: What it was made from.
        character: What the AOI is like.
    """

    truth: Stack
    cloud_masks: NDArray[np.uint8]
    frame_mask: NDArray[np.bool_]
    grid: Grid
    seed: int
    character: Character
    _painter: Painter = field(repr=False)
    _times: tuple[int, ...] = field(repr=False)

    @property
    def aoi(self) -> str:
        """Name of the area."""
        return self.truth.aoi

    @property
    def months(self) -> tuple[str, ...]:
        """Labels of the T months."""
        return self.truth.months

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Where the masked images show the ground: bool (T, rows, columns)."""
        valid: NDArray[np.bool_] = (self.cloud_masks == 0) & self.frame_mask
        return valid

    def image(self, month: str, *, masked: bool = True) -> NDArray[np.uint8]:
        """Paint one month, alike however often and in whatever order.

        Args:
            month: One of `months`.
            masked: With what clouds hide black and alpha 0, else with the clouds.

        Returns:
            uint8 (rows, columns, 4): red, green, blue and alpha, which is 0 or 255. Pixels with
            alpha 0 are black, no others are.

        Raises:
            InputError: There is no such month.
        """
        self.truth.rows(month)
        index = self.months.index(month)
        time = self._times[index]
        rng = np.random.default_rng([self.seed, 1, time])
        scene = self._painter.paint(rng, time)
        cloud = self.cloud_masks[index] > 0
        if not masked:
            scene = with_clouds(rng, scene, cloud)
        is_valid = self.frame_mask & ~cloud if masked else self.frame_mask
        image = np.zeros((*self.grid.shape_yx, 4), np.uint8)
        image[..., :3] = np.clip(np.rint(scene), 1, 255).transpose(1, 2, 0)
        image[..., 3] = 255
        image[~is_valid] = 0
        return image

    @property
    def images(self) -> NDArray[np.uint8]:
        """All months with their clouds, painted anew: uint8 (T, rows, columns, 4)."""
        return np.stack([self.image(month, masked=False) for month in self.months])

    @property
    def images_masked(self) -> NDArray[np.uint8]:
        """All months with clouds blacked out, painted anew: uint8 (T, rows, columns, 4)."""
        return np.stack([self.image(month) for month in self.months])

    def write_sn7(self, folder: str | os.PathLike[str]) -> Path:
        """Write images, labels and masks in the layout of SpaceNet 7, as ``folder/<AOI>``.

        The AOI's folder appears whole or not at all; one that is there is replaced.

        Returns:
            The AOI's folder.

        Raises:
            MissingDependencyError: rasterio is not installed.
        """
        from sn7fast.data.synthetic.layout import write_scene

        return write_scene(self, Path(folder))


def synthetic_scene(
    *,
    seed: int = 0,
    shape_yx: tuple[int, int] = (1024, 1024),
    months: int = 12,
    biome: str | None = None,
    kind: str | None = None,
    buildings: int | None = None,
    births_per_month: float | None = None,
    cloud_chance: float = 0.4,
    aoi: str | None = None,
) -> SyntheticScene:
    """Make a synthetic AOI with images that look like those of SpaceNet 7.

    Land, towns, colours, sun, season and radiometry differ from seed to seed. Houses, roads and
    trees cover parts of pixels; a point-spread function blurs them. Houses grow out of bare ground
    and a foundation; the label appears with the roof. Some months are missing, some have clouds,
    some AOIs lack the ring of pixels at the edge.

    Args:
        seed: The same arguments give the same bytes.
        shape_yx: Rows and columns, from 64; SpaceNet 7 has 1024 and 1023.
        months: Number of frames.
        biome: ``temperate``, ``subtropics``, ``arid``, ``savanna`` or ``steppe``; None draws one.
        kind: ``rural``, ``suburb``, ``town``, ``city`` or ``works``; None draws one.
        buildings: How many stand in the last month, at most; None draws a density.
        births_per_month: Mean number of new ones; None means as in SpaceNet 7 by building, times
            1 to 4. At most half of the buildings are new.
        cloud_chance: Share of the months that have clouds, which then cover 15 % in the mean.
        aoi: SpaceNet 7 name, which gives the georeference; None gives each seed below 65536 its
            own tile in the ocean.

    Returns:
        The scene; its ids count from 0, large buildings of the first month first.

    Raises:
        InputError: An argument is out of range.
    """
    seed = whole_number("seed", seed, 0, 2**63 - 1)
    months = whole_number("months", months, 1, _MOST_MONTHS)
    for name, value, known in (("biome", biome, BIOMES), ("kind", kind, KINDS)):
        if value is not None and value not in known:
            raise InputError(f"{name}: got {value!r}, wanted one of {', '.join(known)}")
    if not 0 <= cloud_chance <= 1:
        raise InputError(f"cloud_chance: got {cloud_chance}, wanted 0 to 1")
    if aoi is None:
        aoi = sn7_aoi(_FIRST_X + seed % _TILES, _FIRST_Y + seed // _TILES % _TILES)
    shape_yx = shape_of_image("shape_yx", shape_yx)
    if min(shape_yx) < _SMALLEST_PX:
        raise InputError(f"shape_yx: got {shape_yx}, wanted {_SMALLEST_PX} or more of both")
    grid = sn7_grid(aoi, shape_yx)

    streams = [np.random.default_rng(s) for s in np.random.SeedSequence([seed, 0]).spawn(8)]
    calendar, taste, ground, land, looks, paints, weather, bends = streams
    times = months_with_gaps(calendar, months)
    character = draw_character(taste, biome=biome, kind=kind)
    if buildings is None:
        buildings = max(1, round(character.houses_per_px2 * shape_yx[0] * shape_yx[1]))
    buildings = whole_number("buildings", buildings, 1, 10**7)
    if births_per_month is None:
        births_per_month = BIRTH_RATE * buildings * float(np.exp(land.uniform(0, np.log(4))))
    if not 0 <= births_per_month <= buildings:
        raise InputError(f"births_per_month: got {births_per_month}, wanted 0 to {buildings}")
    warp = Warp(bends, shape_yx, character.warp_px)
    terrain = Terrain(ground, shape_yx, character, warp)
    settlement = settle(
        land, shape_yx, buildings, character.plan,
        warp=warp, keep_out=terrain.keep_out, at_most=True,
    )  # fmt: skip
    order, births = ordered_by_birth(land, settlement.corners, births_per_month, times)
    settlement = Settlement(
        settlement.corners[order],
        settlement.fronts[order],
        settlement.district[order],
        settlement.cells,
    )
    town = Town(looks, shape_yx, character, settlement, births, terrain, warp)
    clutter = Clutter(looks, character, terrain, town, settlement.corners)
    painter = Painter(paints, character, terrain, town, clutter, births)
    truth, masks = _labelled(weather, settlement, births, times, cloud_chance, aoi, grid)
    frame = np.ones(shape_yx, bool)
    if calendar.random() < 0.3:
        frame[[0, -1]] = frame[:, [0, -1]] = False
    return SyntheticScene(truth, masks, frame, grid, seed, character, painter, tuple(times))


def _labelled(
    weather: np.random.Generator,
    settlement: Settlement,
    births: NDArray[np.int64],
    times: list[int],
    cloud_chance: float,
    aoi: str,
    grid: Grid,
) -> tuple[Stack, NDArray[np.uint8]]:
    """Labels of what is built and not under cloud, and the clouds."""
    corners = settlement.corners
    centre_x, centre_y = np.floor(middles(corners)).astype(int).T
    frames, ids, masks = [], [], []
    for time in times:
        cloud = clouds(weather, grid.shape_yx, chance=cloud_chance)
        labelled = np.flatnonzero((births <= time) & ~cloud[centre_y, centre_x])
        frames.append(as_footprints(corners[labelled]))
        ids.append(labelled)
        masks.append(np.where(cloud, np.uint8(255), np.uint8(0)))
    labels = [month_label(time) for time in times]
    return Stack.from_frames(frames, months=labels, aoi=aoi, ids=ids, grid=grid), np.stack(masks)
