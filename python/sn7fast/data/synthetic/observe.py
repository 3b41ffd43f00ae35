"""What an imperfect network sees of synthetic buildings, and what clouds hide of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast.data.synthetic.fields import value_noise
from sn7fast.data.synthetic.settlement import as_footprints, middles
from sn7fast.rasterize import rasterize

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Largest share of a frame under cloud, and the mean in months that have clouds.
_MOST_CLOUD, _MEAN_CLOUD = 0.6, 0.15


def clouds(
    rng: np.random.Generator, shape_yx: tuple[int, int], *, chance: float
) -> NDArray[np.bool_]:
    """Clouds of one month: none, or blobs over up to 60 % of the frame, 15 % in the mean.

    Args:
        rng: Source of the month's weather.
        shape_yx: Rows and columns.
        chance: That the month has clouds.

    Returns:
        bool (rows, columns), True under cloud.
    """
    cover = _MOST_CLOUD * rng.beta(1, _MOST_CLOUD / _MEAN_CLOUD - 1)
    if rng.random() >= chance:
        return np.zeros(shape_yx, bool)
    field = value_noise(rng, shape_yx, cell_px=max(shape_yx) / 4, octaves=4)
    hidden = round(cover * field.size)
    # The largest values: as many pixels as the cover says, give or take equal values.
    edge = np.partition(field, -hidden - 1, axis=None)[-hidden - 1]
    is_cloud: NDArray[np.bool_] = field > edge
    return is_cloud


class Observer:
    """A network's habits with one AOI: what it always misses, moves, joins or invents.

    Args:
        rng: Source of the habits.
        corners: float64 (n, 6, 2), all buildings there will ever be.
        shape_yx: Rows and columns.
        noise: 0 for a perfect network, 1 for one about as good as a U-Net on SpaceNet 7.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        corners: NDArray[np.float64],
        shape_yx: tuple[int, int],
        noise: float,
    ) -> None:
        self.shape_yx, self.noise = shape_yx, noise
        count = len(corners)
        areas = as_footprints(corners).areas
        # Small buildings are missed; whether one is seen changes little from month to month.
        self.sight = 2.4 + 1.3 * np.log(areas / 11) + 1.2 * rng.standard_normal(count)
        # Outlines differ from the label by a habit for each building.
        self.shift = 0.15 * rng.standard_normal((count, 1, 2))
        self.growth = 0.05 + 0.08 * rng.standard_normal((count, 1, 1))
        self.joins = value_noise(rng, shape_yx, cell_px=6)
        sheds = rng.poisson(0.05 * count)
        self.sheds = boxes(rng, corners[:, 0], shape_yx, sheds)
        self.shed_chance = rng.uniform(0.05, 0.95, sheds)

    def see(
        self,
        rng: np.random.Generator,
        corners: NDArray[np.float64],
        built: NDArray[np.bool_],
        cloud: NDArray[np.bool_],
    ) -> NDArray[np.uint8]:
        """The predicted mask of one month.

        Args:
            rng: Source of the month's chances.
            corners: float64 (n, 6, 2), the same as before.
            built: bool (n,), which buildings stand in this month.
            cloud: bool (rows, columns), where nothing is seen.

        Returns:
            uint8 (rows, columns), 0 and 255.
        """
        noise, count = self.noise, len(corners)
        luck = 0.3 * rng.standard_normal() + 0.5 * rng.standard_normal(count)
        seen = built & ((self.sight + luck > 0) | (rng.random(count) >= noise))
        middle = middles(corners)[:, None]
        growth = 1 + noise * (self.growth + 0.04 * rng.standard_normal((count, 1, 1)))
        moved = 0.1 * rng.standard_normal((1, 1, 2)) + 0.06 * rng.standard_normal((count, 1, 2))
        outlines = middle + (corners - middle) * growth + noise * (self.shift + moved)
        sheds = self.sheds[rng.random(len(self.sheds)) < noise * self.shed_chance]
        ghosts = boxes(rng, corners[:, 0], self.shape_yx, rng.poisson(0.01 * noise * count))
        shapes = np.round(np.concatenate([outlines[seen], sheds, ghosts]), 2)
        mask = rasterize(as_footprints(shapes), self.shape_yx) > 0
        # Narrow gaps close here and there, mostly in the same places.
        fickle = value_noise(rng, self.shape_yx, cell_px=6)
        gaps = eroded(dilated(mask)) & ~mask
        mask |= gaps & (self.joins + 0.4 * fickle > 1.4 - noise)
        # Single pixels of the rim come and go.
        chance = rng.random(self.shape_yx, np.float32)
        rim_in, rim_out = mask & ~eroded(mask), dilated(mask) & ~mask
        mask ^= (rim_in & (chance < 0.02 * noise)) | (rim_out & (chance < 0.01 * noise))
        return np.where(mask & ~cloud, np.uint8(255), np.uint8(0))


def boxes(
    rng: np.random.Generator,
    places: NDArray[np.float64],
    shape_yx: tuple[int, int],
    count: int,
) -> NDArray[np.float64]:
    """Small rectangles that are no buildings: half of them near buildings, the others anywhere.

    Args:
        rng: Source of places and sizes.
        places: float64 (n, 2), x and y of the buildings, at least one.
        shape_yx: Rows and columns.
        count: How many.

    Returns:
        float64 (count, 6, 2), corners as `as_footprints` takes them.
    """
    anywhere = rng.uniform(0, 1, (count, 2)) * (shape_yx[1], shape_yx[0])
    near = places[rng.integers(0, len(places), count)] + rng.normal(0, 8, (count, 2))
    place = np.where(rng.random((count, 1)) < 0.5, anywhere, near)
    width, height = rng.uniform(1.2, 5, (2, count))
    x, y = place.T
    box_x = np.stack([x, x + width, x + width, x + width, x, x], axis=1)
    box_y = np.stack([y, y, y, y + height, y + height, y + height], axis=1)
    return np.stack([box_x, box_y], axis=2)


def dilated(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask and its neighbours by edges."""
    out = mask.copy()
    out[1:] |= mask[:-1]
    out[:-1] |= mask[1:]
    out[:, 1:] |= mask[:, :-1]
    out[:, :-1] |= mask[:, 1:]
    return out


def eroded(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask without the pixels that have an edge with its outside."""
    return ~dilated(~mask)
