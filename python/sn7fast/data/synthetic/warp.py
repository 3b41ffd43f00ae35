"""Bent ground: straight lines of a plan become the curved ones of a landscape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast.data.synthetic.fields import value_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EDGE_PX = 40.0
_STEPS = 6


class Warp:
    """A smooth displacement, 0 at the edge of the frame so that the frame stays full.

    A pixel at p shows the place p + shift(p) of the plan.

    Args:
        rng: Source of the displacement.
        shape_yx: Rows and columns.
        strength_px: Largest displacement; up to 12, so that no place comes twice.

    Attributes:
        plan_x: float32 (rows, columns), x of the plan at the middle of each pixel.
        plan_y: The same of y.
    """

    def __init__(
        self, rng: np.random.Generator, shape_yx: tuple[int, int], strength_px: float
    ) -> None:
        rows, columns = shape_yx
        y = np.arange(rows, dtype=np.float32)[:, None] + 0.5
        x = np.arange(columns, dtype=np.float32) + 0.5
        border = np.minimum(np.minimum(x, columns - x), np.minimum(y, rows - y)) / _EDGE_PX
        height = strength_px * np.minimum(border, 1)
        self._x = height * value_noise(rng, shape_yx, cell_px=150)
        self._y = height * value_noise(rng, shape_yx, cell_px=150)
        self.plan_x, self.plan_y = x + self._x, y + self._y

    def bend(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where places (..., 2) of the plan, x and y, lie in the frame."""
        # Fixed-point iteration of p = place - shift(p); the shift changes by less than the place.
        x, y = points[..., 0], points[..., 1]
        for _ in range(_STEPS):
            shift_x, shift_y = self._shift(x, y)
            x, y = points[..., 0] - shift_x, points[..., 1] - shift_y
        return np.stack([x, y], axis=-1)

    def _shift(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The displacement between the middles of pixels, by bilinear interpolation."""
        rows, columns = self._x.shape
        column, part_x = _split(x, columns)
        row, part_y = _split(y, rows)
        below, right = np.minimum(row + 1, rows - 1), np.minimum(column + 1, columns - 1)

        def between(field: NDArray[np.float32]) -> NDArray[np.float64]:
            top = field[row, column] * (1 - part_x) + field[row, right] * part_x
            bottom = field[below, column] * (1 - part_x) + field[below, right] * part_x
            shift: NDArray[np.float64] = top * (1 - part_y) + bottom * part_y
            return shift

        return between(self._x), between(self._y)


def _split(
    position: NDArray[np.float64], length: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pixel before each position, counted between middles of pixels, and the rest."""
    inner = np.clip(position - 0.5, 0, length - 1)
    before = inner.astype(np.int64)
    return before, inner - before
