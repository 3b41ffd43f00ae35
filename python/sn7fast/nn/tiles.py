"""Tiles of an image, and with what weights their answers make one.

Along an axis the tiles start at given pixels, and each pixel of an answer has a weight that depends
on its place in the tile. These weights are divided by their sum over all tiles that hold the pixel,
so that they sum to 1. As tiles form a grid, the weight in the plane is the product of those of the
two axes, and no map of weights is needed, however large the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """Tiles along one axis.

    Attributes:
        size: Pixels of the image.
        tile: Pixels of a tile, at most ``size``.
        starts: First pixel of each tile, increasing; the last tile ends with the image.
        weights: For each tile float32 (tile * scale,), of the pixels of its answer.
    """

    size: int
    tile: int
    starts: tuple[int, ...]
    weights: tuple[NDArray[np.float32], ...]

    def touching(self, low: int, high: int) -> range:
        """Indices of the tiles that have a pixel in [low, high)."""
        found = [
            index
            for index, start in enumerate(self.starts)
            if start < high and start + self.tile > low
        ]
        return range(found[0], found[-1] + 1)


def axis(
    size: int, tile: int, overlap: int, stitch: str, *, scale: int = 1, align: int = 1
) -> Axis:
    """Tiles along an axis.

    Args:
        size: Pixels of the image, from 1.
        tile: Of a tile, from 1; the image if that is shorter.
        overlap: Least overlap, less than the tile.
        stitch: ``blend`` or ``mean``; see `PredictSettings`.
        scale: Pixels of the answer along one of the image.
        align: For blending, tiles start at multiples of this, but for the last. A network that
            pools says the same of a pixel only if its windows lie the same.
    """
    tile = min(tile, size)
    step = tile - overlap
    if stitch == "blend" and step >= align:
        step -= step % align
    count = 1 + -(-(size - tile) // step)
    starts = [min(index * step, size - tile) for index in range(count)]
    if stitch == "mean":
        profile = np.ones(tile * scale)
    else:
        centres = np.arange(tile * scale) + 0.5
        profile = np.minimum(centres, centres[::-1]) / max(1, overlap * scale)
        np.minimum(profile, 1, out=profile)
    total = np.zeros(size * scale)
    for start in starts:
        total[start * scale : (start + tile) * scale] += profile
    weights = tuple(
        (profile / total[start * scale : (start + tile) * scale]).astype(np.float32)
        for start in starts
    )
    return Axis(size, tile, tuple(starts), weights)
