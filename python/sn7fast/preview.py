"""One picture of what became of an image: the image, its probabilities, its footprints by id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.rasterize import rasterize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.stack import Stack

_GAP = 4

# Bright on a dark image, and apart for those who see red and green alike (Okabe and Ito).
_COLOURS = np.array(
    [[230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66], [0, 114, 178], [213, 94, 0],
     [204, 121, 167]],
    np.uint8,
)  # fmt: skip


def preview(
    image: NDArray[np.uint8],
    probability: NDArray[np.uint8],
    stack: Stack,
    month: str,
    *,
    zoom: int = 2,
) -> NDArray[np.uint8]:
    """Image, probabilities and footprints side by side.

    Args:
        image: uint8 (rows, columns, 3), red, green and blue.
        probability: uint8 (rows, columns), 255 = building.
        stack: Footprints with ids, in pixels of the image.
        month: Which of its months to show; a building has one colour in all of them.
        zoom: Pixels of the picture along one of the image.

    Returns:
        uint8 (rows * zoom, 3 * columns * zoom + two gaps, 3).

    Raises:
        InputError: Shapes differ, the stack has no ids, or no such month.
    """
    rows, columns = image.shape[:2]
    if image.shape != (rows, columns, 3) or probability.shape != (rows, columns):
        raise InputError(
            f"image: got {image.shape} and probabilities of {probability.shape}, wanted "
            "(rows, columns, 3) and (rows, columns)"
        )
    if stack.ids is None:
        raise InputError(f"{stack.aoi}: got a stack without ids, wanted one with: run track first")

    def enlarged(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return picture.repeat(zoom, axis=0).repeat(zoom, axis=1)

    footprints, ids = stack.frame(month), stack.ids[stack.rows(month)]
    drawn = enlarged(image // 2)
    large = Footprints(footprints.coords * zoom, *footprints.arrays[1:])
    for colour in range(len(_COLOURS)):
        mine = large[np.flatnonzero(ids % len(_COLOURS) == colour)]
        drawn[rasterize(mine, drawn.shape[:2]) > 0] = _COLOURS[colour]
    gap = np.full((rows * zoom, _GAP, 3), 255, np.uint8)
    grey = enlarged(probability)[..., None].repeat(3, axis=2)
    return np.concatenate([enlarged(image), gap, grey, gap, drawn], axis=1)
