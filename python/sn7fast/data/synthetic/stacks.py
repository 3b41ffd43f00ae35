"""A synthetic AOI: buildings through time, clouds, and the masks of an imperfect network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sn7fast._arguments import shape_of_image, whole_number
from sn7fast.data.sn7 import sn7_grid, sn7_stem
from sn7fast.data.synthetic.growth import (
    BIRTH_RATE,
    month_label,
    months_with_gaps,
    ordered_by_birth,
)
from sn7fast.data.synthetic.layout import write_masks, write_pixel_labels
from sn7fast.data.synthetic.observe import Observer, clouds
from sn7fast.data.synthetic.settlement import as_footprints, middles, settle
from sn7fast.errors import InputError
from sn7fast.rasterize import rasterize
from sn7fast.stack import Stack

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from sn7fast.grid import Grid

# The web map tile with its corner at latitude 0, longitude 0, in the ocean: no real AOI.
_AOI = "L15-1024E-1023N_4096_4096_13"
_MOST_MONTHS = 12 * 80


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticAoi:
    """One AOI in T months, with everything that is known about it.

    Attributes:
        truth: Stack with persistent ids, as SpaceNet 7 labels it: a building under cloud is
            missing in that month and comes back with its id.
        truth_masks: uint8 (T, rows, columns), 0 and 255: all standing buildings, under a clear sky.
        predicted_masks: The same kind, from the imperfect network, empty under clouds.
        cloud_masks: The same kind, 255 under cloud.
        grid: Where the pixels lie on the ground.
        seed: What it was made from.
    """

    truth: Stack
    truth_masks: NDArray[np.uint8]
    predicted_masks: NDArray[np.uint8]
    cloud_masks: NDArray[np.uint8]
    grid: Grid
    seed: int

    @property
    def aoi(self) -> str:
        """Name of the area."""
        return self.truth.aoi

    @property
    def months(self) -> tuple[str, ...]:
        """Labels of the T months."""
        return self.truth.months

    def write_sn7(self, folder: str | os.PathLike[str]) -> None:
        """Write the labels in the layout of SpaceNet 7, below ``folder/<AOI>``.

        ``labels_match_pix`` (GeoJSON with Id), ``masks`` (the labels burnt) and ``UDM_masks``,
        these for months with clouds only.

        Raises:
            MissingDependencyError: rasterio is not installed.
        """
        home = Path(folder) / self.aoi
        write_pixel_labels(self.truth, home)
        write_masks(self.truth, self.cloud_masks, self.grid, home)

    def write_predictions(self, folder: str | os.PathLike[str]) -> None:
        """Write the predicted masks as ``folder/<AOI>/preds/<image name>.tif``.

        Raises:
            MissingDependencyError: rasterio is not installed.
        """
        from sn7fast.io.rasters import write_mask

        home = Path(folder) / self.aoi / "preds"
        home.mkdir(parents=True, exist_ok=True)
        for month, mask in zip(self.months, self.predicted_masks, strict=True):
            write_mask(home / f"{sn7_stem(self.aoi, month)}.tif", mask, self.grid)


def synthetic_stack(
    *,
    seed: int = 0,
    shape_yx: tuple[int, int] = (1024, 1024),
    months: int = 12,
    buildings: int = 800,
    births_per_month: float | None = None,
    cloud_chance: float = 0.4,
    noise: float = 1.0,
    aoi: str = _AOI,
) -> SyntheticAoi:
    """Make a synthetic AOI, with figures as in SpaceNet 7.

    Houses of log-normal area (median 11 px2, mean 15 px2, rectangles and L-shapes) stand in rows
    with gaps of 0 to 2 px; some are built during the time, none are pulled down. One to three
    months are missing. The network misses buildings, joins neighbours, moves outlines by less than
    a pixel and sees buildings where there are none, in part always the same.

    Args:
        seed: The same arguments give the same bytes.
        shape_yx: Rows and columns.
        months: Number of frames.
        buildings: How many stand in the last month.
        births_per_month: Mean number of new ones; None means as in SpaceNet 7 by building (3.8 for
            800 buildings). At most half of the buildings are new.
        cloud_chance: Share of the months that have clouds, which then cover 15 % in the mean.
        noise: Of the network: 0 sees all that is not under cloud, pixel by pixel.
        aoi: SpaceNet 7 name, which gives the georeference.

    Returns:
        The AOI; its ids count from 0, large buildings of the first month first.

    Raises:
        InputError: An argument is out of range, or the buildings have no room.
    """
    seed = whole_number("seed", seed, 0, 2**63 - 1)
    months = whole_number("months", months, 1, _MOST_MONTHS)
    buildings = whole_number("buildings", buildings, 1, 10**7)
    grid = sn7_grid(aoi, shape_of_image("shape_yx", shape_yx))
    if births_per_month is None:
        births_per_month = BIRTH_RATE * buildings
    for name, value, most in (
        ("births_per_month", births_per_month, buildings),
        ("cloud_chance", cloud_chance, 1),
        ("noise", noise, 2),
    ):
        if not 0 <= value <= most:
            raise InputError(f"{name}: got {value}, wanted 0 to {most}")

    # One stream for each matter, so that asking for more of one leaves the others as they were.
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(5)]
    calendar, land, habits, weather, chances = streams
    times = months_with_gaps(calendar, months)
    corners = settle(land, grid.shape_yx, buildings).corners
    order, births = ordered_by_birth(land, corners, births_per_month, times)
    corners = corners[order]
    observer = Observer(habits, corners, grid.shape_yx, noise)
    centre_x, centre_y = np.floor(middles(corners)).astype(int).T
    frames, ids, masks = [], [], []
    for time in times:
        built = births <= time
        cloud = clouds(weather, grid.shape_yx, chance=cloud_chance)
        labelled = np.flatnonzero(built & ~cloud[centre_y, centre_x])
        frames.append(as_footprints(corners[labelled]))
        ids.append(labelled)
        clear = rasterize(as_footprints(corners[built]), grid.shape_yx)
        seen = observer.see(chances, corners, built, cloud)
        masks.append((clear, seen, np.where(cloud, np.uint8(255), np.uint8(0))))
    truth = Stack.from_frames(
        frames, months=[month_label(time) for time in times], aoi=aoi, ids=ids, grid=grid
    )
    clear_masks, seen_masks, cloud_masks = (np.stack(column) for column in zip(*masks, strict=True))
    return SyntheticAoi(truth, clear_masks, seen_masks, cloud_masks, grid, seed)
